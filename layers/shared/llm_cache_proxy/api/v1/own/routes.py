"""The routes below `/v1` that are the proxy's own, imported when one of them is wanted."""

from fastapi import APIRouter

from llm_cache_proxy.api.http.router_on_first_use import RouterOnFirstUse


def _models() -> APIRouter:
    from llm_cache_proxy.api.v1.own.models import router  # noqa: PLC0415 - on first use

    return router


def _feedback() -> APIRouter:
    from llm_cache_proxy.api.v1.own.feedback import router  # noqa: PLC0415 - on first use

    return router


MODEL_ROUTES = (
    RouterOnFirstUse("GET", "/v1/models", _models),
    RouterOnFirstUse("GET", "/v1/models/", _models),
)
OWN_ROUTES = (RouterOnFirstUse("POST", "/v1/cache/feedback", _feedback),)
