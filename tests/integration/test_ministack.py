"""The whole template, deployed by `sam deploy` to MiniStack, without Docker and without AWS.

Left to other tests, for MiniStack has none of it: the alarms (no metric math, so Monitoring is
off), the API's own errors, streaming, and the embedding function's image, which is only named.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from infra.sam_local.machine import overrides, sam_environment

from samples.packaged_stack import package_stack
from servers.ministack import ACCOUNT, CREDENTIALS, ministack
from servers.qdrant_rest import QdrantRest
from servers.redis_process import redis_process
from servers.requirements import require_tool
from servers.thread import ThreadServer

pytestmark = pytest.mark.timeout(600)  # the first time, the tools are installed

STACK = "lcp"
KEY = "operator"
REGISTRY = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/embedding"
QUESTION = {
    "model": "llama-3.1-8b-instant",
    "messages": [{"role": "user", "content": "What is a stack?"}],
}


@dataclass(frozen=True, slots=True)
class Deployed:
    """AWS's address, the API's as it is reached here, what the deployment told and asked Qdrant."""

    aws: str
    api: str
    outputs: Mapping[str, str]
    provisioned: Sequence[str]

    def client(self, service: str) -> Any:
        return aws_client(self.aws, service)


def aws_client(url: str, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=CREDENTIALS["AWS_DEFAULT_REGION"],
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("ministack")
    template = package_stack(folder / "stack", image_uri=f"{REGISTRY}:latest")
    qdrant = QdrantRest(api_key="word")
    server = ThreadServer(qdrant)
    server.start()
    try:
        with redis_process() as redis_url, ministack(folder) as aws:
            store_secrets(aws, REDIS_URL=redis_url, QDRANT_API_KEY="word", ADMIN_KEY=KEY)
            deploy(
                template,
                aws,
                {
                    "ResponseTransferMode": "BUFFERED",
                    "SecretsPath": f"/{STACK}",
                    "QdrantUrl": server.url,
                    "AccessMode": "open",
                    "Monitoring": "false",
                    "ExactDeadlineSeconds": "5",  # on a machine that does much else
                },
            )
            provisioned, outputs = tuple(qdrant.asked), told(aws)
            api_id = outputs["BaseUrl"].removeprefix("https://").partition(".")[0]
            yield Deployed(aws, f"{aws}/_aws/execute-api/{api_id}/prod", outputs, provisioned)
    finally:
        server.stop()


def store_secrets(aws: str, **secrets: str) -> None:
    for name, value in secrets.items():
        aws_client(aws, "ssm").put_parameter(
            Name=f"/{STACK}/{name}", Value=value, Type="SecureString"
        )


def deploy(template: Path, aws: str, parameters: dict[str, str]) -> None:
    """`sam deploy` as docs/deploy.md has it, with every answer given."""
    done = subprocess.run(
        [
            *(require_tool("sam") / "bin" / "sam", "deploy", "--template-file", template),
            *("--stack-name", STACK, "--resolve-s3", "--image-repository", REGISTRY),
            *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
            *("--no-confirm-changeset", "--no-progressbar"),
            *overrides(parameters),
        ],
        cwd=template.parent,
        env={**sam_environment(), **CREDENTIALS, "AWS_ENDPOINT_URL": aws},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def told(aws: str) -> dict[str, str]:
    (stack,) = aws_client(aws, "cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def operator(stack: Deployed, event: object) -> Any:
    """A direct invocation of the admin function, by the name that the outputs give."""
    answer = stack.client("lambda").invoke(
        FunctionName=stack.outputs["AdminFunctionName"], Payload=json.dumps(event).encode()
    )
    return json.loads(answer["Payload"].read())


def test_a_chat_completion_is_answered_and_then_from_the_cache(stack: Deployed) -> None:
    url = f"{stack.api}/v1/chat/completions"

    first = httpx.post(url, json=QUESTION, timeout=60)
    second = httpx.post(url, json=QUESTION, timeout=60)

    assert [first.status_code, second.status_code] == [200, 200], first.text
    assert [first.headers["x-cache"], second.headers["x-cache"]] == ["MISS", "HIT-EXACT"]
    assert first.json()["choices"] == second.json()["choices"]


def test_numbers_are_behind_the_admin_key_from_the_parameter_store(stack: Deployed) -> None:
    url = f"{stack.api}/metrics"

    refused = httpx.get(url, timeout=60)
    shown = httpx.get(url, headers={"authorization": f"Bearer {KEY}"}, timeout=60)

    assert refused.status_code == 401
    assert "total_requests" in shown.json()["cache_performance"]


def test_an_operator_clears_over_http_and_counts_directly(stack: Deployed) -> None:
    httpx.post(f"{stack.api}/v1/chat/completions", json=QUESTION, timeout=60)

    counted = operator(stack, {"action": "count"})
    cleared = httpx.post(f"{stack.api}/admin/cache/clear", headers={"x-admin-key": KEY}, timeout=60)

    assert counted["entries"]["exact"] > 0
    assert cleared.json()["cleared"]["exact"] == counted["entries"]["exact"]
    assert operator(stack, {"action": "count"})["entries"]["exact"] == 0


def test_the_collection_was_made_while_the_stack_was_deployed(stack: Deployed) -> None:
    assert "PUT /collections/llm_cache_proxy" in stack.provisioned
    assert "PUT /collections/llm_cache_proxy/index" in stack.provisioned


def test_every_function_is_there_in_a_version_of_its_own_behind_the_alias(
    stack: Deployed,
) -> None:
    functions = stack.client("lambda")
    found = {function["FunctionName"] for function in functions.list_functions()["Functions"]}

    assert found == {
        f"{STACK}-{name}" for name in ("completions", "embedding", "metrics", "admin", "provision")
    }
    for name in found:
        alias = functions.get_alias(FunctionName=name, Name="live")
        assert alias["FunctionVersion"] == "1"


def test_the_purge_is_on_schedule(stack: Deployed) -> None:
    scheduler = stack.client("scheduler")
    schedule = scheduler.get_schedule(Name=f"{STACK}-purge")

    assert schedule["ScheduleExpression"] == "rate(6 hours)"
    assert schedule["Target"]["Input"] == '{"action": "purge"}'
    assert schedule["Target"]["Arn"].endswith(f"function:{STACK}-admin:live")


def test_methods_have_their_own_limits(stack: Deployed) -> None:
    api_id, stage = stack.api.split("/")[-2:]
    settings = stack.client("apigateway").get_stage(restApiId=api_id, stageName=stage)[
        "methodSettings"
    ]

    assert settings["*/*"]["throttlingRateLimit"] == 50
    assert settings["/admin/{proxy+}/POST"]["throttlingRateLimit"] == 5
