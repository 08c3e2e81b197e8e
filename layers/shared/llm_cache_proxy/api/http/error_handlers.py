"""Every error that a route may raise, answered in OpenAI's shape."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.http.errors import refused, unavailable, upstream_failed
from llm_cache_proxy.api.http.head_requests import takes_head
from llm_cache_proxy.api.http.invalid_fields import invalid_request
from llm_cache_proxy.api.http.raw_requests import request_id_of
from llm_cache_proxy.domain.errors import (
    CacheTierError,
    MethodNotAllowed,
    NotFound,
    RequestRefused,
    UpstreamError,
)


def add_error_handlers(app: FastAPI) -> None:
    """Answer the errors of `app`'s routes; a fault of ours is not among them."""
    app.add_exception_handler(RequestRefused, _on_refused)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(UpstreamError, _on_upstream)
    app.add_exception_handler(CacheTierError, _on_cache_tier)
    app.add_exception_handler(HTTPException, _on_http)


async def _on_refused(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestRefused)  # noqa: S101 - registered for it alone
    return _unstored(request, refused(exc, request_id_of(request), request.scope["path"]))


async def _on_invalid(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)  # noqa: S101 - registered for it alone
    error = invalid_request(exc.errors())
    return _unstored(request, refused(error, request_id_of(request), request.scope["path"]))


async def _on_upstream(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, UpstreamError)  # noqa: S101 - registered for it alone
    return upstream_failed(exc, request_id_of(request), request.scope["path"])


async def _on_cache_tier(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, CacheTierError)  # noqa: S101 - registered for it alone
    return _unstored(request, unavailable(exc, request_id_of(request), request.scope["path"]))


async def _on_http(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)  # noqa: S101 - registered for it alone
    what = f"{request.method} {request.scope['path'][:200]}"
    error: RequestRefused
    if exc.status_code == MethodNotAllowed.status:
        error = MethodNotAllowed(f"{what}: this path does not take this method.")
    else:
        error = NotFound(
            f"{what}: there is no such path. OpenAI's paths start with /v1.", code="unknown_url"
        )
    error.headers.update(exc.headers or {})
    if "Allow" in error.headers:
        error.headers["Allow"] = _allowed(error.headers["Allow"], request.scope["path"])
    return refused(error, request_id_of(request), request.scope["path"])


def _allowed(methods: str, path: str) -> str:
    """The methods in one order, with HEAD where it is answered as GET is."""
    allowed = set(methods.split(", "))
    if "GET" in allowed and takes_head(path):
        allowed.add("HEAD")
    return ", ".join(sorted(allowed))


def _unstored(request: Request, response: Response) -> Response:
    """The response; what operators are answered is kept by no intermediary."""
    if not request.scope["path"].startswith("/v1/"):
        response.headers["cache-control"] = "no-store"
    return response
