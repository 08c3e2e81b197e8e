"""Sends a request to the upstream as the client wrote it, plus options for a stream's usage.

The proxy adds `stream_options` to streams to learn their usage. An upstream that refuses them gets
the request again without. A stream under another content type is recognised by its first bytes.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import field, replace

from llm_cache_proxy.domain.closable_body import ClosableBody
from llm_cache_proxy.domain.dialects.streams.sse import begins_stream
from llm_cache_proxy.domain.json_text import JsonObject, with_member
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.ports.upstream import Upstream, UpstreamCall, UpstreamReply

_SSE = "text/event-stream"
_SUCCESS, _ERROR = range(200, 300), 400
_OTHER_MATTERS = frozenset({401, 402, 408, 413, 429, 502, 503, 504})
"""Statuses with other causes than our `stream_options`, unless the body names these."""
_OUR_OPTIONS = (b"stream_options", b"include_usage")


@record()
class UpstreamRequests:
    """Sends requests on; remembers the upstreams that refuse to report a stream's usage."""

    upstream: Upstream
    _refusing: set[str] = field(default_factory=set)

    async def reply(
        self, planned: PlannedRequest, *, streaming: bool
    ) -> tuple[UpstreamReply, bool]:
        """The upstream's reply, and whether it reports a usage that only the proxy requested.

        The reply to a `streaming` request is named a stream where it is one. Raises UpstreamError
        where there is none.
        """
        reply, reports_usage = await self._replied(planned, streaming=streaming)
        if streaming and reply.status in _SUCCESS and not is_sse(reply):
            reply = await _peeked(reply)
        return reply, reports_usage

    async def _replied(
        self, planned: PlannedRequest, *, streaming: bool
    ) -> tuple[UpstreamReply, bool]:
        options = self._options(planned) if streaming else None
        call = _call(planned, streaming=streaming)
        if options is None:
            return await self.upstream.send(call), False
        reply = await self.upstream.send(replace(call, body=_with_options(call.body, options)))
        if reply.status < _ERROR:
            if is_sse(reply):
                return reply, True
            start = await anext(reply.body, b"")
            reply = replace(reply, body=_BegunBody(start, reply.body))
            if not _refuses_options(start):
                return reply, True
        async with aclosing(reply.body) as pieces:
            refusal = b"".join([piece async for piece in pieces])
        if reply.status in _OTHER_MATTERS and not any(option in refusal for option in _OUR_OPTIONS):
            return replace(reply, body=_once(refusal)), True
        again = await self.upstream.send(call)
        if again.status < _ERROR:
            self._refusing.add(again.route.upstream)
        return again, False

    def _options(self, planned: PlannedRequest) -> JsonObject | None:
        """The options to add where the answer may be stored and no refusal of them is known."""
        if not planned.plan.write or planned.routes[0].upstream in self._refusing:
            return None
        return planned.request.dialect.asking_for_usage(planned.request.fields)


def _call(planned: PlannedRequest, *, streaming: bool) -> UpstreamCall:
    request = planned.request
    return UpstreamCall(
        method="POST",
        path=request.dialect.path,
        query=request.query,
        headers=request.headers,
        body=request.body,
        model=planned.request.model,
        routes=planned.routes,
        streaming=streaming,
        upstream_key=request.client.upstream_key,
    )


def _with_options(body: bytes, options: JsonObject) -> bytes:
    try:
        return with_member(body.decode("utf-8"), "stream_options", options).encode("utf-8")
    except ValueError:  # too deep to change: it is sent without our options
        return body


def _refuses_options(start: bytes) -> bool:
    """Whether an answer begins with an error that names our options: some have the status 200."""
    return b'"error"' in start and any(option in start for option in _OUR_OPTIONS)


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


async def _peeked(reply: UpstreamReply) -> UpstreamReply:
    """`reply`, named a stream if it is one.

    Raises UpstreamError if it breaks off first. Waits for no more bytes than are needed to know.
    """
    start, streams = b"", None
    while streams is None and (piece := await anext(reply.body, None)) is not None:
        start += piece
        streams = begins_stream(start)
    headers = {**reply.headers, "content-type": _SSE} if streams else reply.headers
    return replace(reply, headers=headers, body=_BegunBody(start, reply.body))


def is_sse(reply: UpstreamReply) -> bool:
    """Whether the content type says that the body is a stream of events."""
    return reply.headers.get("content-type", "").strip().lower().startswith(_SSE)


class _BegunBody(ClosableBody):
    """A body whose first bytes were read already."""

    def __init__(self, start: bytes, rest: AsyncGenerator[bytes, None]) -> None:
        self._start = start
        self._rest = rest

    async def asend(self, value: None, /) -> bytes:  # noqa: ARG002 (a generator's signature)
        """The next bytes."""
        if self._start:
            start, self._start = self._start, b""
            return start
        return await anext(self._rest)

    async def aclose(self) -> None:
        """Cancel the rest. Safe to repeat."""
        self._start = b""
        await self._rest.aclose()
