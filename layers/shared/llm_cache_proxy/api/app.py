"""The completions function's HTTP app: which route goes where, and errors in one place."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from llm_cache_proxy.administration import Feedback
from llm_cache_proxy.api.http import paths
from llm_cache_proxy.api.http.errors import refused, upstream_failed
from llm_cache_proxy.api.middleware.client_access import ClientAccess
from llm_cache_proxy.api.middleware.request_events import RequestEventMiddleware
from llm_cache_proxy.api.v1 import openapi
from llm_cache_proxy.api.v1.cached import CACHED, cached_endpoint
from llm_cache_proxy.api.v1.embeddings import embeddings_endpoint
from llm_cache_proxy.api.v1.feedback import feedback_endpoint
from llm_cache_proxy.api.v1.models import models_endpoint
from llm_cache_proxy.api.v1.passthrough import PassThrough
from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.domain.errors import (
    MethodNotAllowed,
    NotFound,
    RequestRefused,
    UpstreamError,
)
from llm_cache_proxy.pipeline.composition import Pipeline
from llm_cache_proxy.pipeline.recording.request_events import RequestEvents
from llm_cache_proxy.ports.embedder import Embedder

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Service:
    """What the app serves with; `health` reports each part's state, `close` ends them.

    `meanwhile` runs for as long as the app does, where it outlives its requests.
    Without a `key_ring` no client needs a key; `keyed_paths` are served to keys besides the
    stateless ones.
    """

    pipeline: Pipeline
    embedder: Embedder
    feedback: Feedback
    max_body_bytes: int
    health: Callable[[], dict[str, object]]
    close: Callable[[], Awaitable[None]]
    request_events: RequestEvents
    meanwhile: Callable[[], Coroutine[None, None, None]] | None = None
    key_ring: KeyRing | None = None
    keyed_paths: frozenset[str] = frozenset()


def create_app(service: Service) -> Starlette:
    """The app with every `/v1` route and `/health`."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        task = None if service.meanwhile is None else asyncio.create_task(service.meanwhile())
        yield
        if task is not None:
            task.cancel()
        await service.close()

    app = Starlette(lifespan=lifespan)
    limit = service.max_body_bytes
    pipeline, admission = service.pipeline, service.pipeline.admission
    upstream, prices = pipeline.ports.upstream, pipeline.options.prices
    elsewhere = PassThrough(upstream, pipeline.counter_writer, admission, prices, limit)
    models = models_endpoint(upstream, admission)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", **service.health()})

    app.add_route("/health", health, methods=["GET"])
    for dialect in CACHED:
        endpoint = cached_endpoint(pipeline.proxy, dialect, limit)
        app.add_route(f"/v1{dialect.path}", endpoint, methods=["POST"])
    app.add_route("/v1/models", models, methods=["GET"])
    app.add_route("/v1/models/{model:path}", models, methods=["GET"])
    app.add_route(
        "/v1/embeddings",
        embeddings_endpoint(service.embedder, elsewhere, limit),
        methods=["POST"],
    )
    app.add_route(
        "/v1/cache/feedback", feedback_endpoint(service.feedback, admission), methods=["POST"]
    )
    app.add_route(f"/v1{paths.OPENAPI}", openapi.describe, methods=["GET"])
    app.add_route("/v1/{path:path}", elsewhere.endpoint, methods=_METHODS)
    add_error_handlers(app)
    app.add_middleware(ClientAccess, key_ring=service.key_ring, further_paths=service.keyed_paths)
    app.add_middleware(RequestEventMiddleware, request_events=service.request_events)
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
