"""A FastAPI application that serves our routes and nothing of its own.

Never redirects, since a redirect would be built from the Host header; never describes itself on a
path that we did not choose; never traces, since that would take an exporter from the environment.
"""

from typing import TYPE_CHECKING

from fastapi import FastAPI

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig
    from starlette.types import Lifespan

_NO_TELEMETRY: "TelemetryConfig" = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def bare_app(lifespan: "Lifespan[FastAPI] | None" = None) -> FastAPI:
    """An application without routes."""
    return FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
        lifespan=lifespan,
    )
