"""Facts about which requests reach a route, and as whose."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from llm_cache_proxy.api.middleware.client_access import ClientAccess
from llm_cache_proxy.api.middleware.request_events import RequestEventMiddleware
from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.domain.client_keys.upstream_keys import UpstreamKeys
from llm_cache_proxy.domain.metrics.pricing import default_prices
from llm_cache_proxy.pipeline.recording.request_events import RequestEvents

RING = KeyRing(b"s" * 32)
KEY = RING.issue("acme", "0123456789abcdef")
BEARER = {"authorization": f"Bearer {KEY}"}


async def whose(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the client that the request is taken for."""
    del receive
    client = scope["state"].get("client")
    answer = None if client is None else [client.tenant, client.key_id]
    if answer is not None and client.upstream_key is not None:
        answer.append(client.upstream_key.value)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


@asynccontextmanager
async def reached(
    ring: KeyRing | None, *further: str, upstream_keys: UpstreamKeys | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    app = RequestEventMiddleware(
        ClientAccess(whose, ring, further, upstream_keys), RequestEvents(default_prices())
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://proxy") as client:
        yield client


async def test_without_a_key_ring_every_client_is_the_default_tenant() -> None:
    async with reached(None) as client:
        assert (await client.post("/v1/files", headers=BEARER)).json() == ["default", None]


async def test_a_key_makes_the_request_its_tenants() -> None:
    async with reached(RING) as client:
        answer = await client.post("/v1/chat/completions", headers=BEARER)

    assert answer.json() == ["acme", "0123456789abcdef"]


async def test_anthropics_clients_show_their_key_in_a_header_of_their_own() -> None:
    async with reached(RING) as client:
        answer = await client.post("/v1/messages", headers={"x-api-key": KEY})

    assert answer.json() == ["acme", "0123456789abcdef"]


async def test_a_key_that_is_refused_is_refused_in_anthropics_shape() -> None:
    async with reached(RING) as client:
        answer = await client.post("/v1/messages", headers={"x-api-key": "sk-1"})

    error = answer.json()
    assert (answer.status_code, error["type"]) == (401, "error")
    assert error["error"]["type"] == "authentication_error"
    assert error["request_id"] == answer.headers["request-id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "missing_api_key"),
        ({"authorization": "Bearer sk-1"}, "invalid_api_key"),
        ({"authorization": f"Bearer {KEY[:-2]}xx"}, "invalid_api_key"),
        ({"x-api-key": "sk-1"}, "invalid_api_key"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/v1/anything", "/v1"])
async def test_without_a_valid_key_nothing_under_v1_is_reached(
    path: str, headers: dict[str, str], code: str
) -> None:
    async with reached(RING) as client:
        answer = await client.post(path, headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
    assert answer.headers["x-request-id"].startswith("req_")
    assert KEY[:-2] not in answer.text


@pytest.mark.parametrize("path", ["/health", "/metrics", "/v11/x"])
async def test_other_paths_are_not_the_clients(path: str) -> None:
    async with reached(RING) as client:
        assert (await client.get(path)).json() is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/completions"),
        ("POST", "/v1/embeddings"),
        ("POST", "/v1/responses"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/meta/llama"),
        ("POST", "/v1/audio/speech"),
    ],
)
async def test_keyed_clients_reach_stateless_paths_and_what_the_operator_lists(
    method: str, path: str
) -> None:
    async with reached(RING, "/audio/speech") as client:
        assert (await client.request(method, path, headers=BEARER)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/chat/completions"),
        ("DELETE", "/v1/models/ft:mine"),
        ("POST", "/v1/files"),
        ("GET", "/v1/responses/resp_1"),
        ("POST", "/v1/batches"),
        ("POST", "/v1/embeddings/../files"),
        ("POST", "/v1/audio/speech/x"),
        ("POST", "/v1"),
    ],
)
async def test_keyed_clients_do_not_reach_what_others_keep_at_the_upstream(
    method: str, path: str
) -> None:
    async with reached(RING, "/audio/speech") as client:
        answer = await client.request(method, path, headers=BEARER)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "path_not_allowed")


OWN = UpstreamKeys(b"s" * 32)


async def test_a_client_that_brings_its_own_upstream_key_is_known_by_it() -> None:
    async with reached(None, upstream_keys=OWN) as client:
        answer = await client.post("/v1/messages", headers={"x-api-key": "sk-own"})

    assert answer.json() == ["default", None, "sk-own"]


async def test_beside_a_client_key_the_upstreams_has_a_header_of_its_own() -> None:
    both = {**BEARER, "x-upstream-api-key": "sk-own"}
    async with reached(RING, upstream_keys=OWN) as client:
        answer = await client.post("/v1/chat/completions", headers=both)
        without = await client.post("/v1/chat/completions", headers=BEARER)

    assert answer.json() == ["acme", "0123456789abcdef", "sk-own"]
    assert without.json()["error"]["code"] == "missing_upstream_key"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/cache/feedback"), ("GET", "/v1/openapi.json")]
)
async def test_what_asks_no_upstream_needs_no_key_for_it(method: str, path: str) -> None:
    async with reached(None, upstream_keys=OWN) as client:
        answer = await client.request(method, path)

    assert answer.json() == ["default", None]
