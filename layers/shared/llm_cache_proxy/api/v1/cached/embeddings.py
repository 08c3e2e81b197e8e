"""`POST /v1/embeddings`: our own model by its name, every other model cached input by input."""

from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.http.raw_requests import request_headers
from llm_cache_proxy.api.http.request_bodies import read_json_body
from llm_cache_proxy.api.v1.cached.answered import answered
from llm_cache_proxy.api.v1.own.embeddings import OWN_NAMES, own_embedding
from llm_cache_proxy.api.v1.service import service_of
from llm_cache_proxy.api.v1.uncached.passthrough import PassThrough
from llm_cache_proxy.domain.dialects.opaque import OpaqueDialect
from llm_cache_proxy.domain.embeddings.batch import batch_of
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import parse_object
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.planned_request import ClientRequest, client_request
from llm_cache_proxy.pipeline.request.state import RequestState

_DIALECT = OpaqueDialect("/embeddings")


async def create_embedding(request: Request) -> Response:
    """Vectors of texts: all-MiniLM-L6-v2 runs here, other models answer from cache or upstream."""
    service = service_of(request)
    body = await read_json_body(request, service.max_body_bytes)
    fields = parse_object(body)
    if not isinstance(fields.get("model"), str):
        raise InvalidRequest("'model' must name a model.", param="model")
    if fields["model"] in OWN_NAMES and service.embedder is not None:
        return await own_embedding(request, fields, service.embedder)
    batch = batch_of(fields)
    if batch is None:
        return await PassThrough.over(service).forward(request, _DIALECT.path, body)
    parsed = client_request(
        request.state.client,
        _DIALECT,
        batch.rest,
        body=body,
        headers=request_headers(request.headers),
        query=request.url.query,
    )

    async def ask(parsed: ClientRequest, state: RequestState) -> Answer:
        return await service.pipeline.embeddings.answer(parsed, batch, state)

    return await answered(request, parsed, ask)
