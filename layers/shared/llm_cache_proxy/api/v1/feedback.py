"""`POST /v1/cache/feedback`: a client's word on an answer that it was given."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from llm_cache_proxy.administration import Feedback
from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.api.http.errors import unavailable
from llm_cache_proxy.api.http.headers import outcome_headers
from llm_cache_proxy.api.http.request_body import read_json_body
from llm_cache_proxy.domain.errors import CacheTierError
from llm_cache_proxy.domain.json_text import parse_object
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.admission import Admission
from llm_cache_proxy.pipeline.request.answer import Outcome

_MAX_BODY_BYTES = 10_000


def feedback_endpoint(
    feedback: Feedback, admission: Admission
) -> Callable[[Request], Awaitable[Response]]:
    """The handler; the feedback counts for the client's own tenant alone."""

    async def give(request: Request) -> Response:
        fields = Fields(parse_object(await read_json_body(request, _MAX_BODY_BYTES)))
        await admission.free(request.state.client)
        try:
            response: Response = JSONResponse(
                await feedback.give(request.state.client.tenant, fields)
            )
        except CacheTierError as exc:
            response = unavailable(exc)
        outcome = Outcome(Result.BYPASS, str(Reason.UNCACHED_ROUTE))
        response.headers.update(outcome_headers(outcome, request.state.request_id))
        return response

    return give
