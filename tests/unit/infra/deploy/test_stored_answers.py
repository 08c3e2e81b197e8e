"""Whose a stored secret is, and what a stack cannot go without."""

from collections.abc import Mapping

import pytest
from infra.deploy.dialogue.questions import QUESTIONS, NotAnswered, ask, incomplete, stage_of

from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import read_settings
from samples.scripted_console import ScriptedConsole
from samples.stack.answers import ANSWERS, answers_of


@pytest.mark.parametrize(
    ("variable", "field", "name"),
    [
        ("UPSTREAM_BASE_URL", "upstream_base_url", "UPSTREAM_API_KEY"),
        ("UPSTASH_REDIS_REST_URL", "upstash_url", "UPSTASH_REDIS_REST_TOKEN"),
        ("QDRANT_URL", "qdrant_url", "QDRANT_API_KEY"),
    ],
)
def test_a_stored_secret_is_sent_to_no_other_address_than_its_own(
    variable: str, field: str, name: str
) -> None:
    def stored(path: str) -> str:
        return f"stored {name}".replace(" ", "-") if path.endswith(f"/{name}") else ""

    def offered(address: str) -> bool:
        kept = {"region": "us-east-1", field: "https://a.example/"}
        answers = answers_of({variable: address}, kept=kept, kept_secret=stored)
        return f"stored-{name}" in str(answers)

    assert offered("https://a.example")
    assert not offered("https://b.example")


def test_whose_a_stored_secret_is_the_stack_knows_better_than_the_last_answer() -> None:
    """That one may be of a deployment that failed, and whose secret was put back."""
    kept = {"region": "us-east-1", "upstream_base_url": "https://b.example/v1"}

    answers = ask("dev", "us-east-1", kept=kept, kept_secret=lambda _: "a", environment={},
                  console=None, held={"upstream_base_url": "https://a.example/v1"})  # fmt: skip

    assert answers.upstream_base_url == "https://b.example/v1"
    assert answers.upstream_key == ""


def test_groqs_key_is_groqs_whatever_was_answered_before() -> None:
    kept = {"region": "us-east-1", "upstream_base_url": "https://a.example/v1"}

    answers = answers_of({"UPSTREAM_BASE_URL": "-"}, kept=kept, kept_secret=lambda _: "gsk")

    assert answers.secrets()["GROQ_API_KEY"] == "gsk"


@pytest.mark.parametrize(
    ("wrong", "variable"),
    [
        ({0: "frankfurt"}, "AWS_REGION"),
        ({1: "api.openai.com"}, "UPSTREAM_BASE_URL"),
        ({2: "redis://u"}, "UPSTASH_REDIS_REST_URL"),
        ({3: "q.example:6333"}, "QDRANT_URL"),
        ({4: "me"}, "ALARM_ADDRESS"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_person_is_asked_again_until_the_answer_can_be_one(
    wrong: Mapping[int, str], variable: str
) -> None:
    right = ["eu-central-1", "", "https://u.example", "https://q.example:6333", "me@example.com"]
    typed = [
        answer
        for at, given in enumerate(right)
        for answer in ([wrong[at], given] if at in wrong else [given])
    ]
    console = ScriptedConsole(answers=typed, secrets=["gsk-secret", "tok-secret", "q-secret"])

    assert answers_of({}, console=console) == ANSWERS
    assert f"{variable}: expected" in console.shown


def test_a_person_is_asked_again_for_a_stage() -> None:
    console = ScriptedConsole(answers=["My Stage", "prod"])

    assert stage_of({}, console) == "prod"
    assert "STAGE: expected" in console.shown


@pytest.mark.parametrize(
    "stage", ["Prod", "a b", "x" * 21, "../etc", "übung", "1st", "default", "local", "version"]
)
def test_a_stage_is_a_short_name(stage: str) -> None:
    with pytest.raises(NotAnswered, match="STAGE"):
        stage_of({"STAGE": stage}, None)


@pytest.mark.parametrize("address", ["none", "arn:aws:sns:eu-central-1:1:t", "a@b.example", ""])
def test_alarms_go_wherever_the_template_lets_them(address: str) -> None:
    assert answers_of({"ALARM_ADDRESS": address}).alarm_address == address


def test_a_stack_needs_an_upstreams_key_and_a_redis() -> None:
    nothing = answers_of({})

    missing = incomplete(nothing, other_redis=None)

    assert [line.partition(":")[0] for line in missing] == [
        "GROQ_API_KEY",
        "UPSTASH_REDIS_REST_URL",
    ]
    assert incomplete(ANSWERS, other_redis=None) == []


def test_another_redis_will_do() -> None:
    answers = answers_of({"GROQ_API_KEY": "g"})

    assert incomplete(answers, other_redis="REDIS_URL") == []


def test_two_are_refused_since_the_functions_would_not_start() -> None:
    [secret] = incomplete(ANSWERS, other_redis="REDIS_URL")
    [network] = incomplete(ANSWERS, other_redis="Network=vpc")

    assert secret.startswith("UPSTASH_REDIS_REST_URL: the stack has a Redis")
    assert "--name /llm-cache-proxy/dev/REDIS_URL --region eu-central-1" in secret
    assert "samconfig.toml" in network
    assert "REDIS_URL " not in network  # which deletes nothing that would help
    with pytest.raises(SettingsError, match="not both"):
        read_settings({"REDIS_URL": "redis://r", "UPSTASH_REDIS_REST_URL": ANSWERS.upstash_url,
                       "UPSTASH_REDIS_REST_TOKEN": "t"})  # fmt: skip


def test_a_dash_takes_an_earlier_answer_out() -> None:
    console = ScriptedConsole(answers=["", "", "-", "-", ""], secrets=["gsk-secret"])

    answers = answers_of(
        {},
        kept={"region": "us-east-1", "upstash_url": "https://u", "qdrant_url": "https://q"},
        console=console,
    )

    assert (answers.upstash_url, answers.qdrant_url) == ("", "")
    assert "4  Upstash REST URL; - for nothing" in console.asked
    assert "2  AWS region" in console.asked  # which there must be
    assert answers_of({"QDRANT_URL": "-"}).qdrant_url == ""


def test_an_upstash_needs_its_token() -> None:
    answers = answers_of({"GROQ_API_KEY": "g", "UPSTASH_REDIS_REST_URL": "https://u.example"})

    [line] = incomplete(answers, other_redis=None)
    assert line.startswith("UPSTASH_REDIS_REST_TOKEN")


def test_every_question_has_a_variable_of_its_own() -> None:
    assert len({question.variable for question in QUESTIONS}) == len(QUESTIONS)
