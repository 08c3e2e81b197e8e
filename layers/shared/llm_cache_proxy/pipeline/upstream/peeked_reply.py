"""A stream that its content type does not name: known by how its body begins."""

from collections.abc import AsyncGenerator
from dataclasses import replace

from llm_cache_proxy.domain.closable_body import ClosableBody
from llm_cache_proxy.domain.dialects.sse import begins_stream
from llm_cache_proxy.ports.upstream import UpstreamReply

_SSE = "text/event-stream"


async def peeked(reply: UpstreamReply) -> UpstreamReply:
    """`reply`, and named a stream where it is one. Raises UpstreamError where it breaks off first.

    Waits for no more bytes than it takes to tell.
    """
    if is_sse(reply):
        return reply
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
        """Give up the rest. Safe to repeat."""
        self._start = b""
        await self._rest.aclose()
