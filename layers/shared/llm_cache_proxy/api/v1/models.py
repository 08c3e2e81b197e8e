"""`GET /v1/models`: the models of all upstreams, and our embedding model."""

from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.http.headers import outcome_headers
from llm_cache_proxy.api.v1.cached import Endpoint
from llm_cache_proxy.api.v1.embeddings import OWN_MODEL
from llm_cache_proxy.domain.errors import NotFound
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.admission import Admission
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE, Outcome
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.ports.upstream import Upstream

_OWN: JsonObject = {
    "id": OWN_MODEL,
    "object": "model",
    "created": 1_630_000_000,
    "owned_by": "sentence-transformers",
}


def models_endpoint(upstream: Upstream, admission: Admission) -> Endpoint:
    """The handler of `/v1/models` and `/v1/models/{model}`."""

    async def answer(request: Request) -> Response:
        state = await admission.free(request.state.client)
        models = [*await upstream.models(), _OWN]
        wanted = request.path_params.get("model")
        if wanted is None:
            return _json({"object": "list", "data": models}, request, state)
        for model in models:
            if model.get("id") == wanted:
                return _json(model, request, state)
        raise NotFound(
            f"The model '{wanted[:100]}' does not exist.", param="model", code="model_not_found"
        )

    return answer


def _json(value: JsonObject, request: Request, state: RequestState) -> Response:
    outcome = Outcome(Result.BYPASS, str(Reason.UNCACHED_ROUTE), grant=state.account.grant)
    headers = outcome_headers(outcome, request.state.request_id)
    return Response(compact_text(value), headers=headers, media_type=JSON_TYPE)
