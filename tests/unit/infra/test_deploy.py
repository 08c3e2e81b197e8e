"""What a deployment asks, keeps and runs; tests/integration/cloud deploys with it."""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from infra.deploy.dialogue.answers import Answers
from infra.deploy.dialogue.connections import models, tried
from infra.deploy.dialogue.questions import (
    QUESTIONS,
    Console,
    NotAnswered,
    ask,
    incomplete,
    region_of,
    stage_of,
)
from infra.deploy.dialogue.samconfig import SamConfig
from infra.deploy.stack.architecture import buildable_architecture, not_buildable
from infra.deploy.stack.aws import Aws
from infra.deploy.stack.endpoint import base_url, model_to_ask
from infra.deploy.stack.pruning import superfluous
from infra.deploy.stack.sam import build_arguments, delete_arguments, deploy_arguments
from infra.deploy.tuning import tune, tuned
from infra.sam_local.machine import architecture

from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import read_settings
from samples.scripted_console import ScriptedConsole
from samples.stack.template import ROOT, Stack, template

SAMCONFIG = SamConfig(ROOT / "samconfig.toml")
ANSWERS = Answers(
    stage="dev",
    region="eu-central-1",
    upstream_key="gsk-secret",
    upstash_url="https://u.example",
    upstash_token="tok-secret",
    qdrant_url="https://q.example:6333",
    qdrant_key="q-secret",
    alarm_address="me@example.com",
)
SECRET_VALUES = ("gsk-secret", "tok-secret", "q-secret")


def no_secret(_: str) -> str:
    return ""


def answers_of(
    environment: Mapping[str, str],
    *,
    kept: Mapping[str, str] | None = None,
    kept_secret: Callable[[str], str] = no_secret,
    console: Console | None = None,
) -> Answers:
    kept = {"region": "us-east-1"} if kept is None else kept
    region = region_of(environment, kept, console)
    return ask(
        "dev",
        region,
        kept=kept,
        kept_secret=kept_secret,
        environment=environment,
        console=console,
    )


# ------------------------------------------------------------------------------------ questions


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


# ---------------------------------------------------------------------------- answers, secrets


def test_answers_are_parameters_that_the_template_has() -> None:
    assert ANSWERS.parameters().keys() <= template()["Parameters"].keys()


@pytest.mark.parametrize(
    ("url", "name"), [("", "GROQ_API_KEY"), ("https://api.openai.com/v1", "UPSTREAM_API_KEY")]
)
def test_the_upstreams_key_is_kept_under_the_name_that_its_url_asks_for(
    url: str, name: str
) -> None:
    answers = Answers(stage="dev", region="r", upstream_base_url=url, upstream_key="k")

    assert answers.secrets() == {name: "k"}


@pytest.mark.parametrize(
    ("answers", "unused"),
    [
        (ANSWERS, {"UPSTREAM_API_KEY"}),
        (replace(ANSWERS, upstream_base_url="https://api.example/v1"), set[str]()),
        (
            replace(ANSWERS, upstash_url="", upstash_token=""),
            {"UPSTREAM_API_KEY", "UPSTASH_REDIS_REST_TOKEN"},
        ),
    ],
)
def test_a_key_without_its_url_is_deleted(answers: Answers, unused: set[str]) -> None:
    assert answers.unused_secrets() == unused


def test_no_command_line_holds_a_secret() -> None:
    overrides = {**ANSWERS.parameters(), "Revision": "r"}

    lines = str(
        [
            build_arguments(overrides),
            deploy_arguments(ANSWERS, overrides, Path("t"), ()),
            delete_arguments(ANSWERS.stack, ANSWERS.region),
        ]
    )

    assert "u.example" in lines
    assert not any(value in lines for value in SECRET_VALUES)


def test_a_value_goes_to_sam_in_quotes() -> None:
    arguments = build_arguments({"A": "rate(6 hours)", "B": "", "C": 'say "x"'})

    assert arguments[-3:] == ['A="rate(6 hours)"', 'B=""', 'C="say \\"x\\""']


# ----------------------------------------------------------------------------------- samconfig


