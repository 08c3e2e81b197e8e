"""Requests that their endpoint takes as they come: how they are found, and what they bring.

A raw route is described like any other and served by nothing but its endpoint: the hot paths.
FastAPI's own handler adds 35 µs to each request for dependencies and parsing that an endpoint of
the form `Request -> Response` does not use; finding the route, the files that a form may bring and
a second handling of errors cost as much again.

A body is read up to the limit and no further, and not for ever; work ends with its client.
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
from llm_cache_proxy.domain.errors import (
    BodyTooLarge,
    BodyTooSlow,
    InvalidRequest,
    UnsupportedMediaType,
)

T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]

_JSON = "application/json"
_PLAIN = frozenset({"", "identity"})
_MOST_DIGITS = 20  # of a length: no limit has more, and `int` refuses thousands
BODY_SECONDS = 30
"""Long enough for the largest body over a slow line."""


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


async def read_json_body(
    request: Request, max_body_bytes: int, headers: Mapping[str, str] | None = None
) -> bytes:
    """The whole body of a request that declares JSON; `headers` and errors as in `read_body`.

    Raises UnsupportedMediaType for any other type: a web page of another origin may send a form's
    types without asking first, and JSON never.
    """
    headers = request.headers if headers is None else headers
    content_type = media_type_in(headers)
    if content_type != _JSON and not content_type.endswith("+json"):
        raise UnsupportedMediaType(
            f"The content type is {shown_type(content_type)}; send the body with "
            "'content-type: application/json'.",
            param="content-type",
        )
    return await read_body(request, max_body_bytes, headers)


def shown_type(content_type: str) -> str:
    """A body's type as an error names it."""
    return f"'{content_type[:100]}'" if content_type else "missing"


def media_type(request: Request) -> str:
    """The body's declared type in lower case, without parameters; empty where none is."""
    return media_type_in(request.headers)


def media_type_in(headers: Mapping[str, str]) -> str:
    """The same of headers by names in lower case; several that differ are no type that is known."""
    essence = headers.get("content-type", "").partition(";")[0].strip().lower()
    declared = {each.strip() for each in essence.split(",")} if "," in essence else {essence}
    return declared.pop() if len(declared) == 1 else essence


async def read_body(
    request: Request, max_body_bytes: int, headers: Mapping[str, str] | None = None
) -> bytes:
    """The whole body. Raises BodyTooLarge as soon as it is known to be over the limit.

    Raises BodyTooSlow where it is not here in time, and InvalidRequest where it is cut off.
    `headers` are the request's as `request_headers` gives them, where the caller has them already.
    """
    headers = request.headers if headers is None else headers
    declared = headers.get("content-length", "").lstrip("0")
    if declared.isdecimal() and (len(declared) > _MOST_DIGITS or int(declared) > max_body_bytes):
        raise _too_large(max_body_bytes)
    encoded = headers.get("content-encoding")
    if encoded is not None and not _PLAIN.issuperset(map(str.strip, encoded.lower().split(","))):
        raise InvalidRequest(
            "Compressed request bodies are not accepted; send the JSON as it is.",
            param="content-encoding",
            code="unsupported_content_encoding",
        )
    body, more = bytearray(), True
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while more:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise InvalidRequest("The connection closed before the body was whole.")
                body += message.get("body", b"")
                if len(body) > max_body_bytes:
                    raise _too_large(max_body_bytes)
                more = message.get("more_body", False)
    except TimeoutError as exc:
        raise BodyTooSlow(
            f"The request body was not whole within {BODY_SECONDS} seconds. Send it again, faster."
        ) from exc
    return bytes(body)


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


def _too_large(max_body_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The request body is over the limit of {max_body_bytes:,} bytes "
        "(MAX_BODY_BYTES). Send less."
    )
