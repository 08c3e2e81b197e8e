"""HEAD is answered as GET is, without the body, on every path of ours outside `/v1`."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from fakes.embedder import FakeEmbedder
from llm_cache_proxy.api.application import create_application
from llm_cache_proxy.api.embedding.app import embedding_app
from llm_cache_proxy.api.http.raw_requests import RawRoute
from llm_cache_proxy.api.pages import router as pages


async def hello(_: Request) -> Response:
    return PlainTextResponse("hello", headers={"x-name": "one"})


async def missing(_: Request) -> Response:
    return PlainTextResponse("there is none", 404)


@pytest.fixture
def app() -> FastAPI:
    app = create_application()
    app.router.routes.extend(
        [
            RawRoute("/hello", hello, ["GET"]),
            RawRoute("/missing", missing, ["GET"]),
            RawRoute("/said", hello, ["POST"]),
            RawRoute("/v1/hello", hello, ["PUT", "GET", "POST"]),
        ]
    )
    app.include_router(pages)
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://proxy") as made:
        yield made


@pytest.mark.parametrize("path", ["/hello", "/missing", "/", "/docs", "/docs/docs.css", "/nowhere"])
async def test_a_head_has_the_status_and_the_headers_of_a_get_and_no_body(
    client: httpx.AsyncClient, path: str
) -> None:
    got = await client.get(path)
    asked = await client.head(path)

    changing = {"x-request-id"}
    assert asked.status_code == got.status_code
    assert {name: value for name, value in asked.headers.items() if name not in changing} == {
        name: value for name, value in got.headers.items() if name not in changing
    }
    assert asked.content == b""
    assert got.content != b""


async def test_a_head_below_v1_is_left_to_the_upstreams_rules(client: httpx.AsyncClient) -> None:
    answer = await client.head("/v1/hello")

    assert answer.status_code == 405


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/hello", "GET, HEAD"),
        ("GET", "/said", "POST"),
        ("HEAD", "/said", "POST"),
        ("HEAD", "/v1/hello", "GET, POST, PUT"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones_in_one_order(
    client: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await client.request(method, path)

    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed


async def test_the_embedding_services_health_takes_a_head() -> None:
    transport = httpx.ASGITransport(embedding_app(FakeEmbedder()))

    async with httpx.AsyncClient(transport=transport, base_url="http://embedding") as client:
        answer = await client.head("/health")

    assert (answer.status_code, answer.content) == (200, b"")