@pytest.mark.parametrize(
    "overrides",
    ['\'A="rate(6 hours)" B=""\'', '["A=rate(6 hours)", "B="]', '{A = "rate(6 hours)", B = ""}'],
    ids=["text", "list", "table"],
)
def test_parameters_are_read_however_the_file_has_them(tmp_path: Path, overrides: str) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text(f"[dev.deploy.parameters]\nparameter_overrides = {overrides}\n")

    assert SamConfig(path).overrides("dev") == {"A": "rate(6 hours)", "B": ""}


@pytest.mark.parametrize("stage", ["default", "dev", "prod", "local"])
def test_samconfig_names_parameters_that_the_template_has(stage: str) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    given = " ".join(
        str(command["parameters"].get("parameter_overrides", ""))
        for command in config[stage].values()
    ).split()

    assert given
    assert {word.partition("=")[0] for word in given} <= template()["Parameters"].keys()


def test_answers_are_kept_for_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    config = SamConfig(path)

    config.keep(ANSWERS, {**config.overrides("dev"), **ANSWERS.parameters(), "Revision": "r1"})

    assert config.kept("dev") == {
        "region": "eu-central-1",
        "upstash_url": "https://u.example",
        "qdrant_url": "https://q.example:6333",
        "alarm_address": "me@example.com",
    }
    assert config.overrides("dev")["LogRetentionDays"] == "7"  # what was set by hand stays
    assert "Revision" not in config.overrides("dev")


def test_keeping_answers_leaves_other_stages_and_comments_alone(tmp_path: Path) -> None:
    path = tmp_path / "samconfig.toml"
    before = (ROOT / "samconfig.toml").read_text(encoding="utf-8")
    path.write_text(before)

    SamConfig(path).keep(ANSWERS, ANSWERS.parameters())

    after = path.read_text(encoding="utf-8")
    comments = [line for line in before.splitlines() if line.startswith("#")]
    assert [line for line in after.splitlines() if line.startswith("#")] == comments
    was, now = tomllib.loads(before), tomllib.loads(after)
    assert {k: v for k, v in was.items() if k != "dev"} == {
        k: v for k, v in now.items() if k != "dev"
    }


def test_a_new_stage_gets_tables_of_its_own_and_keeping_twice_changes_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text("version = 0.1\n")
    config = SamConfig(path)
    answers = Answers(stage="eu", region="eu-west-1", upstream_key="k")

    config.keep(answers, answers.parameters())
    once = path.read_text()
    config.keep(answers, config.overrides("eu"))

    assert path.read_text() == once
    assert config.region("eu") == "eu-west-1"
    assert "k" not in once.split("=")


@pytest.mark.parametrize(
    "text",
    ["[dev.deploy.parameters\n", "[dev.deploy.parameters]\nparameter_overrides = 'A=\"x'\n"],
    ids=["no TOML", "no words"],
)
def test_a_file_that_people_have_broken_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text(text)

    with pytest.raises(NotAnswered, match=r"samconfig\.toml: "):
        SamConfig(path).kept("dev")


@pytest.mark.parametrize("value", ['say "hello" to me', "a\\b", "it's"])
def test_a_value_survives_being_kept(tmp_path: Path, value: str) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text("version = 0.1\n")

    SamConfig(path).keep(ANSWERS, {"QdrantUrl": value})

    assert SamConfig(path).overrides("dev") == {"QdrantUrl": value}


@pytest.mark.parametrize("command", ["local_start_api", "local_start_lambda", "local_invoke"])
@pytest.mark.parametrize("environment", ["default", "local"])
def test_sam_local_runs_buffered_with_and_without_a_flag(environment: str, command: str) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))

    given = config[environment][command]["parameters"]["parameter_overrides"]

    assert "ResponseTransferMode=BUFFERED" in given


# ---------------------------------------------------------------------------------- connections


def answering(table: Mapping[str, httpx.Response]) -> httpx.Client:
    def handle(request: httpx.Request) -> httpx.Response:
        return table[str(request.url)]

    return httpx.Client(transport=httpx.MockTransport(handle))


