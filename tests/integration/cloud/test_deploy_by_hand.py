"""`sam deploy --guided` as a person types it after `sam build`, on MiniStack.

Plain `sam` from docs/deploy.md: it makes its bucket and its registry there as it would in AWS. The
build itself needs Docker (tests/docker); here it is the tests' own package, where `sam build`
leaves one. The emulator neither streams nor has a firewall or alarms: that much is answered
otherwise than in AWS.
"""

import shutil
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from infra.demo_upstream import demo_upstream
from infra.deploy.dialogue.samconfig import SamConfig
from infra.localstack.deployment import CREDENTIALS, REGISTRY, LocalAws
from infra.sam_local.machine import sam_environment

from samples.stack.packaged import package_stack
from samples.stack.template import ROOT, template
from servers.aws.ministack import ministack
from servers.qdrant.rest_server import QdrantRest
from servers.redis.process import redis_process
from servers.redis.rest_gateway import rest_gateway
from servers.requirements import require_tool
from servers.terminal import TypedProgram
from servers.thread import ThreadServer

pytestmark = pytest.mark.timeout(1200)  # the first time, the tools are installed

STACK, PATH = "llm-cache-proxy-dev", "/llm-cache-proxy/dev"
SECRETS = {
    "UPSTREAM_API_KEY": "sk-upstream-0123",
    "UPSTASH_REDIS_REST_TOKEN": "tok-redis-4567",
    "QDRANT_API_KEY": "key-qdrant-89",
    "ADMIN_KEY": "operator",
    "KEY_SIGNING_SECRET": "a-signing-secret-of-forty-characters-or-so",
}
TUNING = '{"ACCESS_MODE": "open", "EXACT_DEADLINE_SECONDS": "5"}'
OF_THE_EMULATOR = {
    "ResponseTransferMode": "BUFFERED",
    "RequestsPerAddress": "0",
    "AlarmAddress": "none",
}
QUESTION = {
    "model": "llama-3.1-8b-instant",
    "messages": [{"role": "user", "content": "Who types all that?"}],
}


@dataclass(frozen=True, slots=True)
class ByHand:
    """A deployment that has ended: its screen, its folder, what was typed, and where it is."""

    status: int
    shown: str
    folder: Path
    typed: Mapping[str, str]
    aws: LocalAws


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByHand]:
    sam = require_tool("sam") / "bin" / "sam"
    folder, of_aws = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("aws")
    package_stack(folder / ".aws-sam/build", image_uri=f"{REGISTRY}:latest")
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(ROOT / name, folder)
    with (
        redis_process() as redis_url,
        rest_gateway(redis_url, SECRETS["UPSTASH_REDIS_REST_TOKEN"]) as rest_port,
        demo_upstream("127.0.0.1") as upstream,
        ThreadServer(QdrantRest(api_key=SECRETS["QDRANT_API_KEY"])).running() as qdrant,
        ministack(of_aws) as url,
    ):
        aws = LocalAws(url, STACK)
        for name, value in {**SECRETS, "TUNING": TUNING}.items():
            aws.client("ssm").put_parameter(
                Name=f"{PATH}/{name}", Value=value, Type="SecureString", Overwrite=True
            )
        typed = {
            "UpstreamBaseUrl": upstream,
            "UpstashRedisRestUrl": f"http://127.0.0.1:{rest_port}",
            "QdrantUrl": qdrant.url,
            **OF_THE_EMULATOR,
        }
        environment = {**sam_environment(), **CREDENTIALS, "AWS_ENDPOINT_URL": url}
        command = [str(sam), "deploy", "--guided"]
        with TypedProgram(command, environment=environment, folder=folder) as program:
            answer_all(program, typed)
            yield ByHand(program.end(), program.shown, folder, typed, aws)


def answer_all(program: TypedProgram, typed: Mapping[str, str]) -> None:
    """The six values, and Enter wherever the docs do not say otherwise."""
    program.answer("Stack Name", "")
    program.answer("AWS Region", "us-east-1")
    for name in template()["Parameters"]:
        program.answer(f"Parameter {name}", typed.get(name, ""))
    program.answer("Confirm changes before deploy", "")
    program.answer("Allow SAM CLI IAM role creation", "")
    program.answer("Disable rollback", "")
    for function in functions_of_the_routes():
        program.answer(f"{function} has no authentication. Is this okay?", "y")
    program.answer("Save arguments to configuration file", "")
    program.answer("SAM configuration file", "")
    program.answer("SAM configuration environment", "")
    program.answer("Deploy this changeset?", "y")


def functions_of_the_routes() -> Iterator[str]:
    for name, resource in template()["Resources"].items():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            if event["Type"] == "Api":
                yield name


def test_it_ends_deployed_and_shows_where(deployed: ByHand) -> None:
    assert deployed.status == 0, deployed.shown[-4000:]
    assert "Successfully created/updated stack" in deployed.shown
    for output in ("BaseUrl", "DashboardUrl", "AdminFunctionName", "TryIt"):
        assert output in deployed.shown


def test_what_was_deployed_answers_and_then_from_the_cache(deployed: ByHand) -> None:
    url = f"{deployed.aws.api_url()}/v1/chat/completions"

    answers = [httpx.post(url, json=QUESTION, timeout=180) for _ in range(2)]

    assert [answer.headers["x-cache"] for answer in answers] == ["MISS", "HIT-EXACT"]


def test_no_secret_is_on_the_screen_or_in_the_file(deployed: ByHand) -> None:
    written = deployed.shown + (deployed.folder / "samconfig.toml").read_text(encoding="utf-8")

    assert not [value for value in SECRETS.values() if len(value) > 8 and value in written]


def test_the_answers_are_kept_for_the_next_time(deployed: ByHand) -> None:
    kept = SamConfig(deployed.folder / "samconfig.toml").overrides("default")

    assert kept.items() >= deployed.typed.items()
    assert kept["SecretsPath"] == PATH


def test_the_environments_of_other_commands_are_left_as_they_were(deployed: ByHand) -> None:
    before = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    after = tomllib.loads((deployed.folder / "samconfig.toml").read_text(encoding="utf-8"))

    assert {name: after[name] for name in ("dev", "prod", "local")} == {
        name: before[name] for name in ("dev", "prod", "local")
    }
    assert after["default"]["local_start_api"] == before["default"]["local_start_api"]
