"""Routes that are described like any other and served by nothing but their endpoint: the hot paths.

FastAPI's own handler adds 35 µs to each request for dependencies and parsing that an endpoint of
the form `Request -> Response` does not use; finding the route, the files that a form may bring and
a second handling of errors cost as much again.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

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
    """Finds the raw routes of `router` by method and path, and leaves the rest to it."""

    def __init__(self, router: APIRouter) -> None:
        self._raw = {
            (method, route.path): route.app
            for route in reversed(router.routes)  # the first of two has it
            if isinstance(route, RawRoute) and not route.param_convertors
            for method in route.methods or ()
        }
        self._others = AsyncExitStackMiddleware(router)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        raw = self._raw.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        await (raw or self._others)(scope, receive, send)
