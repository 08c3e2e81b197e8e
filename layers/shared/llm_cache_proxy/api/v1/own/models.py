"""`GET /v1/models`: the models of all upstreams, and our embedding model."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from llm_cache_proxy.api.http.answers import outcome_headers
from llm_cache_proxy.api.v1.own.embeddings import OWN_MODEL
from llm_cache_proxy.api.v1.schemas import Model, ModelList
from llm_cache_proxy.api.v1.service import Admitted, CurrentService, Service
from llm_cache_proxy.domain.errors import NotFound
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE, Outcome
from llm_cache_proxy.pipeline.request.state import RequestState

_OWN: JsonObject = {
    "id": OWN_MODEL,
    "object": "model",
    "created": 1_630_000_000,
    "owned_by": "sentence-transformers",
}


router = APIRouter(prefix="/v1", redirect_slashes=False)


@router.get("/models", response_model=ModelList)
async def list_models(request: Request, service: CurrentService, state: Admitted) -> Response:
    """The models of every upstream, and the embedding model of the proxy."""
    return _json({"object": "list", "data": await _models(service)}, request, state)


@router.get("/models/{model:path}", response_model=Model)
async def retrieve_model(
    model: Annotated[str, Path(min_length=1)],
    request: Request,
    service: CurrentService,
    state: Admitted,
) -> Response:
    """One model by its name."""
    if model == OWN_MODEL and service.embedder is not None:
        return _json(_OWN, request, state)
    for each in await _models(service):
        if each.get("id") == model:
            return _json(each, request, state)
    raise NotFound(
        f"The model '{model[:100]}' does not exist.", param="model", code="model_not_found"
    )


async def _models(service: Service) -> list[JsonObject]:
    own = [] if service.embedder is None else [_OWN]
    return [*await service.pipeline.ports.upstream.models(), *own]


def _json(value: JsonObject, request: Request, state: RequestState) -> Response:
    outcome = Outcome(Result.BYPASS, str(Reason.UNCACHED_ROUTE), grant=state.account.grant)
    headers = outcome_headers(outcome, request.state.request_id)
    return Response(compact_text(value), headers=headers, media_type=JSON_TYPE)
