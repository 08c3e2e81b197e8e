"""`make deploy`, `make tune` and `make destroy` from the first question to the last, on MiniStack.

The same code as in AWS but for the build, which needs Docker (here it is the tests' own package),
and for `sam delete`, which deletes uploads at AWS's addresses alone.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import boto3
import httpx
import pytest
from infra.demo_upstream import demo_upstream
from infra.deploy.destroy import Destroyer
from infra.deploy.dialogue.samconfig import SamConfig
from infra.deploy.guide import Guide
from infra.deploy.stack.aws import Aws
from infra.deploy.stack.endpoint import client_key
from infra.deploy.stack.sam import NotDeployed, Tools
from infra.deploy.tuning import tune
from infra.localstack.deployment import CREDENTIALS, REGISTRY
from infra.sam_local.machine import architecture
from infra.tools import program

from samples.scripted_console import ScriptedConsole
from samples.stack.packaged import package_stack
from servers.aws.lambda_emulator import rest_event
from servers.aws.ministack import ministack
from servers.aws.streaming_function import CHAT, behind_adapter, unpacked
from servers.qdrant.rest_server import QdrantRest
from servers.redis.process import redis_process
from servers.redis.rest_gateway import rest_gateway
from servers.requirements import require_tool
from servers.thread import ThreadServer

pytestmark = pytest.mark.timeout(1200)  # the first time, the tools are installed

OF_THE_EMULATOR = (
    f"ResponseTransferMode=BUFFERED RequestsPerAddress=0 Architecture={architecture()}"
)
"""It neither streams nor has a firewall; the image is of the processor of this machine."""
SAMCONFIG = f"""version = 0.1

# For the emulator.
[dev.deploy.parameters]
parameter_overrides = "{OF_THE_EMULATOR}"