def fine() -> dict[str, httpx.Response]:
    return {
        "https://api.groq.com/openai/v1/models": httpx.Response(
            200, json={"data": [{"id": "whisper"}, {"id": "llama-3.1-8b-instant"}]}
        ),
        "https://u.example": httpx.Response(200, json={"result": "PONG"}),
        "https://q.example:6333/collections": httpx.Response(
            200, json={"result": {"collections": []}}
        ),
    }


def test_what_answers_and_lets_us_in_is_fine() -> None:
    found = list(tried(ANSWERS, answering(fine())))

    assert [trial.ok for trial in found] == [True, True, True]


def test_each_connection_is_tried_with_its_key() -> None:
    sent: dict[str, str] = {}

    def handle(request: httpx.Request) -> httpx.Response:
        sent[request.url.host] = request.headers.get(
            "authorization", request.headers.get("api-key", "")
        )
        return fine()[str(request.url)]

    list(tried(ANSWERS, httpx.Client(transport=httpx.MockTransport(handle))))

    assert sent == {
        "api.groq.com": "Bearer gsk-secret",
        "u.example": "Bearer tok-secret",
        "q.example": "q-secret",
    }


@pytest.mark.parametrize("url", fine())
@pytest.mark.parametrize(
    ("response", "result"),
    [
        (httpx.Response(401), "the key is refused (401)"),
        (httpx.Response(403), "the key is refused (403)"),
        (httpx.Response(500), "it answers with status 500"),
    ],
)
def test_a_refusal_is_reported_without_the_key(
    url: str, response: httpx.Response, result: str
) -> None:
    found = list(tried(ANSWERS, answering({**fine(), url: response})))

    [refused] = [trial for trial in found if not trial.ok]
    assert refused.result == result
    assert not any(value in str(found) for value in SECRET_VALUES)


@pytest.mark.parametrize("url", ["https://u.example", "https://q.example:6333/collections"])
def test_a_page_in_place_of_a_store_is_no_store(url: str) -> None:
    found = list(tried(ANSWERS, answering({**fine(), url: httpx.Response(200, text="<html>")})))

    assert [trial.ok for trial in found].count(False) == 1


