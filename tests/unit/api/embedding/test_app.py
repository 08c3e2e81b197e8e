import json
from collections.abc import AsyncIterator

import httpx
import pytest

from fakes.embedder import FakeEmbedder
from llm_cache_proxy.api.embedding.app import embedding_app


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
async def client(embedder: FakeEmbedder) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(embedding_app(embedder))
    async with httpx.AsyncClient(transport=transport, base_url="http://embedding") as made:
        yield made


@pytest.mark.parametrize("path", ["/", "/embed"])
async def test_one_text_gives_one_embedding(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.post(path, json={"text": "What is Rust?"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert len(found.pop("embedding")) == 384
    assert found == {"tokens": 13, "whole": True, "embedder_id": "fake"}


async def test_several_texts_give_embeddings_in_their_order(client: httpx.AsyncClient) -> None:
    together = (await client.post("/", json={"texts": ["one", "two"]})).json()
    alone = [(await client.post("/", json={"text": text})).json() for text in ("one", "two")]

    assert together["embedder_id"] == "fake"
    assert [item["embedding"] for item in together["embeddings"]] == [
        item["embedding"] for item in alone
    ]


async def test_no_texts_give_no_embeddings(client: httpx.AsyncClient) -> None:
    assert (await client.post("/", json={"texts": []})).json()["embeddings"] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"text": null}',
        b'{"text": 1}',
        b'{"text": "a", "texts": ["b"]}',
        b'{"texts": "a"}',
        b'{"texts": [1]}',
        b'{"text": "a", "text": "b"}',
        b"\xff",
        json.dumps({"texts": ["a"] * 257}).encode(),
    ],
)
async def test_a_malformed_request_is_a_400_in_openai_shape(
    client: httpx.AsyncClient, embedder: FakeEmbedder, body: bytes
) -> None:
    answer = await client.post("/", content=body)

    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert embedder.texts == []


async def test_a_body_over_the_limit_is_a_413(client: httpx.AsyncClient) -> None:
    answer = await client.post("/", content=b'{"text": "' + b"x" * 6_291_456 + b'"}')

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "request_too_large"


async def test_no_model_is_a_503_that_shows_no_details(
    client: httpx.AsyncClient, embedder: FakeEmbedder
) -> None:
    embedder.away = True

    answer = await client.post("/", json={"text": "secret"})

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "model_unavailable"
    assert "fake embedder is away" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/", 405, "method_not_allowed"), ("POST", "/nowhere", 404, "not_found")],
)
async def test_an_unknown_route_is_refused_in_openai_shape(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


async def test_health_names_the_model(client: httpx.AsyncClient) -> None:
    assert (await client.get("/health")).json() == {"status": "ok", "embedder_id": "fake"}
