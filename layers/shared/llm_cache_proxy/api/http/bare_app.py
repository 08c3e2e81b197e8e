"""A FastAPI application that serves our routes and nothing of its own.

Never redirects, since a redirect would be built from the Host header; never describes itself on a
path that we did not choose; never traces, since that would take an exporter from the environment.
"""

from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.errors import ServerErrorMiddleware

from llm_cache_proxy.api.http.raw_requests import RawRoutesFirst

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig
    from starlette.types import ASGIApp, Lifespan

_NO_TELEMETRY: "TelemetryConfig" = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


class BareApplication(FastAPI):
    """FastAPI without the middleware that we have no use for."""

    def build_middleware_stack(self) -> "ASGIApp":
        """Our middleware, then the answers to errors, then the routes.

        FastAPI's own adds its telemetry and a limit for bodies, and, where no handler for faults is
        registered, Starlette's answer to them, which the server gives as well.
        """
        handlers = dict(self.exception_handlers)
        on_fault = handlers.pop(Exception, None)
        app: ASGIApp = RawRoutesFirst(self.router, handlers)
        for each in reversed(self.user_middleware):
            app = each.cls(app, *each.args, **each.kwargs)
        return app if on_fault is None else ServerErrorMiddleware(app, on_fault)


def bare_app(lifespan: "Lifespan[FastAPI] | None" = None) -> FastAPI:
    """An application without routes."""
    return BareApplication(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
        lifespan=lifespan,
    )
