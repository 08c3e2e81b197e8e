"""Requests that their endpoint takes as they come: how they are found, and what they are called.

A raw route is described like any other and served by nothing but its endpoint: the hot paths.
FastAPI's own handler adds 35 µs to each request for dependencies and parsing that an endpoint of
the form `Request -> Response` does not use; finding the route, the files that a form may bring and
a second handling of errors cost as much again.

Work ends with its client.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.datastructures import Headers
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

from llm_cache_proxy.api.http.head_requests import HeadAsGet

T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]


class RawRoute(APIRoute):
    """`described` is what the endpoint says of itself, in OpenAPI's words; None hides it.

    What the endpoint raises is answered by the application.
    """

    def __init__(
        self,
        path: str,
        endpoint: Endpoint,
        methods: list[str],
        *,
        operation_id: str | None = None,
        summary: str | None = None,
        described: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(
            path,
            endpoint,
            methods=methods,
            response_model=None,
            operation_id=operation_id,
            summary=summary,
            include_in_schema=described is not None,
            openapi_extra=described,
        )
        self.app = _served_by(endpoint)


def _served_by(endpoint: Endpoint) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)

    return app


class RawRoutesFirst:
    """Finds the raw routes of `router` by method and path, and leaves the rest to it.

    `on_error` are the handlers of what a route raises before it has answered.
    """

    def __init__(self, router: APIRouter, on_error: Mapping[Any, ExceptionHandler]) -> None:
        self._raw: dict[tuple[str, str], Endpoint] = {
            (method, route.path): route.endpoint
            for route in reversed(router.routes)  # the first of two has it
            if isinstance(route, RawRoute) and not route.param_convertors
            for method in route.methods or ()
        }
        self._on_error = on_error
        others = ExceptionMiddleware(AsyncExitStackMiddleware(router), on_error)
        self._others = HeadAsGet(others)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        raw = self._raw.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if raw is None:
            await self._others(scope, receive, send)
            return
        try:
            response = await raw(Request(scope, receive, send))
        except Exception as exc:  # noqa: BLE001 - what has no handler is raised there again
            await self._failed(exc)(scope, receive, send)
            return
        await response(scope, receive, send)

    def _failed(self, exc: Exception) -> ASGIApp:
        """Answers as Starlette does where `exc` is raised, which costs nothing until it is."""

        async def raising(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
            raise exc

        return ExceptionMiddleware(raising, self._on_error)


def new_request_id() -> str:
    """A name for one request, in answers, logs and traces."""
    return f"req_{os.urandom(16).hex()}"


def request_id_of(request: Request) -> str:
    """The request's name; it gets one here where nothing has named it before."""
    request_id: str | None = getattr(request.state, "request_id", None)
    if request_id is None:
        request_id = request.state.request_id = new_request_id()
    return request_id


def request_headers(headers: Headers) -> dict[str, str]:
    """Names in lower case; of one that was sent several times, the values with commas between.

    RFC 9110, section 5.3: they mean the same, and none of them may be overlooked.
    """
    sent = headers.items()
    found = dict(sent)
    if len(found) == len(sent):
        return found
    values: dict[str, list[str]] = {}  # joined once: thousands may have one name
    for name, value in sent:
        values.setdefault(name, []).append(value)
    return {name: ", ".join(each) for name, each in values.items()}


def query_of(request: Request) -> str:
    """The query as it came; `request.url` reads the Host as well, and fails where that is none."""
    raw: bytes = request.scope["query_string"]
    return raw.decode("latin-1")


async def while_connected(request: Request, work: Coroutine[None, None, T]) -> T | None:
    """What `work` gives; None where the client leaves first, which cancels it."""
    task = asyncio.ensure_future(work)
    left = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({task, left}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return None
    finally:
        left.cancel()
        task.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
