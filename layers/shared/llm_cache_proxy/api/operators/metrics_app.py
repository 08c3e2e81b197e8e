"""`GET /metrics` and the dashboard: which form the numbers are wanted in, and the page's files.

The page itself is public; its numbers are behind the admin key.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Query, Request
from starlette.responses import Response

from llm_cache_proxy.administration import Administration
from llm_cache_proxy.api.operators.access import (
    ADMIN_KEY,
    CurrentAdministration,
    Operators,
    json_response,
    operator_headers,
)
from llm_cache_proxy.api.operators.app import operator_app
from llm_cache_proxy.api.operators.dashboard import router as dashboard_router
from llm_cache_proxy.api.operators.prometheus import CONTENT_TYPE, exposition
from llm_cache_proxy.api.operators.schemas.actions import ShowDashboard
from llm_cache_proxy.api.operators.schemas.metrics import DashboardData, Metrics
from llm_cache_proxy.api.pages import router as pages_router

_PROMETHEUS_TYPES = frozenset({"text/plain", "application/openmetrics-text"})
_TEXT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
}

router = APIRouter(dependencies=ADMIN_KEY)


def create_metrics_app(administration: Administration, admin_key: str | None) -> FastAPI:
    """The metrics function's app: numbers, and every page for people."""
    return operator_app(METRICS_ROUTERS, Operators(administration, admin_key))


@router.get("/metrics", response_model=Metrics, responses=_TEXT)
async def metrics(
    request: Request,
    administration: CurrentAdministration,
    tenant: str | None = None,
    form: Annotated[Literal["json", "prometheus"] | None, Query(alias="format")] = None,
) -> Response:
    """What was counted: as JSON, or in Prometheus's text format on request."""
    if _wants_prometheus(request, form):
        found = await administration.tally(tenant or None)
        trust = await administration.trust(tenant or None)
        breakers, parts = administration.breakers(), await administration.part_states()
        text = exposition(found, administration.prices, breakers, trust, parts)
        return Response(text, headers=operator_headers(request) | {"content-type": CONTENT_TYPE})
    return json_response(request, await administration.metrics(tenant or None))


@router.get("/dashboard/data", response_model=DashboardData)
async def dashboard_data(
    request: Request,
    administration: CurrentAdministration,
    shown: Annotated[ShowDashboard, Query()],
) -> Response:
    """What the dashboard draws, of one tenant or of all.

    Of a model or a client's key it is of the requests that are kept, which `kept` counts.
    """
    found = await administration.dashboard(
        shown.range,
        shown.tenant,
        shown.since,
        shown.until,
        model=shown.model,
        key=shown.key,
    )
    return json_response(request, found)


METRICS_ROUTERS = (router, dashboard_router, pages_router)
"""In the order in which a path is looked up: the data before the files of its page."""


def _wants_prometheus(request: Request, form: str | None) -> bool:
    """Whether text was asked for: by `format`, or by an Accept that prefers it to JSON.

    Prometheus names its own types; `*/*` alone, and clients that list JSON first, get JSON.
    """
    if form is not None:
        return form == "prometheus"
    weights = _accepted(request.headers.get("accept", ""))
    text = max((weights.get(kind, 0.0) for kind in _PROMETHEUS_TYPES), default=0.0)
    return text > weights.get("application/json", 0.0)


def _accepted(header: str) -> dict[str, float]:
    """Media types and their weights (RFC 9110, section 12.5.1)."""
    weights: dict[str, float] = {}
    for part in header.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _weight(value)
        weights[kind] = max(weight, weights.get(kind, 0.0))
    return weights


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
