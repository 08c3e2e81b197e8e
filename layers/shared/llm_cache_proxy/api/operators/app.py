"""An app of operators' routes alone, as the metrics and the admin function serve it."""

import logging
from collections.abc import Sequence

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.application import closing, create_application
from llm_cache_proxy.api.http.errors import unforeseen
from llm_cache_proxy.api.http.raw_requests import request_id_of
from llm_cache_proxy.api.middleware.web_pages import WebPageProtection
from llm_cache_proxy.api.operators.access import Operators

_log = logging.getLogger(__name__)


def operator_app(routers: Sequence[APIRouter], operators: Operators) -> FastAPI:
    """An app with `routers`; the administration is closed when it ends."""
    app = create_application(closing(operators.administration.close))
    include_operators(app, routers, operators)
    app.add_middleware(WebPageProtection, cors_allow_origins=None)
    app.add_exception_handler(Exception, _on_fault)
    return app


def include_operators(app: FastAPI, routers: Sequence[APIRouter], operators: Operators) -> None:
    """Serve `routers` from `app`, over these operators' parts."""
    app.state.operators = operators
    for router in routers:
        app.include_router(router)


async def _on_fault(request: Request, exc: Exception) -> Response:
    # Starlette raises the fault again after this answer, so that the server logs it whole.
    request_id = request_id_of(request)
    _log.error("request %s failed: %s", request_id, type(exc).__name__)
    return unforeseen(request_id, request.scope["path"])
