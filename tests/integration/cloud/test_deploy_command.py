"""`llm-cache-proxy deploy --dry-run` as a person runs it at a terminal, against stand-ins."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from infra.demo_upstream import demo_upstream
from infra.localstack.deployment import CREDENTIALS

from samples.stack.template import ROOT
from servers.aws.ministack import ministack
from servers.qdrant.rest_server import QdrantRest
from servers.redis.process import redis_process
from servers.redis.rest_gateway import rest_gateway
from servers.terminal import TypedProgram
from servers.thread import ThreadServer

pytestmark = pytest.mark.timeout(1200)  # the first time, the emulator is installed

COMMAND = str(Path(sys.executable).with_name("llm-cache-proxy"))
SECRETS = {"upstream": "sk-upstream-0123", "upstash": "tok-redis-4567", "qdrant": "key-qdrant-89"}
VARIABLES = ("STAGE", "AWS_REGION", "GROQ_API_KEY", "UPSTREAM_BASE_URL", "UPSTREAM_API_KEY",
             "UPSTASH_REDIS_REST_URL", "UPSTASH_REDIS_REST_TOKEN", "QDRANT_URL", "QDRANT_API_KEY",
             "ALARM_ADDRESS")  # fmt: skip
SAMCONFIG = ROOT / "samconfig.toml"


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    with (
        redis_process() as redis_url,
        rest_gateway(redis_url, SECRETS["upstash"]) as rest_port,
        demo_upstream("127.0.0.1") as upstream,
        ThreadServer(QdrantRest(api_key=SECRETS["qdrant"])).running() as qdrant,
        ministack(tmp_path_factory.mktemp("aws")) as aws,
    ):
        yield {
            "aws": aws,
            "upstream": upstream,
            "upstash": f"http://127.0.0.1:{rest_port}",
            "qdrant": qdrant.url,
        }


@contextmanager
def deploying(urls: Mapping[str, str], *options: str) -> Iterator[TypedProgram]:
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    environment |= {**CREDENTIALS, "AWS_ENDPOINT_URL": urls["aws"]}
    with TypedProgram(
        [COMMAND, "deploy", *options], environment=environment, folder=ROOT / "docs"
    ) as program:
        yield program


def answer_all(program: TypedProgram, urls: Mapping[str, str], **instead: str) -> None:
    for prompt, typed in (
        ("1  Stage", "trial"),
        ("2  AWS region", "eu-central-1"),
        ("3  Upstream's base URL", urls["upstream"]),
        ("Upstream's API key", SECRETS["upstream"]),
        ("4  Upstash REST URL", urls["upstash"]),
        ("Upstash REST token", SECRETS["upstash"]),
        ("5  Qdrant URL", urls["qdrant"]),
        ("Qdrant API key", instead.get("qdrant", SECRETS["qdrant"])),
        ("6  E-mail address", "me@example.com"),
    ):
        program.answer(prompt, typed)


def test_six_answers_end_in_a_plan_that_holds_them_and_no_secret(urls: Mapping[str, str]) -> None:
    before = SAMCONFIG.read_text(encoding="utf-8")

    with deploying(urls, "--dry-run") as program:
        answer_all(program, urls)
        status = program.end()

    assert status == 0, program.shown
    assert program.shown.count("  ok  ") == 5
    assert "FAIL" not in program.shown
    for name in ("upstream", "upstash", "qdrant"):
        assert urls[name] in program.shown
    assert "sam deploy" in program.shown
    assert "llm-cache-proxy-trial" in program.shown
    assert "Nothing was changed" in program.shown
    assert not [secret for secret in SECRETS.values() if secret in program.shown]
    assert SAMCONFIG.read_text(encoding="utf-8") == before


def test_an_answer_that_cannot_be_one_is_asked_for_again(urls: Mapping[str, str]) -> None:
    with deploying(urls, "--dry-run") as program:
        program.answer("1  Stage", "Not A Stage")
        program.answer("STAGE: expected", "trial")
        program.answer("2  AWS region", "frankfurt")
        program.answer("AWS_REGION: expected", "eu-central-1")
        program.answer("3  Upstream's base URL", "")

    assert program.shown.count("1  Stage") == 2
    assert program.shown.count("2  AWS region") == 2


def test_a_refused_key_is_reported_before_anything_is_built(urls: Mapping[str, str]) -> None:
    with deploying(urls, "--dry-run") as program:
        answer_all(program, urls, qdrant="another")
        status = program.end()

    assert status == 1
    assert "FAIL  Qdrant" in program.shown
    assert "the key is refused" in program.shown
    assert "sam build" not in program.shown


def test_a_folder_that_is_no_checkout_is_refused(urls: Mapping[str, str], tmp_path: Path) -> None:
    environment = {**os.environ, **CREDENTIALS, "AWS_ENDPOINT_URL": urls["aws"]}
    with TypedProgram([COMMAND, "deploy"], environment=environment, folder=tmp_path) as program:
        status = program.end()

    assert status == 2
    assert "git clone" in program.shown
