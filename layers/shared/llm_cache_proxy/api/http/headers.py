"""The headers that tell a client where its answer came from."""

import uuid

from starlette.datastructures import Headers
from starlette.requests import Request

from llm_cache_proxy.domain.client_keys.refusals import limit_headers
from llm_cache_proxy.domain.metrics.pricing import format_dollars
from llm_cache_proxy.pipeline.request.answer import Outcome


def new_request_id() -> str:
    """A name for one request, in answers, logs and traces."""
    return f"req_{uuid.uuid4().hex}"


def request_id_of(request: Request) -> str:
    """The request's name; it gets one here where nothing has named it before."""
    request_id: str | None = getattr(request.state, "request_id", None)
    if request_id is None:
        request_id = request.state.request_id = new_request_id()
    return request_id


def request_headers(headers: Headers) -> dict[str, str]:
    """Names in lower case; of one that was sent several times, the values with commas between.

    RFC 9110, section 5.3: they mean the same, and none of them may be overlooked.
    """
    values: dict[str, list[str]] = {}
    for name, value in headers.items():
        values.setdefault(name, []).append(value)
    return {name: ", ".join(sent) for name, sent in values.items()}


def outcome_headers(outcome: Outcome, request_id: str) -> dict[str, str]:
    """`x-cache` and what goes with it; absent facts have no header."""
    headers = {
        "x-cache": outcome.result.value,
        "x-cache-reason": outcome.reason,
        "x-request-id": request_id,
    }
    if outcome.similarity is not None:
        headers["x-cache-similarity"] = f"{outcome.similarity:.4f}"
    if outcome.age_seconds is not None:
        headers["age"] = str(outcome.age_seconds)
    if outcome.ttl_seconds is not None:
        headers["x-cache-ttl"] = str(outcome.ttl_seconds)
    if outcome.entry_id is not None:
        headers["x-cache-entry"] = outcome.entry_id
    if outcome.saved_tokens is not None:
        headers["x-cache-saved-tokens"] = str(outcome.saved_tokens)
    if outcome.saved_nano_dollars is not None:
        headers["x-cache-saved-dollars"] = format_dollars(outcome.saved_nano_dollars)
    headers |= limit_headers(outcome.grant)
    if outcome.timings:
        headers["server-timing"] = ", ".join(
            f"{step};dur={spent:.2f}" for step, spent in outcome.timings.items()
        )
    return headers
