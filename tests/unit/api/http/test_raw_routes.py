"""Facts about routes that nothing but their endpoint serves."""

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from llm_cache_proxy.api.http.bare_app import bare_app
from llm_cache_proxy.api.http.raw_requests import Endpoint, RawRoute
from llm_cache_proxy.domain.errors import NotFound


def saying(text: str) -> Endpoint:
    async def endpoint(_: Request) -> Response:
        return PlainTextResponse(text)

    return endpoint


async def named(request: Request) -> Response:
    return PlainTextResponse(request.path_params["name"])


async def broken(_: Request) -> Response:
    raise NotFound("No such thing.")


async def faulty(_: Request) -> Response:
    raise ZeroDivisionError


async def on_not_found(_: Request, exc: Exception) -> Response:
    return PlainTextResponse(str(exc), 404)


@pytest.fixture
def app() -> FastAPI:
    router = APIRouter()

    @router.get("/described")
    async def described() -> str:
        return "described"

    app = bare_app()
    app.router.routes.extend(
        [
            RawRoute("/raw", saying("first"), ["POST"]),
            RawRoute("/raw", saying("second"), ["POST", "PUT"]),
            RawRoute("/broken", broken, ["GET"]),
            RawRoute("/faulty", faulty, ["GET"]),
            RawRoute("/named/{name}", named, ["GET"]),
        ]
    )
    app.include_router(router)
    app.add_exception_handler(NotFound, on_not_found)
    return app


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("POST", "/raw", 200, "first"),
        ("PUT", "/raw", 200, "second"),
        ("GET", "/raw", 405, None),
        ("POST", "/raw/", 404, None),
        ("GET", "/broken", 404, "No such thing."),
        ("GET", "/named/one", 200, "one"),
        ("GET", "/described", 200, '"described"'),
        ("GET", "/elsewhere", 404, None),
    ],
)
async def test_each_request_goes_to_the_first_route_that_takes_it(
    app: FastAPI, method: str, path: str, status: int, text: str | None
) -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.request(method, path)

    assert answer.status_code == status
    assert text is None or answer.text == text


async def test_what_has_no_handler_is_raised_as_it_is(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/faulty")
