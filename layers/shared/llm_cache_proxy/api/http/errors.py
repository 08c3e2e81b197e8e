"""One table from our errors to HTTP, in the shape that the path's clients know.

Never shows an exception's text unless it was written for clients.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from starlette.responses import Response

from llm_cache_proxy.api.http.answers import error_body, in_shape, named_for, outcome_headers
from llm_cache_proxy.domain.dialects.anthropic.errors import (
    anthropic_error,
    anthropic_status,
    speaks_anthropic,
)
from llm_cache_proxy.domain.errors import (
    CacheTierError,
    ClientError,
    NotInCache,
    RequestRefused,
    UpstreamError,
    UpstreamRefusal,
)
from llm_cache_proxy.domain.json_text import compact_text
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE, Outcome

CLIENT_LEFT_CODE = "client_left"
"""The code of a refusal that no client reads: it had left."""
_NO_CODE = "invalid_request"


def refused(exc: RequestRefused, request_id: str, path: str) -> Response:
    """The response to a request that cannot be served as it is."""
    outcome = refusal_outcome(exc)
    return _response(_ErrorFields.of(exc), outcome, request_id, path, exc.headers)


def refusal_outcome(exc: RequestRefused) -> Outcome:
    """What became of a request that was refused, with the error's code as its cause."""
    if isinstance(exc, NotInCache):
        return Outcome(Result.MISS, str(Reason.NOT_FOUND))
    if exc.code == CLIENT_LEFT_CODE:
        return Outcome(Result.ERROR, str(Reason.CLIENT_LEFT))
    return Outcome(Result.REFUSED, f"{Reason.REFUSED}:{exc.code or _NO_CODE}")


def upstream_failed(exc: UpstreamError, request_id: str, path: str) -> Response:
    """The response where the upstream gave no answer."""
    outcome = Outcome(Result.ERROR, str(Reason.UPSTREAM_ERROR))
    if isinstance(exc, UpstreamRefusal):
        body = in_shape(exc.status, "", exc.body, request_id, path) or exc.body
        headers = outcome_headers(outcome, request_id) | named_for(request_id, path)
        return Response(body, exc.status, headers=headers, media_type=JSON_TYPE)
    return _response(_ErrorFields.of(exc), outcome, request_id, path)


def unavailable(exc: CacheTierError, request_id: str, path: str) -> Response:
    """The response if a store did not answer."""
    error = _ErrorFields(
        503,
        f"The {exc.tier} tier's store did not answer: {exc}",
        "service_unavailable_error",
        code=f"{exc.tier}_unavailable",
    )
    return _response(error, Outcome(Result.ERROR, str(Reason.INTERNAL_ERROR)), request_id, path)


def unforeseen(request_id: str, path: str) -> Response:
    """The response to a fault of ours: names the log line, and nothing else."""
    error = _ErrorFields(
        500,
        f"The proxy failed to serve this request. Its log has more under {request_id}.",
        "server_error",
        code="internal_error",
    )
    return _response(error, Outcome(Result.ERROR, str(Reason.INTERNAL_ERROR)), request_id, path)


def stopping(request_id: str, path: str) -> Response:
    """The response to a request that the server's end has cut off."""
    error = _ErrorFields(
        503,
        "The proxy stopped before it had an answer. Send the request again.",
        "service_unavailable_error",
        code="server_stopping",
    )
    return _response(error, Outcome(Result.ERROR, str(Reason.INTERNAL_ERROR)), request_id, path)


@dataclass(frozen=True, slots=True)
class _ErrorFields:
    """The fields of an error's body, and its status."""

    status: int
    message: str
    error_type: str
    param: str | None = None
    code: str | None = None

    @classmethod
    def of(cls, exc: ClientError) -> Self:
        """Those of `exc`."""
        return cls(exc.status, exc.message, exc.error_type, exc.param, exc.code)


def _response(
    error: _ErrorFields,
    outcome: Outcome,
    request_id: str,
    path: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    if speaks_anthropic(path):
        status = anthropic_status(error.status)
        body = compact_text(anthropic_error(error.message, status, request_id)).encode("utf-8")
    else:
        status = error.status
        body = error_body(error.message, error.error_type, param=error.param, code=error.code)
    ours = outcome_headers(outcome, request_id) | named_for(request_id, path)
    return Response(body, status, headers=ours | dict(headers or {}), media_type=JSON_TYPE)
