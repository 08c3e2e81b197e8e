"""The pipeline's answers as HTTP responses, with the headers that say where each came from."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from llm_cache_proxy.domain.client_keys.refusals import limit_headers
from llm_cache_proxy.domain.dialects.anthropic.errors import (
    BELOW,
    in_anthropic_shape,
    speaks_anthropic,
)
from llm_cache_proxy.domain.dialects.streams.choices import tells_of_error
from llm_cache_proxy.domain.dialects.streams.sse import EventSplitter
from llm_cache_proxy.domain.errors import openai_error
from llm_cache_proxy.domain.json_text import compact_text, object_or_none
from llm_cache_proxy.domain.metrics.pricing import format_dollars
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE, Answer, Outcome

_ERROR = 400


class RelayedResponse(StreamingResponse):
    """A streamed body that is closed, and so cancelled upstream, when the client leaves."""

    def __init__(self, body: AsyncGenerator[bytes, None], status: int, **headers: str) -> None:
        super().__init__(body, status, headers=headers)
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send the pieces as they come; the body is closed even where none is wanted.

        Not in Starlette's task group, which has the first byte wait for a tenth of a millisecond.
        A `background` task of Starlette's is not run.
        """
        async with aclosing(self._body):
            sending = asyncio.ensure_future(self.stream_response(send))
            leaving = asyncio.ensure_future(self.listen_for_disconnect(receive))
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                leaving.cancel()
                if not sending.done():
                    sending.cancel()
                await asyncio.gather(sending, leaving, return_exceptions=True)
            for each in (sending, leaving):
                if not each.cancelled():
                    each.result()


def to_response(answer: Answer, request_id: str, path: str) -> Response:
    """The HTTP response for an answer to a request at `path`."""
    headers = dict(answer.headers) | outcome_headers(answer.outcome, request_id)
    headers |= named_for(request_id, path)
    headers["content-type"] = answer.content_type
    if isinstance(answer.body, bytes):
        body = answer.body
        # An encoded body was encoded by the upstream, and cannot be read.
        if answer.status >= _ERROR and "content-encoding" not in headers:
            replaced = in_shape(answer.status, answer.content_type, body, request_id, path)
            if replaced is not None:
                headers["content-type"], body = JSON_TYPE, replaced
        return Response(body, answer.status, headers=headers)
    headers["cache-control"] = "no-store"  # of intermediaries: the stream is for one client
    headers["x-accel-buffering"] = "no"
    return RelayedResponse(answer.body, answer.status, **headers)


def named_for(request_id: str, path: str) -> dict[str, str]:
    """The request's name where Anthropic's clients look for it."""
    return {"request-id": request_id} if f"{path}/".startswith(BELOW) else {}


def outcome_headers(outcome: Outcome, request_id: str) -> dict[str, str]:
    """`x-cache` and what goes with it; absent facts have no header."""
    headers = {
        "x-cache": str(outcome.result),
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
    if outcome.items is not None:
        headers["x-cache-items"] = "{}/{}".format(*outcome.items)
    if outcome.saved_tokens is not None:
        headers["x-cache-saved-tokens"] = str(outcome.saved_tokens)
    if outcome.saved_nano_dollars is not None:
        headers["x-cache-saved-dollars"] = format_dollars(outcome.saved_nano_dollars)
    if outcome.grant is not None:
        headers |= limit_headers(outcome.grant)
    if outcome.timings:
        headers["server-timing"] = ", ".join(
            f"{step};dur={spent:.2f}" for step, spent in outcome.timings.items()
        )
    return headers


def in_shape(
    status: int, content_type: str, body: bytes, request_id: str, path: str
) -> bytes | None:
    """An upstream's error body as the clients of `path` know errors; None where it may stay."""
    replaced = in_openai_shape(status, content_type, body)
    if not speaks_anthropic(path):
        return replaced
    said = object_or_none(body if replaced is None else replaced) or {}
    return compact_text(in_anthropic_shape(status, said, request_id)).encode("utf-8")


def error_body(
    message: str, error_type: str, *, param: str | None = None, code: str | None = None
) -> bytes:
    """OpenAI's error object."""
    error = openai_error(message, error_type, param=param, code=code)
    return compact_text(error).encode("utf-8")


def _error_event(body: bytes) -> bytes | None:
    """The data of the event that reports the error, or of the first one that is an object."""
    events = [event.data or "" for event in EventSplitter().feed(body + b"\n\n")]
    objects = [(data, read) for data in events if (read := object_or_none(data)) is not None]
    objects.sort(key=lambda each: not tells_of_error(each[1]))
    return objects[0][0].encode("utf-8") if objects else None


def _in_utf8(content_type: str, body: bytes) -> bytes:
    """A body in the charset that its type names; as it is where that cannot be."""
    _, named, charset = content_type.lower().partition("charset=")
    try:
        return body.decode(charset.strip("\"' ;")).encode("utf-8") if named else body
    except (LookupError, ValueError):
        return body


def _is_list_of_errors(body: bytes) -> bool:
    """Whether it is a list of error objects, as Google's API sends one."""
    inner = body.strip().removeprefix(b"[").removesuffix(b"]")
    return len(inner) < len(body) and tells_of_error(object_or_none(inner) or {})


def in_openai_shape(status: int, content_type: str, body: bytes) -> bytes | None:
    """A replacement for an upstream's error body that is not JSON; None where it may stay.

    JSON is recognised by the body: some upstreams send it under another type, or as an event.
    """
    if status < _ERROR or content_type.lower().startswith(JSON_TYPE):
        return None
    body = _in_utf8(content_type, body)
    if object_or_none(body) is not None or _is_list_of_errors(body):
        return body
    event = _error_event(body)
    if event is not None:
        return event
    shown = body[:500].decode("utf-8", "replace").strip()
    said = f": {shown}" if shown and "<" not in shown else "."
    return error_body(
        f"The upstream answered with status {status} and no JSON{said}",
        "upstream_error",
        code=f"upstream_{status}",
    )
