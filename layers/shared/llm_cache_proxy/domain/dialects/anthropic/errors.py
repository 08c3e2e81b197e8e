"""Errors as Anthropic's API writes them, and which paths have them.

Source of types and statuses: https://platform.claude.com/docs/en/api/errors.
"""

from collections.abc import Mapping

from llm_cache_proxy.domain.dialects.streams.sse import named_event
from llm_cache_proxy.domain.errors import ClientError
from llm_cache_proxy.domain.json_text import JsonObject, compact_text, object_or_none

OVERLOADED = 529
_SERVER_ERROR, _UNAVAILABLE = 500, 503

_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    _UNAVAILABLE: "overloaded_error",
    504: "timeout_error",
    OVERLOADED: "overloaded_error",
}


BELOW = "/v1/messages/"
"""What a path with a slash behind it begins with where it is of Anthropic's Messages API."""


def speaks_anthropic(path: str) -> bool:
    """Whether the path, below `/v1` or from there, is of Anthropic's Messages API."""
    return f"/v1{path.removeprefix('/v1')}/".startswith(BELOW)


def anthropic_error(message: str, status: int, request_id: str | None = None) -> JsonObject:
    """An error as Anthropic writes it; its type is that of the status."""
    unlisted = "api_error" if status >= _SERVER_ERROR else "invalid_request_error"
    error = {"type": _TYPES.get(status, unlisted), "message": message}
    return {"type": "error", "error": error, "request_id": request_id}


def anthropic_status(status: int) -> int:
    """The status of an error of the proxy's own: Anthropic says 529 where others say 503."""
    return OVERLOADED if status == _UNAVAILABLE else status


def in_anthropic_shape(status: int, error: JsonObject, request_id: str | None) -> JsonObject:
    """An error of another shape, as Anthropic writes it; one of that shape stays as it is."""
    said = error.get("error")
    named = said if isinstance(said, dict) else {"message": said}
    if isinstance(named.get("type"), str) and error.get("type") == "error":
        return error
    message = named.get("message") or error.get("message") or error.get("detail")
    text = message if isinstance(message, str) else f"The upstream answered {status}."
    return anthropic_error(text, status, request_id)


class AnthropicErrors:
    """How a stream of Anthropic's ends with an error."""

    @staticmethod
    def error_event(error: ClientError) -> bytes:
        """The event that says that there will be no more."""
        status = anthropic_status(error.status)
        return _event(anthropic_error(error.message, status))

    @staticmethod
    def relayed_error_event(status: int, body: bytes) -> bytes:
        """An upstream's error, which came as JSON when the stream had begun."""
        said = object_or_none(body) or {}
        return _event(in_anthropic_shape(status, said, None))


def _event(error: JsonObject) -> bytes:
    return named_event("error", compact_text(error)).encode()
