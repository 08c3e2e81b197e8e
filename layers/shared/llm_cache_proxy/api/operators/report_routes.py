"""Figures, health, settings and explanations for operators: each path is one action."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from llm_cache_proxy.api.http.json_body import JsonBody
from llm_cache_proxy.api.operators.access import Perform
from llm_cache_proxy.api.operators.schemas import actions, answers
from llm_cache_proxy.api.operators.schemas.learning import LearningAnswer
from llm_cache_proxy.api.operators.schemas.metrics import Stats
from llm_cache_proxy.api.operators.schemas.requests import RequestPage

_MAX_BODY_BYTES = 5_000_000

router = APIRouter()


@router.get("/stats", response_model=Stats)
async def stats(fields: Annotated[actions.OfTenant, Query()], perform: Perform) -> Response:
    """The figures of `/metrics`, and how many entries there are."""
    return await perform("stats", fields)


@router.get("/requests", response_model=RequestPage)
async def requests(fields: Annotated[actions.ListRequests, Query()], perform: Perform) -> Response:
    """A page of recent requests, newest first, and the figures of all that were chosen."""
    return await perform("requests", fields)


@router.get("/health", response_model=answers.StoreHealthAnswer)
async def store_health(_: Annotated[actions.NoFields, Query()], perform: Perform) -> Response:
    """Whether each part works: stores are read and written, upstreams asked for their models."""
    return await perform("health")


@router.get("/config", response_model=answers.Config)
async def config(_: Annotated[actions.NoFields, Query()], perform: Perform) -> Response:
    """The effective settings, secrets masked."""
    return await perform("config")


@router.post("/explain", response_model=answers.Explained)
async def explain(
    fields: Annotated[actions.Explain, Depends(JsonBody(actions.Explain, _MAX_BODY_BYTES))],
    perform: Perform,
) -> Response:
    """What would become of a request, and why; nothing is asked of the upstream."""
    return await perform("explain", fields)


@router.get("/learning", response_model=LearningAnswer)
async def learning(fields: Annotated[actions.OfOneTenant, Query()], perform: Perform) -> Response:
    """What labels say of semantic hits against MAX_WRONG_SHARE: of a tenant, and over all."""
    return await perform("learning", fields)


@router.post("/threshold/restore", response_model=answers.ThresholdRestored)
async def restore_threshold(
    fields: Annotated[actions.OfOneTenant, Depends(JsonBody(actions.OfOneTenant, _MAX_BODY_BYTES))],
    perform: Perform,
) -> Response:
    """Take back what samples have done to a tenant's threshold."""
    return await perform("restore_threshold", fields)
