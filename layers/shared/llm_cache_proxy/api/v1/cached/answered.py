"""Answers a request to an endpoint without streams through one part of the pipeline."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.http.answers import to_response
from llm_cache_proxy.api.middleware.request_events import event_draft_of
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.planned_request import ClientRequest
from llm_cache_proxy.pipeline.request.state import RequestState


async def answered(
    request: Request,
    parsed: ClientRequest,
    ask: Callable[[ClientRequest, RequestState], Awaitable[Answer]],
) -> Response:
    """The response with what `ask` gives; the request's event is filled in."""
    draft = event_draft_of(request)
    draft.model, draft.state = parsed.model, RequestState()
    answer = await ask(parsed, draft.state)
    draft.outcome = answer.outcome
    return to_response(answer, draft.request_id, request.scope["path"])