def test_an_unreachable_service_is_reported() -> None:
    def handle(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no such host")

    found = list(tried(ANSWERS, httpx.Client(transport=httpx.MockTransport(handle))))

    assert {trial.result for trial in found} == {"it cannot be reached: ConnectError: no such host"}


def test_an_upstream_that_lists_no_models_will_do() -> None:
    none = {**fine(), "https://api.groq.com/openai/v1/models": httpx.Response(404)}

    assert next(iter(tried(ANSWERS, answering(none)))).ok
    assert models(ANSWERS, answering(none)) == []


def test_a_chat_model_is_asked() -> None:
    assert model_to_ask(models(ANSWERS, answering(fine()))) == "llama-3.1-8b-instant"
    assert model_to_ask(["whisper-large", "text-embedding-3", "gpt-4o"]) == "gpt-4o"
    assert model_to_ask([]) == "llama-3.1-8b-instant"


# ------------------------------------------------------------------------------------ the rest


@pytest.mark.parametrize(
    ("machine", "emulates", "architecture"),
    [
        ("arm64", False, "arm64"),
        ("aarch64", False, "arm64"),
        ("x86_64", True, "arm64"),
        ("AMD64", False, "mixed"),
    ],
)
def test_a_stack_is_built_for_what_this_machine_can_build(
    machine: str, architecture: str, *, emulates: bool
) -> None:
    assert buildable_architecture(machine, emulates=emulates)[0] == architecture


def test_nothing_is_emulated_to_build_packages_for_the_other_processor() -> None:
    arguments = build_arguments({"Architecture": "mixed"})

    image = arguments[arguments.index("--build-image") + 1]
    assert image.endswith(f"-{architecture()}")


@pytest.mark.parametrize(
    ("machine", "chosen", "buildable"),
    [
        ("x86_64", "arm64", False),
        ("x86_64", "mixed", True),
        ("x86_64", "x86_64", True),
        ("aarch64", "arm64", True),
        ("aarch64", "mixed", False),
        ("aarch64", "x86_64", False),
    ],
)
def test_an_image_that_cannot_be_built_here_is_refused_before_anything_is_built(
    machine: str, chosen: str, *, buildable: bool
) -> None:
    """`mixed` may be kept from an x86_64 machine, and deployed by another of arm64."""
    refused = not_buildable(chosen, machine, emulates=False)

    assert (refused is None) == buildable
    assert not_buildable(chosen, machine, emulates=True) is None


@pytest.mark.parametrize(
    ("machine", "chosen", "instead"), [("x86_64", "arm64", "mixed"), ("arm64", "mixed", "arm64")]
)
def test_who_cannot_build_is_given_processors_that_this_machine_can_build_for(
    machine: str, chosen: str, instead: str
) -> None:
    refused = not_buildable(chosen, machine, emulates=False)

    assert refused is not None
    assert f"Or write {instead} in its place in samconfig.toml" in refused
    assert not_buildable(instead, machine, emulates=False) is None


def test_the_embedding_image_alone_may_be_of_another_processor() -> None:
    stack = Stack(Architecture="mixed")
    functions = stack.of_type("AWS::Serverless::Function")

    of_image = functions.pop("EmbeddingFunction")["Architectures"]
    layer = stack.resources["SharedLayer"]
    assert of_image == ["x86_64"]
    assert layer["Metadata"]["BuildArchitecture"] == "arm64"
    assert layer["Properties"]["CompatibleArchitectures"] == ["arm64"]
    assert "EmbeddingFunction" not in functions


def test_an_emulator_serves_the_api_below_its_own_address() -> None:
    outputs = {"BaseUrl": "https://abc.execute-api.us-east-1.amazonaws.com/prod/v1"}

    assert base_url(outputs, None) == outputs["BaseUrl"]
    assert base_url(outputs, "http://127.0.0.1:4566/") == (
        "http://127.0.0.1:4566/_aws/execute-api/abc/prod/v1"
    )


def test_the_newest_versions_and_those_in_use_are_kept() -> None:
    assert superfluous([1, 2, 3, 4, 5, 6], frozenset({2})) == [1, 3]
    assert superfluous([1, 2, 3], frozenset({3})) == []
    assert superfluous([], frozenset()) == []


def test_settings_are_set_and_taken_out() -> None:
    before = json.dumps({"SIMILARITY_THRESHOLD": "0.9", "DEFAULT_TTL_SECONDS": 60})

    after = json.loads(tuned(before, ["SIMILARITY_THRESHOLD=0.97", "DEFAULT_TTL_SECONDS="]))

    assert after == {"SIMILARITY_THRESHOLD": "0.97"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("SIMILARITY_THRESHOLD=2", "SIMILARITY_THRESHOLD"),
        ("SIMILARITY_TRESHOLD=0.9", "no setting"),
        ("ADMIN_KEY=word", "is a secret"),
        ("SIMILARITY_THRESHOLD", "expected NAME=VALUE"),
    ],
)
def test_what_would_stop_the_functions_is_not_stored(change: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        tuned("", [change])


@pytest.mark.parametrize("stored", ["LOG_LEVEL=DEBUG", "[]", "{"])
def test_what_people_have_stored_wrongly_is_named(stored: str) -> None:
    with pytest.raises(SettingsError, match="TUNING: what is stored is no"):
        tuned(stored, ["LOG_LEVEL=DEBUG"])


def test_a_stack_that_reads_appconfig_is_not_tuned_past_it() -> None:
    with pytest.raises(SettingsError, match="reads it from AppConfig"):
        tune(Aws("us-east-1"), "dev", ["SIMILARITY_THRESHOLD=0.97"], source="a/environment/b")


def test_clients_may_be_let_in_without_keys_by_tuning() -> None:
    assert json.loads(tuned("", ["ACCESS_MODE=open"])) == {"ACCESS_MODE": "open"}


def test_the_steps_in_x_ray_are_switched_on_by_tuning() -> None:
    assert json.loads(tuned("", ["XRAY_STEPS=true"])) == {"XRAY_STEPS": "true"}
