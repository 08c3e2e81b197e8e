"""The completions function's HTTP app: which route goes where, and errors in one place."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_cache_proxy.api.chat import CACHED, cached_endpoint
from llm_cache_proxy.api.client_access import ClientAccess
from llm_cache_proxy.api.embeddings import embeddings_endpoint
from llm_cache_proxy.api.errors import refused, unforeseen, upstream_failed
from llm_cache_proxy.api.feedback import feedback_endpoint
from llm_cache_proxy.api.headers import new_request_id
from llm_cache_proxy.api.models import models_endpoint
from llm_cache_proxy.api.passthrough import PassThrough
from llm_cache_proxy.domain.client_keys import KeyRing
from llm_cache_proxy.domain.errors import (
    MethodNotAllowed,
    NotFound,
    RequestRefused,
    UpstreamError,
)
from llm_cache_proxy.pipeline.administration import Feedback
from llm_cache_proxy.pipeline.proxy import CachingProxy
from llm_cache_proxy.ports.embedder import Embedder

_log = logging.getLogger(__name__)
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Service:
    """What the app serves with; `health` tells the state of each part, `close` ends them.

    Without a `key_ring` nobody needs a key; `keyed_paths` are served to keys besides the
    stateless ones.
    """

    proxy: CachingProxy
    embedder: Embedder
    feedback: Feedback
    max_body_bytes: int
    health: Callable[[], dict[str, object]]
    close: Callable[[], Awaitable[None]]
    key_ring: KeyRing | None = None
    keyed_paths: frozenset[str] = frozenset()


def create_app(service: Service) -> Starlette:
    """The app with every `/v1` route and `/health`."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await service.close()

    app = Starlette(lifespan=lifespan)
    limit = service.max_body_bytes
    elsewhere = PassThrough(service.proxy.upstream, service.proxy.ledger, limit)
    models = models_endpoint(service.proxy.upstream)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", **service.health()})

    app.add_route("/health", health, methods=["GET"])
    for dialect in CACHED:
        endpoint = cached_endpoint(service.proxy, dialect, limit)
        app.add_route(f"/v1{dialect.path}", endpoint, methods=["POST"])
    app.add_route("/v1/models", models, methods=["GET"])
    app.add_route("/v1/models/{model:path}", models, methods=["GET"])
    app.add_route(
        "/v1/embeddings",
        embeddings_endpoint(service.embedder, elsewhere, limit),
        methods=["POST"],
    )
    app.add_route("/v1/cache/feedback", feedback_endpoint(service.feedback), methods=["POST"])
    app.add_route("/v1/{path:path}", elsewhere.endpoint, methods=_METHODS)
    add_error_handlers(app)
    app.add_middleware(ClientAccess, key_ring=service.key_ring, further_paths=service.keyed_paths)
    app.add_middleware(RequestIds)
    return app


def add_error_handlers(app: Starlette) -> None:
    """Answer every error in OpenAI's shape."""

    async def on_refused(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, RequestRefused)  # noqa: S101 - registered for it alone
        return refused(exc, request.state.request_id)

    async def on_upstream(request: Request, exc: Exception) -> Response:
        assert isinstance(exc, UpstreamError)  # noqa: S101 - registered for it alone
        return upstream_failed(exc, request.state.request_id)

    async def on_http(request: Request, exc: Exception) -> Response:
        method_wrong = isinstance(exc, HTTPException) and exc.status_code == MethodNotAllowed.status
        what = f"{request.method} {request.url.path[:200]}"
        error: RequestRefused
        if method_wrong:
            error = MethodNotAllowed(f"{what}: this path does not take this method.")
        else:
            error = NotFound(
                f"{what}: there is no such path. OpenAI's paths start with /v1.",
                code="unknown_url",
            )
        return refused(error, request.state.request_id)

    app.add_exception_handler(RequestRefused, on_refused)
    app.add_exception_handler(UpstreamError, on_upstream)
    app.add_exception_handler(HTTPException, on_http)


class RequestIds:
    """Names every request, and turns a fault of ours into an answer that names it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = new_request_id()
        scope.setdefault("state", {})["request_id"] = request_id
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            _log.exception("request %s failed", request_id)
            if begun:  # the client sees a cut connection, which is what happened
                raise
            await unforeseen(request_id)(scope, receive, send)
