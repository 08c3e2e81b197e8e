"""A stream on its way from the upstream to the client, put together as it passes.

Every event goes out as it came. What ends the stream is held back until the answer has been
stored, so that nothing is left to do once the client has it.
"""

from collections.abc import AsyncGenerator

from llm_cache_proxy.domain.closable_body import ClosableBody
from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError
from llm_cache_proxy.domain.dialects.sse import DONE, DONE_EVENT, Event, EventSplitter, data_event
from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from llm_cache_proxy.domain.metrics.counter_names import error_count
from llm_cache_proxy.pipeline.recording.upstream_usage import UpstreamUsage
from llm_cache_proxy.pipeline.request.decision import AskUpstream
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.single_flight.leader import publish_completion, publish_failure
from llm_cache_proxy.pipeline.support.background import DetachedTasks, ShieldedBody
from llm_cache_proxy.pipeline.upstream.entry_writer import EntryWriter


class StreamRelay(ClosableBody):
    """The events of one stream for the client; `hides_usage` drops the one that only we asked for.

    Of more than `most_kept_bytes` nothing is held, and nothing kept: the rest passes as it comes.
    Closing it early, begun or not, cancels the upstream call, or leaves it to be read to its end.
    """

    def __init__(  # noqa: PLR0913 (each by its name)
        self,
        planned: PlannedRequest,
        state: RequestState,
        body: AsyncGenerator[bytes, None],
        *,
        entry_writer: EntryWriter,
        upstream_usage: UpstreamUsage,
        detached_tasks: DetachedTasks,
        hides_usage: bool,
        ask: AskUpstream,
        most_kept_bytes: int,
    ) -> None:
        self._planned = planned
        self._state = state
        self._entry_writer = entry_writer
        self._upstream_usage = upstream_usage
        self._detached_tasks = detached_tasks
        self._hides_usage = hides_usage
        self._compare = ask.compare
        self._body = ShieldedBody(body) if detached_tasks.finishes else body
        self._assembler = planned.request.dialect.assembler()
        self._splitter = EventSplitter()
        self._broken = False
        self._bytes_left = most_kept_bytes
        self._most_event_bytes = most_kept_bytes
        self._end = b""
        self._ready = b""
        self._settled = False
        self._told = self._events()
        self._begun = False

    async def begin(self) -> None:
        """Wait until there is something to send. Raises UpstreamError where it breaks off first."""
        try:
            while not self._ready:
                self._ready = self._taken(await anext(self._body))
        except StopAsyncIteration:
            return
        except BaseException as exc:
            if isinstance(exc, UpstreamError):
                await self._fail(exc)
            await self.aclose()
            raise

    async def asend(self, value: None, /) -> bytes:  # noqa: ARG002 (a generator's signature)
        """The next events, as many as came together."""
        self._begun = True
        return await anext(self._told)

    async def aclose(self) -> None:
        """The client has left, or has all. Safe to repeat."""
        if self._begun:
            await self._told.aclose()
        else:  # a generator that was never started would not clean up
            self._begun = True
            await self._leave()

    async def _events(self) -> AsyncGenerator[bytes, None]:
        try:
            if self._ready:
                yield self._ready
            async for piece in self._body:
                out = self._taken(piece)
                if out:
                    yield out
            last = self._last()
            self._settled = True
            await self._detached_tasks.through(self._finish())
            if last:
                yield last
        except UpstreamError as exc:
            await self._fail(exc)
            yield _error_event(exc)
        finally:
            await self._leave()

    async def _leave(self) -> None:
        """What is left to do when nobody reads any more."""
        if not self._settled and self._detached_tasks.finishes:
            self._detached_tasks.behind(self._read_on())
            return
        self._count_aborted()
        # Through, for whoever closes us may be cancelled meanwhile.
        await self._detached_tasks.through(self._body.aclose())

    async def _read_on(self) -> None:
        try:
            async for piece in self._body:
                self._taken(piece)
            self._last()
            self._settled = True
            await self._finish()
        except UpstreamError as exc:
            await self._fail(exc)
        finally:
            self._count_aborted()
            await self._body.aclose()

    async def _fail(self, exc: UpstreamError) -> None:
        self._state.counts.add(error_count("upstream_stream"))
        await self._detached_tasks.through(publish_failure(self._state, exc))
        self._count_aborted()

    def _count_aborted(self) -> None:
        """Count a stream that did not come to its end, once."""
        if not self._settled:
            self._settled = True
            self._upstream_usage.count_unsent(
                self._planned, self._state, self._assembler.completion()
            )
            self._state.abandon_leadership()

    def _taken(self, piece: bytes) -> bytes:
        """What goes out now that `piece` has come."""
        if self._bytes_left >= 0:
            self._bytes_left -= len(piece)
            if self._bytes_left < 0:
                self._give_up()
        out = self._passed(self._splitter.feed(piece))
        held = self._splitter.rest()
        if len(held) <= self._most_event_bytes:
            return out
        self._broken = True  # one event of more than an answer's size: it passes in pieces
        self._splitter = EventSplitter()
        return out + held

    def _give_up(self) -> None:
        """Too much to keep: what was put together is let go, and those who wait ask themselves."""
        self._assembler = self._planned.request.dialect.assembler()
        self._state.abandon_leadership()
        self._state.counts.add(error_count("answer_too_large"))

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
        dialect = self._planned.request.dialect
        try:
            chunk = self._added(event.data)
        except BrokenStreamError:
            self._broken = True
            return True
        if dialect.is_last(chunk):
            self._end = event.raw
            return False
        return not (self._hides_usage and dialect.is_usage_only(chunk))

    def _added(self, data: str) -> JsonObject:
        if self._bytes_left >= 0:
            return self._assembler.add(data)
        return self._planned.request.dialect.assembler().add(data)  # read, and not put together

    def _last(self) -> bytes:
        rest = self._splitter.rest()
        if not self._end and rest.strip() == f"data: {DONE}".encode():
            self._end = DONE_EVENT.encode()
        return self._end or rest

    async def _finish(self) -> None:
        try:
            await self._finished()
        finally:  # however it was cut short, nobody waits for this one any more
            self._state.abandon_leadership()

    async def _finished(self) -> None:
        completion = self._assembler.completion()
        whole = (
            self._end != b""
            and self._bytes_left >= 0
            and not self._broken
            and self._planned.request.dialect.is_whole(completion)
        )
        if whole and self._compare is not None:
            await self._compare(completion)
        if whole and self._planned.plan.write:
            self._upstream_usage.count(self._planned, self._state, completion)
            text = compact_text(completion)
            await self._entry_writer.store(self._planned, self._state, completion, text)
            return
        await self._upstream_usage.write(self._planned, self._state, completion)
        if self._end and not self._broken:
            await publish_completion(
                self._planned, self._state, {}, completion, compact_text(completion)
            )
        else:
            await publish_failure(self._state, _broken_off(self._planned))


def _broken_off(planned: PlannedRequest) -> UpstreamError:
    upstream = planned.identity.upstream
    return UpstreamError("The upstream's answer broke off.", upstream=upstream)


def _error_event(exc: UpstreamError) -> bytes:
    error = {"message": exc.message, "type": "upstream_error", "param": None, "code": exc.code}
    return data_event(compact_text({"error": error})).encode()
