"""Facts about `POST /v1/embeddings` of other models than our own, over HTTP."""

from collections.abc import AsyncIterator

import httpx
import pytest

from llm_cache_proxy.api.app import create_app
from unit.api.service import service_over
from unit.pipeline.embeddings_harness import EmbeddingsHarness

REQUEST = {"model": "m", "input": ["one two", "three"]}


@pytest.fixture
def harness() -> EmbeddingsHarness:
    return EmbeddingsHarness()


@pytest.fixture
async def client(harness: EmbeddingsHarness) -> AsyncIterator[httpx.AsyncClient]:
    service = service_over(harness)
    transport = httpx.ASGITransport(create_app(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://proxy/v1") as made:
        yield made
    await harness.proxy.drain()


async def test_a_hit_says_so_in_its_headers(client: httpx.AsyncClient) -> None:
    miss = await client.post("/embeddings", json=REQUEST)
    hit = await client.post("/embeddings", json=REQUEST)

    assert hit.content == miss.content
    assert (miss.headers["x-cache"], miss.headers["x-cache-items"]) == ("MISS", "0/2")
    assert (hit.headers["x-cache"], hit.headers["x-cache-items"]) == ("HIT-EXACT", "2/2")
    assert hit.headers["x-cache-saved-tokens"] == "3"
    assert hit.headers["age"] == "0"
    assert hit.headers["content-type"] == "application/json"


async def test_a_single_hit_has_a_name_to_clear_it_by(
    client: httpx.AsyncClient, harness: EmbeddingsHarness
) -> None:
    await client.post("/embeddings", json={**REQUEST, "input": "one"})
    hit = await client.post("/embeddings", json={**REQUEST, "input": "one"})
    await harness.exact.cut("default", f"entry:{hit.headers['x-cache-entry']}")

    again = await client.post("/embeddings", json={**REQUEST, "input": "one"})

    assert again.headers["x-cache"] == "MISS"


@pytest.mark.parametrize(
    "changes", [{"encoding_format": "int8"}, {"input": [{"image": "x"}]}, {"stream": True}]
)
async def test_what_is_no_batch_passes_uncached(
    client: httpx.AsyncClient, harness: EmbeddingsHarness, changes: dict[str, object]
) -> None:
    harness.embedding.queue([b'{"data":[]}'])

    answer = await client.post("/embeddings", json={**REQUEST, **changes})

    assert answer.json() == {"data": []}
    assert answer.headers["x-cache-reason"] == "uncached-route"
    assert not harness.exact.entries


@pytest.mark.parametrize("headers", [{"x-cache-ttl": "soon"}, {"x-cache-mode": "never"}])
async def test_a_control_that_cannot_be_read_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post("/embeddings", json=REQUEST, headers=headers)

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_header"


@pytest.mark.parametrize("model", [None, 1])
async def test_a_model_has_to_be_named(client: httpx.AsyncClient, model: object) -> None:
    answer = await client.post("/embeddings", json={**REQUEST, "model": model})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "model")


async def test_a_model_that_no_upstream_serves_is_not_found(
    client: httpx.AsyncClient, harness: EmbeddingsHarness
) -> None:
    harness.embedding.route_list = []

    answer = await client.post("/embeddings", json=REQUEST)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


async def test_an_upstream_that_is_away_is_an_error_of_openais_shape(
    client: httpx.AsyncClient, harness: EmbeddingsHarness
) -> None:
    harness.embedding.unreachable = True

    answer = await client.post("/embeddings", json=REQUEST)

    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "upstream_unreachable"
    assert answer.headers["x-cache"] == "ERROR"
