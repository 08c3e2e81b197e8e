"""A stream on its way from the upstream to the client, put together as it passes.

Every event goes out as it came. What ends the stream is held back until the answer has been
stored, so that nothing is left to do once the client has it.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from llm_cache_proxy.domain.counting import error_count
from llm_cache_proxy.domain.dialect import BrokenStreamError
from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.json_text import compact_text
from llm_cache_proxy.domain.sse import DONE, DONE_EVENT, Event, EventSplitter, data_event
from llm_cache_proxy.pipeline.accounting import Accounting
from llm_cache_proxy.pipeline.asked import Asked
from llm_cache_proxy.pipeline.storing import Storing
from llm_cache_proxy.pipeline.trail import Trail


class Relay:
    """One stream; `hides_usage` drops the usage event that only we asked for."""

    def __init__(
        self,
        asked: Asked,
        trail: Trail,
        body: AsyncGenerator[bytes, None],
        *,
        storing: Storing,
        accounting: Accounting,
        hides_usage: bool,
    ) -> None:
        self._asked = asked
        self._trail = trail
        self._storing = storing
        self._accounting = accounting
        self._hides_usage = hides_usage
        self._body = body
        self._assembler = asked.request.dialect.assembler()
        self._splitter = EventSplitter()
        self._broken = False
        self._end = b""
        self._settled = False

    async def events(self) -> AsyncGenerator[bytes, None]:
        """The events for the client. Closing it early cancels the upstream call."""
        try:
            async with aclosing(self._body) as pieces:
                async for piece in pieces:
                    out = self._passed(self._splitter.feed(piece))
                    if out:
                        yield out
            last = self._last()
            await self._finish()
            if last:
                yield last
        except UpstreamError as exc:
            self._trail.count(error_count("upstream_stream"))
            yield _error_event(exc)
        finally:
            if not self._settled:
                self._settled = True
                self._accounting.settle(self._asked, self._trail, self._assembler.completion())

    def _passed(self, events: list[Event]) -> bytes:
        return b"".join(event.raw for event in events if self._passes(event))

    def _passes(self, event: Event) -> bool:
        if event.data == DONE:
            self._end += event.raw
            return False
        if event.data is None or self._end:
            return not self._end
        if self._broken:
            return True
        dialect = self._asked.request.dialect
        try:
            chunk = self._assembler.add(event.data)
        except BrokenStreamError:
            self._broken = True
            return True
        if dialect.is_last(chunk):
            self._end = event.raw
            return False
        return not (self._hides_usage and dialect.is_usage_only(chunk))

    def _last(self) -> bytes:
        rest = self._splitter.rest()
        if not self._end and rest.strip() == f"data: {DONE}".encode():
            self._end = DONE_EVENT.encode()
        return self._end or rest

    async def _finish(self) -> None:
        completion = self._assembler.completion()
        whole = (
            self._end != b""
            and not self._broken
            and self._asked.request.dialect.is_whole(completion)
        )
        self._settled = True
        if whole and self._asked.plan.write:
            self._accounting.count(self._asked, self._trail, completion)
            text = compact_text(completion)
            await self._storing.store(self._asked, self._trail, completion, text)
        else:
            await self._accounting.write(self._asked, self._trail, completion)


def _error_event(exc: UpstreamError) -> bytes:
    error = {"message": exc.message, "type": "upstream_error", "param": None, "code": exc.code}
    return data_event(compact_text({"error": error})).encode()
