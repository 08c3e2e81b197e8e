"""The whole template, deployed by `samlocal` to MiniStack, without Docker and without AWS.

Left to other tests, for MiniStack has none of it: the alarms (no metric math), the firewall before
the API, the API's own errors, streaming, and the embedding function's image, which is only named.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from infra.demo_upstream import demo_upstream
from infra.localstack.deployment import REGISTRY, LocalAws

from samples.stack.packaged import package_stack
from servers.aws.ministack import ministack
from servers.qdrant.rest_server import QdrantRest
from servers.redis.process import redis_process
from servers.requirements import require_tool
from servers.thread import ThreadServer

pytestmark = pytest.mark.timeout(1200)  # the first time, the tools are installed

PATIENCE_SECONDS = 280  # what it calls may start first, on a machine that is busy
STACK = "lcp"
KEY = "operator"
# The deadline is for a machine that does much else.
TUNING = {"ACCESS_MODE": "open", "EXACT_DEADLINE_SECONDS": 10, "UPSTREAM_KEY_FROM_CLIENT": True}
SIGNING_SECRET = "a-signing-secret-of-forty-characters-or-so"
CLIENT = {"authorization": "Bearer sk-of-one-client"}
QUESTION = {
    "model": "llama-3.1-8b-instant",
    "messages": [{"role": "user", "content": "What is a stack?"}],
}


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stack in its AWS, the API's address, and what Qdrant was asked during the deployment."""

    aws: LocalAws
    api: str
    provisioned: Sequence[str]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("ministack")
    require_tool("sam")
    template = package_stack(folder / "stack", image_uri=f"{REGISTRY}:latest")
    qdrant = QdrantRest(api_key="word")
    server = ThreadServer(qdrant)
    server.start()
    parameters = {
        "ResponseTransferMode": "BUFFERED",
        "QdrantUrl": server.url,
        "AlarmAddress": "none",
        "RequestsPerAddress": "0",
    }
    try:
        with (
            redis_process() as redis_url,
            demo_upstream("127.0.0.1") as upstream,
            ministack(folder) as url,
        ):
            aws = LocalAws(url, STACK)
            aws.store_secrets(
                {
                    "REDIS_URL": redis_url,
                    "QDRANT_API_KEY": "word",
                    "ADMIN_KEY": KEY,
                    "KEY_SIGNING_SECRET": SIGNING_SECRET,
                    "TUNING": json.dumps(TUNING),
                }
            )
            aws.deploy(template, {**parameters, "UpstreamBaseUrl": upstream})
            yield Deployed(aws, aws.api_url(), tuple(qdrant.asked))
    finally:
        server.stop()


def operator(stack: Deployed, event: object) -> Any:
    """A direct invocation of the admin function, by the name that the outputs give."""
    answer = stack.aws.client("lambda").invoke(
        FunctionName=stack.aws.outputs()["AdminFunctionName"], Payload=json.dumps(event).encode()
    )
    return json.loads(answer["Payload"].read())


def test_a_chat_completion_is_answered_and_then_from_the_cache(stack: Deployed) -> None:
    url = f"{stack.api}/v1/chat/completions"

    first = httpx.post(url, json=QUESTION, headers=CLIENT, timeout=PATIENCE_SECONDS)
    second = httpx.post(url, json=QUESTION, headers=CLIENT, timeout=PATIENCE_SECONDS)

    assert [first.status_code, second.status_code] == [200, 200], first.text
    assert [first.headers["x-cache"], second.headers["x-cache"]] == ["MISS", "HIT-EXACT"]
    assert first.json()["choices"] == second.json()["choices"]


def test_another_clients_upstream_key_has_entries_of_its_own(stack: Deployed) -> None:
    url = f"{stack.api}/v1/chat/completions"

    httpx.post(url, json=QUESTION, headers=CLIENT, timeout=PATIENCE_SECONDS)
    none = httpx.post(url, json=QUESTION, timeout=PATIENCE_SECONDS)
    other = httpx.post(
        url, json=QUESTION, headers={"x-api-key": "sk-of-another"}, timeout=PATIENCE_SECONDS
    )

    assert none.status_code == 401
    assert other.headers["x-cache"] == "MISS"


def test_numbers_are_behind_the_admin_key_from_the_parameter_store(stack: Deployed) -> None:
    url = f"{stack.api}/metrics"

    refused = httpx.get(url, timeout=PATIENCE_SECONDS)
    shown = httpx.get(url, headers={"authorization": f"Bearer {KEY}"}, timeout=PATIENCE_SECONDS)

    assert refused.status_code == 401
    assert "total_requests" in shown.json()["cache_performance"]


def test_an_operator_clears_over_http_and_counts_directly(stack: Deployed) -> None:
    httpx.post(
        f"{stack.api}/v1/chat/completions", json=QUESTION, headers=CLIENT, timeout=PATIENCE_SECONDS
    )

    counted = operator(stack, {"action": "count"})
    cleared = httpx.post(
        f"{stack.api}/admin/cache/clear",
        json={"all": True},
        headers={"x-admin-key": KEY},
        timeout=PATIENCE_SECONDS,
    )

    assert counted["entries"]["exact"] > 0
    assert cleared.json()["cleared"]["exact"] == counted["entries"]["exact"]
    assert operator(stack, {"action": "count"})["entries"]["exact"] == 0


def test_the_collection_was_made_while_the_stack_was_deployed(stack: Deployed) -> None:
    assert "PUT /collections/llm_cache_proxy" in stack.provisioned
    assert "PUT /collections/llm_cache_proxy/index" in stack.provisioned


def test_every_function_is_there_in_a_version_of_its_own_behind_the_alias(
    stack: Deployed,
) -> None:
    functions = stack.aws.client("lambda")
    found = {function["FunctionName"] for function in functions.list_functions()["Functions"]}

    assert found == {
        f"{STACK}-{name}" for name in ("completions", "embedding", "metrics", "admin", "provision")
    }
    for name in found:
        alias = functions.get_alias(FunctionName=name, Name="live")
        assert alias["FunctionVersion"] == "1"


def test_the_purge_is_on_schedule(stack: Deployed) -> None:
    scheduler = stack.aws.client("scheduler")
    schedule = scheduler.get_schedule(Name=f"{STACK}-purge")

    assert schedule["ScheduleExpression"] == "rate(6 hours)"
    assert schedule["Target"]["Input"] == '{"action": "purge"}'
    assert schedule["Target"]["Arn"].endswith(f"function:{STACK}-admin:live")


def test_methods_have_their_own_limits(stack: Deployed) -> None:
    api_id, stage = stack.api.split("/")[-2:]
    settings = stack.aws.client("apigateway").get_stage(restApiId=api_id, stageName=stage)[
        "methodSettings"
    ]

    assert settings["*/*"]["throttlingRateLimit"] == 50
    assert settings["/admin/{proxy+}/POST"]["throttlingRateLimit"] == 5
