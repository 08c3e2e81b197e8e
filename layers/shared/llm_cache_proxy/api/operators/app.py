"""An app of operators' routes alone, as the metrics and the admin function serve it.

Answers unknown paths and methods in OpenAI's shape too.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from llm_cache_proxy.api.http.errors import refused, unforeseen
from llm_cache_proxy.api.http.headers import new_request_id
from llm_cache_proxy.api.middleware.web_pages import WebPageProtection
from llm_cache_proxy.domain.errors import MethodNotAllowed, NotFound, RequestRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_log = logging.getLogger(__name__)


def operator_app(routes: Sequence[BaseRoute], close: Callable[[], Awaitable[None]]) -> Starlette:
    """An app with `routes`; `close` is awaited when it ends."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> "AsyncIterator[None]":
        yield
        await close()

    return Starlette(
        routes=list(routes),
        middleware=[Middleware(WebPageProtection, cors_allow_origins=None)],
        lifespan=lifespan,
        exception_handlers={HTTPException: _on_http, Exception: _on_fault},
    )


async def _on_http(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)  # noqa: S101 - registered for it alone
    what = f"{request.method} {request.url.path[:200]}"
    error: RequestRefused
    if exc.status_code == MethodNotAllowed.status:
        error = MethodNotAllowed(f"{what}: this path does not take this method.")
    else:
        error = NotFound(f"{what}: there is no such path.", code="unknown_url")
    error.headers.update(exc.headers or {})
    return refused(error, new_request_id())


async def _on_fault(_: Request, exc: Exception) -> Response:
    # Starlette raises the fault again after this answer, so that the server logs it whole.
    request_id = new_request_id()
    _log.error("request %s failed: %s", request_id, type(exc).__name__)
    return unforeseen(request_id)