[second.deploy.parameters]
parameter_overrides = "{OF_THE_EMULATOR}"
"""
SECRETS = {"UPSTREAM_API_KEY": "sk-up", "UPSTASH_REDIS_REST_TOKEN": "tok-redis",
           "QDRANT_API_KEY": "key-qdrant"}  # fmt: skip


@dataclass
class Place:
    """Everything that a deployment talks to, and the calls that it gets."""

    environment: Mapping[str, str]
    config: SamConfig
    tools: Tools
    qdrant: QdrantRest
    upstream: str
    console: ScriptedConsole = field(default_factory=ScriptedConsole)

    def guide(self, *, dry_run: bool = False) -> Guide:
        self.console = ScriptedConsole()
        return Guide(
            self.console,
            self.environment,
            interactive=False,
            dry_run=dry_run,
            config=self.config,
            tools=self.tools,
        )

    def secret_names(self) -> set[str]:
        return {name.rsplit("/", 1)[1] for name in Aws("us-east-1").parameters_below(
            "/llm-cache-proxy/dev"
        )}  # fmt: skip


def deleted_by_cloudformation(stack: str, region: str) -> None:
    """`sam delete` looks for uploaded templates at addresses of AWS alone."""
    stacks = boto3.client("cloudformation", region_name=region)
    stacks.delete_stack(StackName=stack)
    stacks.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("guided")
    require_tool("sam")
    config = folder / "samconfig.toml"
    config.write_text(SAMCONFIG)
    qdrant = QdrantRest(api_key=SECRETS["QDRANT_API_KEY"])
    server = ThreadServer(qdrant)
    server.start()
    with (
        redis_process() as redis_url,
        rest_gateway(redis_url, SECRETS["UPSTASH_REDIS_REST_TOKEN"]) as rest_port,
        demo_upstream("127.0.0.1") as upstream,
        ministack(folder) as url,
        pytest.MonkeyPatch.context() as patched,
    ):
        environment = {
            "STAGE": "dev",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": url,
            "UPSTREAM_BASE_URL": upstream,
            "UPSTASH_REDIS_REST_URL": f"http://127.0.0.1:{rest_port}",
            "QDRANT_URL": server.url,
            "ALARM_ADDRESS": "none",
            **SECRETS,
        }
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": url}.items():
            patched.setenv(name, value)  # where boto3 and sam find them
        aws = Aws("us-east-1")
        aws.put("/llm-cache-proxy/dev/TUNING", '{"EXACT_DEADLINE_SECONDS": "5"}', kind="String")
        numbers = count()
        tools = Tools(
            sam=lambda: program("sam", "samlocal"),
            build=lambda _: package_stack(
                folder / f"stack-{next(numbers)}", image_uri=f"{REGISTRY}:latest"
            ),
            no_builder=lambda: None,
            images=("--image-repository", REGISTRY),
            delete=deleted_by_cloudformation,
        )
        try:
            yield Place(environment, SamConfig(config), tools, qdrant, upstream)
        finally:
            server.stop()


@pytest.fixture(scope="module")
def deployed(place: Place) -> Place:
    """After a first deployment that went well."""
    assert place.guide().deploy() == 0, place.console.shown
    return place


def test_a_dry_run_tries_everything_shows_everything_and_changes_nothing(place: Place) -> None:
    before = place.secret_names()

    status = place.guide(dry_run=True).deploy()

    assert status == 0, place.console.shown
    assert place.console.shown.count("  ok  ") == 5
    assert "stack llm-cache-proxy-dev: not there yet" in place.console.shown
    assert "sam deploy" in place.console.shown
    assert "Nothing was changed" in place.console.shown
    assert not any(secret in place.console.shown for secret in SECRETS.values())
    assert place.secret_names() == before
    assert Aws("us-east-1").outputs("llm-cache-proxy-dev") == {}


def test_a_wrong_key_stops_it_before_anything_is_built(place: Place) -> None:
    place.environment = {**place.environment, "QDRANT_API_KEY": "wrong"}
    try:
        status = place.guide().deploy()
    finally:
        place.environment = {**place.environment, **SECRETS}

    assert status == 1
    assert "FAIL  Qdrant" in place.console.shown
    assert "QDRANT_API_KEY" not in place.secret_names()


@pytest.fixture
def signed_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # which keeps what it has found


@pytest.mark.usefixtures("signed_out")
def test_who_is_not_signed_in_is_told_so_before_more_is_asked(place: Place) -> None:
    console = ScriptedConsole(answers=["dev", "us-east-1"])
    guide = replace(place.guide(), console=console, interactive=True, environment={})

    status = guide.deploy()

    assert status == 1
    assert "FAIL  AWS us-east-1: NoCredentialsError" in console.shown
    assert "sign in to AWS" in console.shown
    assert "GROQ_API_KEY" not in console.shown  # which is kept where nobody may look
    assert [text[0] for text in console.asked] == ["1", "2"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_without_docker_a_plan_is_made_and_nothing_is_deployed(
    place: Place, *, dry_run: bool
) -> None:
    before = place.config.overrides("dev")
    guide = place.guide(dry_run=dry_run)
    tools = replace(place.tools, no_builder=lambda: "its engine does not answer")

    status = replace(guide, tools=tools).deploy()

    assert status == (0 if dry_run else 1)
    assert f"{'note' if dry_run else 'FAIL'}  Docker" in place.console.shown
    assert place.config.overrides("dev") == before
    assert Aws("us-east-1").outputs("llm-cache-proxy-dev") == {}


def stack_id(stack: str) -> str:
    stacks = boto3.client("cloudformation", region_name="us-east-1")
    return str(stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackId"])


def test_a_first_deployment_that_failed_is_not_in_the_way_of_the_next(place: Place) -> None:
    """AWS refuses to change what it left; the emulator would not, so the stack must be another."""
    aws = Aws("us-east-1")
    tuning, stack = "/llm-cache-proxy/second/TUNING", "llm-cache-proxy-second"
    second = replace(place, environment={**place.environment, "STAGE": "second"})
    aws.put(tuning, '{"NO_SUCH_SETTING": "1"}', kind="String")  # no function starts with it

    failed = second.guide().deploy()
    left, failed_id = aws.status(stack), stack_id(stack)
    aws.put(tuning, '{"EXACT_DEADLINE_SECONDS": "5"}', kind="String")
    status = second.guide().deploy()

    assert (failed, left) == (1, "ROLLBACK_COMPLETE")
    assert status == 0, second.console.shown
    assert "200 HIT-EXACT" in second.console.shown
    assert stack_id(stack) != failed_id


def test_the_deployed_stack_is_asked_twice(deployed: Place) -> None:
    shown = deployed.console.shown

    assert "200 MISS" in shown
    assert "200 HIT-EXACT" in shown
    assert "/v1" in shown.split("base_url:")[1]
    assert "dashboard" in shown.split("dashboard:")[1]


def test_secrets_are_kept_and_the_stacks_own_are_made(deployed: Place) -> None:
    assert deployed.secret_names() == {*SECRETS, "ADMIN_KEY", "KEY_SIGNING_SECRET", "TUNING"}
    assert len(Aws("us-east-1").secret("/llm-cache-proxy/dev/ADMIN_KEY")) == 64


def test_answers_are_kept_and_secrets_are_not_among_them(deployed: Place) -> None:
    kept = deployed.config.overrides("dev")

    assert kept["UpstreamBaseUrl"] == deployed.environment["UPSTREAM_BASE_URL"]
    assert kept["RequestsPerAddress"] == "0"
    assert not any(secret in str(kept) for secret in SECRETS.values())


def test_again_it_asks_nothing_keeps_the_keys_and_answers(deployed: Place) -> None:
    key = Aws("us-east-1").secret("/llm-cache-proxy/dev/ADMIN_KEY")
    deployed.environment = {
        name: deployed.environment[name] for name in ("STAGE", "AWS_REGION", "AWS_ENDPOINT_URL")
    }

    status = deployed.guide().deploy()

    assert status == 0, deployed.console.shown
    assert "none changed" in deployed.console.shown
    assert Aws("us-east-1").secret("/llm-cache-proxy/dev/ADMIN_KEY") == key


def test_functions_that_serve_see_no_secret_of_a_deployment_that_was_not_built(
    deployed: Place,
) -> None:
    def not_built(_: Mapping[str, str]) -> Path:
        raise NotDeployed("sam build failed.")

    changed = replace(
        deployed,
        environment={**deployed.environment, "UPSTREAM_API_KEY": "sk-other"},
        tools=replace(deployed.tools, build=not_built),
    )

    status = changed.guide().deploy()

    assert status == 1
    assert "sam build failed" in changed.console.shown
    assert Aws("us-east-1").secret("/llm-cache-proxy/dev/UPSTREAM_API_KEY") == "sk-up"


def test_where_a_change_fails_the_version_before_has_its_own_key_again(deployed: Place) -> None:
    moved = replace(
        deployed,
        environment={
            **deployed.environment,
            "UPSTREAM_BASE_URL": deployed.upstream.replace("127.0.0.1", "localhost"),
            "UPSTREAM_API_KEY": "sk-other",
        },
        tools=replace(deployed.tools, sam=lambda: "false"),
    )

    status = moved.guide().deploy()

    assert status == 1
    assert "false deploy failed" in moved.console.shown
    assert "Put back, since the version before serves: UPSTREAM_API_KEY." in moved.console.shown
    assert Aws("us-east-1").secret("/llm-cache-proxy/dev/UPSTREAM_API_KEY") == "sk-up"


@pytest.mark.usefixtures("deployed")
def test_the_key_that_asked_is_revoked() -> None:
    aws = Aws("us-east-1")
    function = aws.outputs("llm-cache-proxy-dev")["AdminFunctionName"]

    keys = aws.act(function, {"action": "keys", "tenant": "deployment"})["keys"]

    assert keys
    assert {key["status"] for key in keys} == {"revoked"}


@pytest.mark.parametrize("kind", ["stand-in", "binary"])
def test_what_was_deployed_streams_behind_a_web_adapter(
    deployed: Place, tmp_path: Path, kind: str
) -> None:
    """MiniStack starts no adapter: the function and its layer are downloaded from it, and run here.

    Settings, secrets and the client's key are the deployment's.
    """
    aws = Aws("us-east-1")
    functions = aws.client("lambda")
    name = "llm-cache-proxy-dev-completions"
    function = functions.get_function(FunctionName=name, Qualifier="live")
    [layer] = function["Configuration"]["Layers"]
    content = functions.get_layer_version_by_arn(Arn=layer["Arn"])["Content"]
    code, beside = (
        httpx.get(part["Location"], timeout=60).content for part in (function["Code"], content)
    )
    settings = function["Configuration"]["Environment"]["Variables"] | CREDENTIALS
    settings["AWS_ENDPOINT_URL"] = deployed.environment["AWS_ENDPOINT_URL"]
    body = {
        "model": "llama-3.1-8b-instant",
        "messages": [{"role": "user", "content": f"What is streamed by a {kind}?"}],
        "stream": True,
    }

    with (
        client_key(aws, aws.outputs("llm-cache-proxy-dev")["AdminFunctionName"]) as key,
        behind_adapter(kind, unpacked(code, beside, tmp_path), settings) as function,
    ):
        event = rest_event("POST", CHAT, body, authorization=f"Bearer {key}")
        answers = [function.api.invoke(event).wait() for _ in range(2)]

    caches = [answer.prelude["headers"]["x-cache"] for answer in answers]
    assert caches == ["MISS", "HIT-EXACT"], answers[0].raw
    assert all(answer.body.rstrip().endswith(b"data: [DONE]") for answer in answers)
    assert len(answers[0].pieces) > 3


@pytest.mark.usefixtures("deployed")
def test_settings_are_tuned_without_a_deployment() -> None:
    aws = Aws("us-east-1")

    now = json.loads(tune(aws, "dev", ["SIMILARITY_THRESHOLD=0.97"]))

    stored = json.loads(aws.secret("/llm-cache-proxy/dev/TUNING"))
    assert now == stored == {"EXACT_DEADLINE_SECONDS": "5", "SIMILARITY_THRESHOLD": "0.97"}


def test_a_destroyed_stack_leaves_nothing(deployed: Place) -> None:
    """Runs last: the others need the stack."""
    console = ScriptedConsole(answers=["llm-cache-proxy-dev"])
    destroyer = Destroyer(console, Aws("us-east-1"), "dev", tools=deployed.tools)

    shown = replace(destroyer, dry_run=True).destroy()
    kept = deployed.secret_names()
    status = destroyer.destroy()

    assert (shown, bool(kept), status) == (0, True, 0), console.shown
    assert deployed.secret_names() == set()
    assert Aws("us-east-1").outputs("llm-cache-proxy-dev") == {}
    functions = boto3.client("lambda", region_name="us-east-1").list_functions()["Functions"]
    assert not [f for f in functions if f["FunctionName"].startswith("llm-cache-proxy-dev")]
