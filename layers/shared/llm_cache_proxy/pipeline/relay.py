"""A stream on its way from the upstream to the client, put together as it passes.

Every event goes out as it came. `[DONE]` is held back until the answer has been stored, so that
nothing is left to do once the client has it.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from llm_cache_proxy.domain.chat.assembly import BrokenStreamError
from llm_cache_proxy.domain.counting import error_count
from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.json_text import compact_text
from llm_cache_proxy.domain.sse import DONE, Event, EventSplitter, data_event
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
        self._done: bytes | None = None
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
        if event.data is None or self._done is not None:
            return self._done is None
        if event.data == DONE:
            self._done = event.raw
            return False
        if self._broken:
            return True
        try:
            chunk = self._assembler.add(event.data)
        except BrokenStreamError:
            self._broken = True
            return True
        return not (self._hides_usage and self._asked.request.dialect.is_usage_only(chunk))

    def _last(self) -> bytes:
        rest = self._splitter.rest()
        if self._done is None and rest.strip() == f"data: {DONE}".encode():
            self._done = data_event(DONE).encode()
            return self._done
        return self._done if self._done is not None else rest

    async def _finish(self) -> None:
        completion = self._assembler.completion()
        whole = (
            self._done is not None
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
