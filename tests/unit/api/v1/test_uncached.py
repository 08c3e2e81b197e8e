"""Facts about keys in front of what the cache has no part in."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.domain.client_keys.limits import KeyRecord, Limits
from unit.api.service import service_over
from unit.pipeline.harness import COMPLETION_NANO, PROMPT_NANO, Harness

TENANT, KEY_ID = "acme", "00000000000000aa"
RING = KeyRing(b"s" * 32)
BEARER = {"authorization": f"Bearer {RING.issue(TENANT, KEY_ID)}"}

JSON = {"content-type": "application/json"}
FORM = {"content-type": "multipart/form-data; boundary=form"}


@pytest.fixture
def harness() -> Harness:
    return Harness()


@asynccontextmanager
async def keyed(harness: Harness, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app whose key has this record."""
    record = KeyRecord(name="ci", created_at=1, **changes)
    assert await harness.exact.write_key(TENANT, KEY_ID, record)
    service = service_over(
        harness, key_ring=RING, keyed_paths=frozenset({"/images/generations", "/voices"})
    )
    transport = httpx.ASGITransport(create_app(service))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://proxy/v1", headers=BEARER
    ) as client:
        yield client
    await harness.proxy.drain()


def charged(harness: Harness) -> tuple[int, int]:
    usage = harness.exact.keys[TENANT, KEY_ID].usage
    return usage.tokens, usage.nano_dollars


def answering(harness: Harness, body: object, status: int = 200) -> None:
    harness.upstream.queue([json.dumps(body).encode()], status)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 4, "total_tokens": 4}, (4, 0)),
        ({"prompt_tokens": 4, "completion_tokens": 2}, (4, 2)),
        ({"input_tokens": 4, "output_tokens": 3}, (4, 3)),
    ],
)
async def test_an_uncached_answer_is_charged_what_it_reports(
    harness: Harness, usage: dict[str, int], tokens: tuple[int, int]
) -> None:
    answering(harness, {"data": [], "usage": usage})

    async with keyed(harness) as client:
        answer = await client.post("/embeddings", json={"model": "m", "input": "x"})

    assert answer.json()["usage"] == usage
    assert charged(harness) == (
        sum(tokens),
        tokens[0] * PROMPT_NANO + tokens[1] * COMPLETION_NANO,
    )


@pytest.mark.parametrize("answer", [{"data": []}, [], {"usage": "much"}])
async def test_an_uncached_answer_that_reports_nothing_is_charged_as_was_reserved(
    harness: Harness, answer: object
) -> None:
    answering(harness, answer)

    async with keyed(harness) as client:
        await client.post("/images/generations", content=b'{"model":"m"}   ', headers=JSON)

    assert charged(harness)[0] == 4 + 1_024


async def test_bytes_that_are_no_json_are_charged_as_was_reserved(harness: Harness) -> None:
    harness.upstream.queue([b"\x89PNG", b"\r\n"], 200, {"content-type": "image/png"})

    async with keyed(harness) as client:
        answer = await client.post("/embeddings", content=b'{"model":"m"}', headers=JSON)

    assert answer.content == b"\x89PNG\r\n"
    assert charged(harness)[0] == 4


@pytest.mark.parametrize("status", [400, 503])
async def test_an_uncached_error_is_charged_nothing(harness: Harness, status: int) -> None:
    answering(harness, {"error": {"message": "no"}}, status)

    async with keyed(harness) as client:
        answer = await client.post("/embeddings", json={"model": "m", "input": "x"})

    assert answer.status_code == status
    assert charged(harness) == (0, 0)


async def test_an_upstream_that_is_unavailable_is_charged_nothing(harness: Harness) -> None:
    harness.upstream.unreachable = True

    async with keyed(harness) as client:
        answer = await client.post("/embeddings", json={"model": "m", "input": "x"})

    assert answer.status_code == 502
    assert charged(harness) == (0, 0)


async def test_reading_costs_a_request_and_no_budget(harness: Harness) -> None:
    answering(harness, {"voices": []})

    async with keyed(harness, limits=Limits(10, 1, 1)) as client:
        answers = [await client.get("/voices"), await client.get("/models")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[-1].headers["x-ratelimit-remaining-requests"] == "8"
    assert charged(harness) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "body", "status", "code"),
    [
        ({"limits": Limits(tokens_per_day=1)}, b'{"model":"m"}', 429, "insufficient_quota"),
        (
            {"limits": Limits(nano_dollars_per_month=10**12)},
            b'{"model":"unpriced"}',
            403,
            "price_unknown",
        ),
        ({"limits": Limits(nano_dollars_per_month=10**12)}, b"--form--", 403, "price_unknown"),
        ({"models": ("other",)}, b'{"model":"m"}', 403, "model_not_allowed"),
        ({"models": ("m",)}, b"--form--", 403, "model_not_allowed"),
        ({"models": ("m",)}, b'{"model":["m"]}', 403, "model_not_allowed"),
        ({"revoked_at": 2}, b'{"model":"m"}', 401, "revoked_api_key"),
    ],
)
async def test_what_a_key_may_not_do_is_not_sent_on(
    harness: Harness, changes: dict[str, Any], body: bytes, status: int, code: str
) -> None:
    declared = FORM if body.startswith(b"--") else JSON

    async with keyed(harness, **changes) as client:
        answer = await client.post("/images/generations", content=body, headers=declared)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert harness.upstream.calls == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/models", None),
        ("POST", "/embeddings", {"model": "all-MiniLM-L6-v2", "input": "x"}),
        ("POST", "/cache/feedback", {"entry": "e", "verdict": "bad"}),
    ],
)
async def test_the_proxys_own_answers_need_a_valid_key(
    harness: Harness, method: str, path: str, body: object
) -> None:
    async with keyed(harness, revoked_at=2) as client:
        answer = await client.request(method, path, json=body)

    assert answer.json()["error"]["code"] == "revoked_api_key"


async def test_while_the_store_is_unavailable_uncached_endpoints_keep_the_modest_rate_too(
    harness: Harness,
) -> None:
    async with keyed(harness) as client:
        harness.exact.away = True
        statuses = [(await client.get("/models")).status_code for _ in range(3)]
        harness.exact.away = False

    assert statuses == [200, 200, 429]
