"""One table from our errors to HTTP, always in OpenAI's shape.

Never shows an exception's text unless it was written for clients.
"""

from collections.abc import Mapping

from starlette.responses import Response

from llm_cache_proxy.api.http.answers import error_body, in_openai_shape, outcome_headers
from llm_cache_proxy.domain.errors import (
    CacheTierError,
    NotInCache,
    RequestRefused,
    UpstreamError,
    UpstreamRefusal,
)
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE, Outcome

CLIENT_LEFT = "client_left"
"""The code of a refusal that no client reads: it had left."""
_NO_CODE = "invalid_request"


def refused(exc: RequestRefused, request_id: str) -> Response:
    """The response to a request that cannot be served as it is."""
    return _response(
        exc.status,
        error_body(exc.message, exc.error_type, param=exc.param, code=exc.code),
        outcome_headers(refusal_outcome(exc), request_id) | exc.headers,
    )


def refusal_outcome(exc: RequestRefused) -> Outcome:
    """What became of a request that was refused, with the error's code as its cause."""
    if isinstance(exc, NotInCache):
        return Outcome(Result.MISS, str(Reason.NOT_FOUND))
    if exc.code == CLIENT_LEFT:
        return Outcome(Result.ERROR, str(Reason.CLIENT_LEFT))
    return Outcome(Result.REFUSED, f"{Reason.REFUSED}:{exc.code or _NO_CODE}")


def upstream_failed(exc: UpstreamError, request_id: str) -> Response:
    """The response where the upstream gave no answer."""
    outcome = Outcome(Result.ERROR, str(Reason.UPSTREAM_ERROR))
    body = error_body(exc.message, "upstream_error", code=exc.code)
    if isinstance(exc, UpstreamRefusal):
        body = in_openai_shape(exc.status, "", exc.body) or exc.body
    return _response(
        exc.status,
        body,
        outcome_headers(outcome, request_id),
    )


def unavailable(exc: CacheTierError, request_id: str) -> Response:
    """The response where a store did not answer."""
    message = f"The {exc.tier} tier's store did not answer: {exc}"
    return _response(
        503,
        error_body(message, "service_unavailable_error", code=f"{exc.tier}_unavailable"),
        outcome_headers(Outcome(Result.ERROR, str(Reason.INTERNAL_ERROR)), request_id),
    )


def unforeseen(request_id: str) -> Response:
    """The response to a fault of ours: says where to look, and nothing else."""
    message = f"The proxy failed to serve this request. Its log has more under {request_id}."
    outcome = Outcome(Result.ERROR, str(Reason.INTERNAL_ERROR))
    return _response(
        500,
        error_body(message, "server_error", code="internal_error"),
        outcome_headers(outcome, request_id),
    )


def _response(status: int, body: bytes, headers: Mapping[str, str]) -> Response:
    return Response(body, status, headers=dict(headers), media_type=JSON_TYPE)
