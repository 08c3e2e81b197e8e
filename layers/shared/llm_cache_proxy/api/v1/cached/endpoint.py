"""The handlers of cached endpoints: HTTP to the pipeline's request, its answer to HTTP."""

from asyncio import to_thread
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.http.answers import to_response
from llm_cache_proxy.api.http.raw_requests import (
    Endpoint,
    query_of,
    request_headers,
    while_connected,
)
from llm_cache_proxy.api.http.request_bodies import read_json_body
from llm_cache_proxy.domain.dialects.dialect import Dialect
from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.domain.json_text import JsonObject, parse_object
from llm_cache_proxy.pipeline.recording.request_events import CLIENT_LEFT_STATUS
from llm_cache_proxy.pipeline.request.planned_request import LARGE_BODY_BYTES, client_request
from llm_cache_proxy.pipeline.request.state import RequestState

if TYPE_CHECKING:
    from llm_cache_proxy.api.v1.service import Service
    from llm_cache_proxy.pipeline.recording.request_events import RequestEventDraft


async def _parsed(body: bytes) -> JsonObject:
    if len(body) < LARGE_BODY_BYTES:
        return parse_object(body)
    return await to_thread(parse_object, body)


def cached_endpoint(dialect: Dialect) -> Endpoint:
    """The handler of a cached endpoint that speaks `dialect`."""

    async def answer(request: Request) -> Response:
        service: Service = request.app.state.service
        state = request.scope["state"]
        draft: RequestEventDraft = state["event_draft"]
        headers, query = request_headers(request.headers), query_of(request)
        body = await read_json_body(request, service.max_body_bytes, headers)
        fields = await _parsed(body)
        parsed = client_request(
            state["client"], dialect, fields, body=body, headers=headers, query=query
        )
        draft.model = parsed.model
        draft.state = RequestState()
        proxy = service.pipeline.proxy
        work = proxy.answer(parsed, draft.state)
        if parsed.form is not Form.JSON and not proxy.miss.detached_tasks.finishes:
            answer = await while_connected(request, work)
        else:
            answer = await work
        if answer is None:
            return Response(status_code=CLIENT_LEFT_STATUS)
        draft.outcome = answer.outcome
        return to_response(answer, draft.request_id, f"/v1{dialect.path}")

    return answer
