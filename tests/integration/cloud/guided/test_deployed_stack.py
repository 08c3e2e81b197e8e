"""`make deploy`, `make tune` and `make destroy` on a stack that is there, on MiniStack."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import boto3
import httpx
import pytest
from infra.deploy.destroy import Destroyer
from infra.deploy.stack.aws import Aws
from infra.deploy.stack.endpoint import client_key
from infra.deploy.stack.sam import NotDeployed
from infra.deploy.tuning import tune
from infra.localstack.deployment import CREDENTIALS

from integration.cloud.guided.place import SECRETS, Place
from samples.scripted_console import ScriptedConsole
from servers.aws.lambda_emulator import rest_event
from servers.aws.streaming_function import CHAT, behind_adapter, unpacked

pytestmark = pytest.mark.timeout(1200)  # the first time, the tools are installed


@pytest.fixture(scope="module")
def deployed(place: Place) -> Place:
    """After a first deployment that went well."""
    assert place.guide().deploy() == 0, place.console.shown
    return place


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
