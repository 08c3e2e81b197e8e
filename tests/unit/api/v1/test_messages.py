"""Facts about Anthropic's endpoints over HTTP: keys, names of requests, and errors in its shape."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.api.http.errors import unavailable, unforeseen, upstream_failed
from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.domain.client_keys.limits import KeyRecord, Limits
from llm_cache_proxy.domain.errors import ExactStoreUnavailable, UpstreamRefusal
from unit.api.service import service_over
from unit.pipeline.harness import COMPLETION_NANO, PROMPT_NANO, Harness

PATH = "/v1/messages"
TENANT, KEY_ID = "acme", "00000000000000aa"
RING = KeyRing(b"s" * 32)
REQUEST = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "Hello."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 4, "output_tokens": 2},
}


@pytest.fixture
def harness() -> Harness:
    return Harness()


@asynccontextmanager
async def keyed(harness: Harness, **limits: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client that shows its key as Anthropic's clients do."""
    record = KeyRecord(name="ci", created_at=1, limits=Limits(**limits))
    assert await harness.exact.write_key(TENANT, KEY_ID, record)
    service = service_over(
        harness,
        max_body_bytes=10_000,
        key_ring=RING,
        keyed_paths=frozenset({"/messages/passed", "/passed"}),
    )
    transport = httpx.ASGITransport(create_app(service), raise_app_exceptions=False)
    headers = {"x-api-key": RING.issue(TENANT, KEY_ID)}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://proxy/v1", headers=headers
    ) as client:
        yield client
    await harness.proxy.drain()


def answering(harness: Harness, body: object, status: int = 200) -> None:
    harness.upstream.queue([json.dumps(body).encode()], status)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and type of an error, which has Anthropic's shape and names the request."""
    error = answer.json()
    assert error["type"] == "error"
    assert error["error"].keys() == {"type", "message"}
    assert error["request_id"] == answer.headers["request-id"] == answer.headers["x-request-id"]
    return answer.status_code, error["error"]["type"]


async def test_a_key_is_charged_what_a_message_cost(harness: Harness) -> None:
    answering(harness, MESSAGE)

    async with keyed(harness) as client:
        miss, hit = [await client.post("/messages", json=REQUEST) for _ in range(2)]

    assert [answer.headers["x-cache"] for answer in (miss, hit)] == ["MISS", "HIT-EXACT"]
    assert miss.headers["request-id"] != hit.headers["request-id"]
    usage = harness.exact.keys[TENANT, KEY_ID].usage
    assert usage.tokens == 6
    assert usage.nano_dollars == 4 * PROMPT_NANO + 2 * COMPLETION_NANO


async def test_a_count_of_tokens_is_free_where_the_budget_is_spent(harness: Harness) -> None:
    answering(harness, {"input_tokens": 14})

    async with keyed(harness, tokens_per_day=0) as client:
        counted = await client.post("/messages/count_tokens", json=REQUEST)
        asked = await client.post("/messages", json=REQUEST)

    assert counted.json() == {"input_tokens": 14}
    assert refusal(asked) == (429, "rate_limit_error")
    assert harness.exact.keys[TENANT, KEY_ID].usage.tokens == 0


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        ({"json": {"model": "m"}}, 400, "invalid_request_error"),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400, None),
        ({"content": b"{}", "headers": {"content-type": "text/plain"}}, 415, None),
        ({"json": {**REQUEST, "system": "x" * 10_000}}, 413, "request_too_large"),
        ({"json": REQUEST, "headers": {"x-cache-ttl": "soon"}}, 400, None),
        ({"json": REQUEST, "headers": {"x-api-key": "sk-1"}}, 401, "authentication_error"),
        ({"json": REQUEST, "headers": {"cache-control": "only-if-cached"}}, 504, "timeout_error"),
    ],
)
async def test_a_refusal_of_ours_has_anthropics_shape(
    harness: Harness, sent: dict[str, Any], status: int, kind: str | None
) -> None:
    async with keyed(harness) as client:
        answer = await client.post("/messages", **sent)

    assert refusal(answer) == (status, kind or "invalid_request_error")


async def test_a_rate_that_is_used_up_says_when_to_come_back(harness: Harness) -> None:
    answering(harness, MESSAGE)

    async with keyed(harness, requests_per_minute=1) as client:
        answers = [await client.post("/messages", json=REQUEST) for _ in range(2)]

    assert refusal(answers[1]) == (429, "rate_limit_error")
    assert int(answers[1].headers["retry-after"]) > 0


async def test_a_path_that_client_keys_do_not_reach_is_refused_in_that_shape(
    harness: Harness,
) -> None:
    async with keyed(harness) as client:
        batches = await client.get("/messages/batches")
        chat = await client.get("/chat/unknown")

    assert refusal(batches) == (403, "permission_error")
    assert chat.json()["error"]["code"] == "path_not_allowed"


async def test_what_is_passed_below_has_the_requests_name_where_its_clients_look(
    harness: Harness,
) -> None:
    answering(harness, {"data": []})
    answering(harness, {"data": []})

    async with keyed(harness) as client:
        below = await client.get("/messages/passed")
        elsewhere = await client.get("/passed")

    assert below.json() == {"data": []}
    assert below.headers["request-id"] == below.headers["x-request-id"]
    assert (elsewhere.status_code, "request-id" in elsewhere.headers) == (200, False)


async def test_an_upstream_that_is_away_is_an_api_error(harness: Harness) -> None:
    harness.upstream.unreachable = True

    async with keyed(harness) as client:
        answer = await client.post("/messages", json=REQUEST)

    assert refusal(answer) == (502, "api_error")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (unavailable(ExactStoreUnavailable("away"), "req_1", PATH), (529, "overloaded_error")),
        (unforeseen("req_1", PATH), (500, "api_error")),
        (
            upstream_failed(UpstreamRefusal(503, b"<html>", upstream="u"), "req_1", PATH),
            (503, "overloaded_error"),
        ),
    ],
)
def test_a_fault_has_that_shape_as_well(answer: Response, expected: tuple[int, str]) -> None:
    body = bytes(answer.body)

    assert (
        refusal(httpx.Response(answer.status_code, headers=answer.headers, content=body))
        == expected
    )


OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


async def test_an_upstreams_error_passes_as_it_came(harness: Harness) -> None:
    answering(harness, OVERLOADED, 529)

    async with keyed(harness) as client:
        answer = await client.post("/messages", json=REQUEST)

    assert (answer.status_code, answer.json()) == (529, OVERLOADED)
    assert answer.headers["x-cache"] == "ERROR"


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        (b'{"error": {"message": "No.", "type": "x", "code": null}}', "application/json", "No."),
        (b'{"detail": "No."}', "application/json", "No."),
        (b"<html>busy</html>", "text/html", "The upstream answered with status 503 and no JSON."),
    ],
)
async def test_an_upstreams_error_of_another_shape_is_put_into_anthropics(
    harness: Harness, body: bytes, kind: str, message: str
) -> None:
    harness.upstream.queue([body], 503, {"content-type": kind})

    async with keyed(harness) as client:
        answer = await client.post("/messages", json=REQUEST)

    assert refusal(answer) == (503, "overloaded_error")
    assert answer.json()["error"]["message"] == message
