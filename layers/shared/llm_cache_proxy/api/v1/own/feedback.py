"""`POST /v1/cache/feedback`: a client's judgement of an answer that it was given."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from llm_cache_proxy.api.http.answers import outcome_headers
from llm_cache_proxy.api.http.json_body import JsonBody
from llm_cache_proxy.api.http.raw_requests import request_id_of
from llm_cache_proxy.api.v1.schemas import FeedbackAnswer, FeedbackRequest
from llm_cache_proxy.api.v1.service import Admitted, CurrentClient, CurrentService
from llm_cache_proxy.domain.json_text import compact_text
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE, Outcome

router = APIRouter(prefix="/v1", redirect_slashes=False)
_MAX_BODY_BYTES = 10_000


@router.post("/cache/feedback", response_model=FeedbackAnswer)
async def give_feedback(
    request: Request,
    given: Annotated[FeedbackRequest, Depends(JsonBody(FeedbackRequest, _MAX_BODY_BYTES))],
    client: CurrentClient,
    service: CurrentService,
    _: Admitted,
) -> Response:
    """Call an answer bad: its entry goes, and its pair of texts never matches again.

    The feedback counts for the client's own tenant alone.
    """
    done = await service.feedback().apply_fields(client.tenant, given.model_dump())
    outcome = Outcome(Result.BYPASS, str(Reason.UNCACHED_ROUTE))
    headers = outcome_headers(outcome, request_id_of(request))
    return Response(compact_text(done), headers=headers, media_type=JSON_TYPE)
