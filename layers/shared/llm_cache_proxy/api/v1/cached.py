"""The cached endpoints: HTTP to the pipeline's request, its answer to HTTP."""

from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.http.answers import to_response
from llm_cache_proxy.api.http.connected import CLIENT_LEFT, while_connected
from llm_cache_proxy.api.http.headers import request_headers
from llm_cache_proxy.api.http.raw_route import Endpoint
from llm_cache_proxy.api.http.request_body import read_json_body
from llm_cache_proxy.api.middleware.request_events import event_draft_of
from llm_cache_proxy.api.v1.service import service_of
from llm_cache_proxy.domain.dialects.dialect import Dialect
from llm_cache_proxy.domain.json_text import parse_object
from llm_cache_proxy.domain.requests.controls import parse_controls
from llm_cache_proxy.pipeline.request.planned_request import ClientRequest, model_of
from llm_cache_proxy.pipeline.request.state import RequestState


def cached_endpoint(dialect: Dialect) -> Endpoint:
    """The handler of a cached endpoint that speaks `dialect`."""

    async def answer(request: Request) -> Response:
        service = service_of(request)
        body = await read_json_body(request, service.max_body_bytes)
        headers = request_headers(request.headers)
        record = event_draft_of(request)
        cached = ClientRequest(
            tenant=request.state.client.tenant,
            query=request.url.query,
            headers=headers,
            body=body,
            fields=dialect.checked(parse_object(body)),
            controls=parse_controls(headers),
            dialect=dialect,
            key_id=request.state.client.key_id,
        )
        record.model = model_of(cached.fields)
        record.state = RequestState()
        proxy = service.pipeline.proxy
        work = proxy.answer(cached, record.state)
        streams = dialect.wants_stream(cached.fields)
        if streams and not proxy.miss.detached_tasks.finishes:
            answer = await while_connected(request, work)
        else:
            answer = await work
        if answer is None:
            return Response(status_code=CLIENT_LEFT)
        record.outcome = answer.outcome
        return to_response(answer, record.request_id)

    return answer
