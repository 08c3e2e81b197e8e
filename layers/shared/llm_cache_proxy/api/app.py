"""The completions function's HTTP app: which route goes where."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from llm_cache_proxy.api.application import create_application
from llm_cache_proxy.api.http.raw_requests import RawRoute
from llm_cache_proxy.api.middleware.client_access import ClientAccess
from llm_cache_proxy.api.middleware.request_events import RequestEventMiddleware
from llm_cache_proxy.api.v1.own.routes import MODEL_ROUTES, OWN_ROUTES
from llm_cache_proxy.api.v1.raw_routes import CACHED_ROUTES, PASS_THROUGH_ROUTE, UNCACHED_ROUTES
from llm_cache_proxy.api.v1.service import Service

__all__ = ["Service", "create_app"]


def create_app(service: Service) -> FastAPI:
    """The app with every `/v1` route and `/health`."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = (
            None
            if service.background_work is None
            else asyncio.create_task(service.background_work())
        )
        try:
            yield
            if task is not None:
                task.cancel()
            await service.close()
        finally:
            # A second signal cancels all of that, and what has become of requests is still said.
            service.request_events.close()

    app = create_application(lifespan)
    app.state.service = service
    further = _named_routes(service) if service.cached_paths else []
    models = MODEL_ROUTES if service.upstream_keys is None else ()  # else the client's account's
    own = (*models, *OWN_ROUTES)
    app.router.routes.extend([*CACHED_ROUTES, *UNCACHED_ROUTES, *own, *further, PASS_THROUGH_ROUTE])
    app.add_middleware(
        ClientAccess,
        key_ring=service.key_ring,
        further_paths=service.keyed_paths,
        upstream_keys=service.upstream_keys,
    )
    app.add_middleware(RequestEventMiddleware, request_events=service.request_events)
    if service.tracer is not None:
        from llm_cache_proxy.api.middleware.tracing import TracedRequests  # noqa: PLC0415 - rare

        app.add_middleware(TracedRequests, tracer=service.tracer)
    return app


def _named_routes(service: Service) -> list[RawRoute]:
    from llm_cache_proxy.api.v1.cached.named_paths import named_routes  # noqa: PLC0415 - where they are

    return named_routes(service.cached_paths)
