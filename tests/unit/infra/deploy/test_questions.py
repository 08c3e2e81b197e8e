"""What a deployment asks, and which answers it refuses."""

import pytest
from infra.deploy.dialogue.questions import NotAnswered, stage_of

from samples.scripted_console import ScriptedConsole
from samples.stack.answers import ANSWERS, answers_of


def test_a_person_is_asked_six_things_and_secrets_unseen() -> None:
    console = ScriptedConsole(
        answers=["eu-central-1", "", "https://u.example/", "https://q.example:6333",
                 "me@example.com"],
        secrets=["gsk-secret", "tok-secret", "q-secret"],
    )  # fmt: skip

    answers = answers_of({}, console=console)

    assert answers == ANSWERS
    numbers = {text.strip()[0] for text in console.asked if text.strip()[0].isdigit()}
    assert numbers == {"2", "3", "4", "5", "6"}  # the first is the stage


def test_the_stage_is_asked_first() -> None:
    assert stage_of({}, ScriptedConsole(answers=["prod"])) == "prod"
    assert stage_of({}, None) == "dev"
    assert stage_of({"STAGE": "test"}, None) == "test"


def test_without_a_person_variables_answer() -> None:
    answers = answers_of(
        {
            "AWS_REGION": "eu-central-1",
            "GROQ_API_KEY": "gsk-secret",
            "UPSTASH_REDIS_REST_URL": "https://u.example",
            "UPSTASH_REDIS_REST_TOKEN": "tok-secret",
            "QDRANT_URL": "https://q.example:6333",
            "QDRANT_API_KEY": "q-secret",
            "ALARM_ADDRESS": "me@example.com",
        }
    )

    assert answers == ANSWERS


def test_an_earlier_answer_and_a_stored_secret_stand_where_nothing_else_is_said() -> None:
    stored = {"/llm-cache-proxy/dev/GROQ_API_KEY": "kept"}
    console = ScriptedConsole(answers=["", "", "", "", ""], secrets=["", ""])

    answers = answers_of(
        {},
        kept={"region": "us-east-1", "upstash_url": "https://kept.example"},
        kept_secret=lambda name: stored.get(name, ""),
        console=console,
    )

    assert answers.upstash_url == "https://kept.example"
    assert answers.upstream_key == "kept"
    assert "   Upstream's API key kept" in console.asked


@pytest.mark.parametrize("given", ["gsk-secret\n", " gsk-secret"])
def test_a_secret_is_taken_without_the_line_that_it_came_in(given: str) -> None:
    assert answers_of({"GROQ_API_KEY": given}).upstream_key == "gsk-secret"
    assert answers_of({}, kept_secret=lambda _: given).upstream_key == "gsk-secret"


@pytest.mark.parametrize(
    "given", ["gsk-sec\nret", "gsk secret", "gsk-secr\u00ebt", "gsk\x00secret"]
)
def test_a_secret_that_no_header_carries_is_refused_by_name_and_not_shown(given: str) -> None:
    console = ScriptedConsole(answers=["", "", "", "", ""], secrets=[given, "gsk-secret"])

    with pytest.raises(NotAnswered, match="GROQ_API_KEY: expected") as refused:
        answers_of({"GROQ_API_KEY": given})
    answers = answers_of({}, console=console)

    assert answers.upstream_key == "gsk-secret"  # asked again
    assert "GROQ_API_KEY: expected" in console.shown
    assert "gsk" not in str(refused.value) + console.shown


def test_a_kept_secret_that_cannot_be_sent_is_offered_once() -> None:
    console = ScriptedConsole(answers=["", "", "", "", ""], secrets=["", "gsk-secret"])

    answers = answers_of({}, kept_secret=lambda _: "a b", console=console)

    assert answers.upstream_key == "gsk-secret"
    assert [text for text in console.asked if "API key" in text] == [
        "   Upstream's API key kept",
        "   Upstream's API key",
    ]


@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1", "eusc-de-east-1"])
def test_every_partition_has_regions(region: str) -> None:
    assert answers_of({"AWS_REGION": region}).region == region


def test_no_key_is_asked_for_what_the_stack_goes_without() -> None:
    console = ScriptedConsole(answers=["", "", "", "", ""], secrets=["gsk-secret"])

    answers = answers_of({}, console=console)

    assert (answers.upstash_token, answers.qdrant_key) == ("", "")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_REGION", "frankfurt"),
        ("UPSTREAM_BASE_URL", "api.openai.com"),
        ("UPSTASH_REDIS_REST_URL", "redis://u"),
        ("UPSTASH_REDIS_REST_URL", "https://default:password@u.example"),
        ("QDRANT_URL", "q.example:6333"),
        ("QDRANT_URL", "https://q.example:port"),
        ("QDRANT_URL", "https://q.example and more"),
        ("ALARM_ADDRESS", "me"),
    ],
)
def test_an_answer_that_cannot_be_one_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(NotAnswered, match=f"{variable}: expected"):
        answers_of({variable: value})


def test_an_address_with_a_password_in_it_is_refused_and_not_shown() -> None:
    with pytest.raises(NotAnswered, match="UPSTASH_REDIS_REST_URL: expected") as refused:
        answers_of({"UPSTASH_REDIS_REST_URL": "https://default:hunter2@u.example"})

    assert "hunter2" not in str(refused.value)
