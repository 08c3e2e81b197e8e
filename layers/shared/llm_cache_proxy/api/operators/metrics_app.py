"""`GET /metrics` and the dashboard: which form the numbers are wanted in, and the page's files.

The page itself is public; its numbers are behind the admin key.
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from llm_cache_proxy.administration import Administration
from llm_cache_proxy.api.operators.admin_key import json_response, operator_endpoint
from llm_cache_proxy.api.operators.app import operator_app
from llm_cache_proxy.api.operators.dashboard import dashboard_file
from llm_cache_proxy.api.operators.prometheus import CONTENT_TYPE, exposition
from llm_cache_proxy.domain.errors import InvalidRequest

_PROMETHEUS_TYPES = frozenset({"text/plain", "application/openmetrics-text"})
_FORMATS = ("json", "prometheus")


def create_metrics_app(administration: Administration, admin_key: str | None) -> Starlette:
    """The metrics function's app."""
    return operator_app(metrics_routes(administration, admin_key), administration.close)


def metrics_routes(administration: Administration, admin_key: str | None) -> list[Route]:
    """`/metrics`, `/dashboard`, its files and its data."""

    async def metrics(request: Request) -> Response:
        tenant = request.query_params.get("tenant") or None
        if _wants_prometheus(request):
            found = await administration.tally(tenant)
            trust = await administration.trust(tenant)
            text = exposition(found, administration.prices, administration.breakers(), trust)
            return Response(text, headers={"content-type": CONTENT_TYPE})
        return json_response(await administration.metrics(tenant))

    async def data(request: Request) -> Response:
        return json_response(
            await administration.dashboard(request.query_params.get("range", "hour"))
        )

    return [
        Route("/metrics", operator_endpoint(metrics, admin_key), methods=["GET"]),
        Route("/dashboard/data", operator_endpoint(data, admin_key), methods=["GET"]),
        Route("/dashboard", dashboard_file, methods=["GET"]),
        Route("/dashboard/{name}", dashboard_file, methods=["GET"]),
    ]


def _wants_prometheus(request: Request) -> bool:
    """Whether text is wanted: by `format`, or by an Accept that prefers it to JSON.

    Prometheus names its own types; `*/*` alone, and clients that list JSON first, get JSON.
    """
    wanted = request.query_params.get("format")
    if wanted is not None and wanted not in _FORMATS:
        raise InvalidRequest(f"'format' must be one of {', '.join(_FORMATS)}.", param="format")
    if wanted is not None:
        return wanted == "prometheus"
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
