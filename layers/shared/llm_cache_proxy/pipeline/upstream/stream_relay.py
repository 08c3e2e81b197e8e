"""Relays a stream from the upstream to the client, and assembles it as it passes.

Every event goes out as it came. The end of the stream is held back until the answer has been
stored, so that nothing is left to do once the client has it.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from llm_cache_proxy.domain.closable_body import ClosableBody
from llm_cache_proxy.domain.dialects.streams.proving import forms_read
from llm_cache_proxy.domain.dialects.streams.sse import StreamReader
from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.metrics.counter_names import error_count
from llm_cache_proxy.pipeline.request.decision import AskUpstream
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.single_flight.publishing import (
    publish_completion,
    publish_failure,
    publish_stream,
)
from llm_cache_proxy.pipeline.support.background import DetachedTasks, ShieldedBody
from llm_cache_proxy.pipeline.upstream.records import EntryWriter, UpstreamUsage

_DRAIN_SECONDS = 0.1
"""How long an upstream may take to end its body after the answer's end."""


class StreamRelay(ClosableBody):
    """The events of one stream for the client; `hides_usage` drops the one that only we asked for.

    An answer beyond `most_kept_bytes` is relayed piece by piece and neither held nor stored.
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
        self._compare = ask.compare
        self._body = ShieldedBody(body) if detached_tasks.finishes else body
        self._reader = StreamReader(
            planned.request.dialect, hides_usage=hides_usage, most_kept_bytes=most_kept_bytes
        )
        self._ready = b""
        self._is_counted = False
        self._is_drained = False
        self._outgoing = self._events()
        self._begun = False

    async def begin(self) -> None:
        """Wait until there is something to send. Raises UpstreamError where it breaks off first."""
        try:
            while not self._ready and not self._reader.end:
                self._ready = self._feed(await anext(self._body))
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
        return await anext(self._outgoing)

    async def aclose(self) -> None:
        """The client has left, or has all. Safe to repeat."""
        if self._begun:
            await self._outgoing.aclose()
        else:  # a generator that was never started would not clean up
            self._begun = True
            await self._clean_up()

    async def _events(self) -> AsyncGenerator[bytes, None]:
        try:
            if self._ready:
                yield self._ready
            while not self._reader.end and (piece := await anext(self._body, None)) is not None:
                out = self._feed(piece)
                if out:
                    yield out
            last = self._reader.finish()
            self._is_counted = True
            await self._detached_tasks.through(self._finish())
            if last:
                yield last
            await self._drain()
        except UpstreamError as exc:
            await self._fail(exc)
            yield self._planned.request.dialect.error_event(exc)
        finally:
            await self._clean_up()

    async def _clean_up(self) -> None:
        """Clean up when the client reads no more."""
        if not self._is_counted and self._detached_tasks.finishes:
            self._detached_tasks.behind(self._read_to_end())
            return
        self._count_aborted()
        if not self._is_drained:  # the caller may be cancelled meanwhile; closing goes on
            await self._detached_tasks.through(self._body.aclose())

    async def _read_to_end(self) -> None:
        try:
            while not self._reader.end and (piece := await anext(self._body, None)) is not None:
                self._feed(piece)
            self._reader.finish()
            self._is_counted = True
            await self._finish()
            await self._drain()
        except UpstreamError as exc:
            await self._fail(exc)
        finally:
            self._count_aborted()
            await self._body.aclose()

    async def _fail(self, exc: UpstreamError) -> None:
        self._state.unanswered("upstream_stream")
        await self._detached_tasks.through(publish_failure(self._state, exc))
        self._count_aborted()

    def _count_aborted(self) -> None:
        """Count a stream that did not come to its end, once."""
        if not self._is_counted:
            self._is_counted = True
            self._upstream_usage.count_unsent(self._planned, self._state, self._reader.completion())
            self._state.abandon_leadership()

    def _feed(self, piece: bytes) -> bytes:
        """The bytes to send now that `piece` has come; a too large answer frees its followers."""
        was_too_large = self._reader.is_too_large
        out = self._reader.feed(piece)
        if self._reader.is_too_large and not was_too_large:
            self._state.abandon_leadership()
            self._state.counts.add(error_count("answer_too_large"))
        return out

    async def _drain(self) -> None:
        """Read what an upstream sends behind the end, so that its connection can be used again.

        One that leaves the connection open, or cuts it, has answered all the same.
        """
        if self._reader.end:
            with suppress(TimeoutError, UpstreamError):
                async with asyncio.timeout(_DRAIN_SECONDS):
                    while await anext(self._body, None) is not None:
                        pass
                    self._is_drained = True

    async def _finish(self) -> None:
        try:
            await self._store_or_publish()
        finally:  # followers must not wait for a leader that has ended
            self._state.abandon_leadership()

    async def _store_or_publish(self) -> None:
        planned, state = self._planned, self._state
        completion, forms = self._reader.completion(), None
        if planned.plan.write or state.leadership is not None:
            forms = forms_read(self._reader, completion)
        whole = self._reader.is_whole(completion)
        if whole and self._compare is not None:
            await self._compare(completion)
        if whole and planned.plan.write and forms is not None:
            usage = self._upstream_usage.count(planned, state, completion)
            await self._entry_writer.store(planned, state, usage, forms)
            return
        await self._upstream_usage.write(planned, state, completion)
        if forms is not None and planned.request.dialect.has_ended(completion):
            await publish_completion(planned, state, {}, completion, forms)
        else:
            await publish_stream(state, self._reader.sent(), self._reader.error)
