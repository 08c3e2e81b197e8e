"""A route that is described like any other and served like Starlette's: for the hot paths.

FastAPI's own handler adds 35 µs to each request for dependencies and parsing that an endpoint of
the form `Request -> Response` does not use.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import request_response

Endpoint = Callable[[Request], Awaitable[Response]]


class RawRoute(APIRoute):
    """`described` is what the endpoint says of itself, in OpenAPI's words; None hides it."""

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
        self.app = request_response(endpoint)
