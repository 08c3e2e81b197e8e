"""The miss path: ask the upstream, pass its answer on, and store it if it is whole.

If work may go on after an answer, a whole answer is sent before it is stored (docs/decisions/0034).
Its lease still ends with the write.
"""

import asyncio
from dataclasses import replace

from llm_cache_proxy.domain.dialects.streams.proving import forms_of_json
from llm_cache_proxy.domain.entries.entry import Form, Forms
from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.json_text import JsonObject, object_or_none
from llm_cache_proxy.domain.metrics.counter_names import error_count
from llm_cache_proxy.domain.metrics.request_event import Usage
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.request.answer import (
    JSON_TYPE,
    SSE_TYPE,
    Answer,
    Outcome,
)
from llm_cache_proxy.pipeline.request.decision import AskUpstream
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.single_flight.publishing import (
    publish_body,
    publish_completion,
    publish_failure,
)
from llm_cache_proxy.pipeline.support.background import DetachedTasks
from llm_cache_proxy.pipeline.support.unstored import UnstoredAnswers
from llm_cache_proxy.pipeline.upstream.large_answer import LargeAnswer
from llm_cache_proxy.pipeline.upstream.records import EntryWriter, UpstreamUsage
from llm_cache_proxy.pipeline.upstream.requests import UpstreamRequests, is_sse
from llm_cache_proxy.pipeline.upstream.stream_relay import StreamRelay
from llm_cache_proxy.ports.upstream import UpstreamReply

_OK, _SUCCESS = 200, range(200, 300)


@record()
class _Received:
    """An answer that came in one piece; `completion` is empty where it is none."""

    planned: PlannedRequest
    state: RequestState
    reply: UpstreamReply
    body: bytes
    completion: JsonObject

    def forms(self) -> Forms | None:
        """The forms of it that may be served again."""
        if not self.completion:
            return None
        text = self.body.decode("utf-8", "replace").removeprefix("\ufeff")
        return forms_of_json(self.planned.request.dialect, self.completion, text)


@record()
class MissPath:
    """Asks the upstream for one request; the answer to a bypassed one is not stored.

    An answer of more than `most_kept_bytes` is passed on in pieces and not stored either.
    `unstored` holds the answers that are sent before they are stored; None if there are none.
    """

    requests: UpstreamRequests
    entry_writer: EntryWriter
    upstream_usage: UpstreamUsage
    detached_tasks: DetachedTasks
    most_kept_bytes: int
    unstored: UnstoredAnswers | None = None

    async def answer(
        self, planned: PlannedRequest, state: RequestState, ask: AskUpstream
    ) -> Answer:
        """The upstream's answer. Raises UpstreamError where there is none."""
        outcome = Outcome(
            result=Result.MISS if planned.plan.bypass is None else Result.BYPASS,
            reason=ask.reason,
            similarity=state.facts.similarity,
            timings=state.timings,
        )
        streaming = planned.form is not Form.JSON
        reply, reports_usage = await self._reply(planned, state, streaming=streaming)
        first = planned.routes[0]
        if reply.route is not first and reply.route != first:  # as a rule it is that very one
            planned = planned.answered_by(reply.route)
        if reply.status != _OK:  # a part of an answer, or none
            planned = replace(planned, plan=replace(planned.plan, write=False))
        if streaming and reply.status in _SUCCESS and is_sse(reply):
            relay = StreamRelay(
                planned,
                state,
                reply.body,
                entry_writer=self.entry_writer,
                upstream_usage=self.upstream_usage,
                detached_tasks=self.detached_tasks,
                hides_usage=reports_usage,
                ask=ask,
                most_kept_bytes=self.most_kept_bytes,
            )
            if planned.plan.stale_if_error_seconds > 0 or ask.fallback is not None:
                await relay.begin()  # until then another answer may take its place
            return Answer(reply.status, SSE_TYPE, relay, outcome, reply.headers)
        with state.timed("upstream"):
            body = await self._read(planned, state, reply)
        kind = reply.headers.get("content-type", JSON_TYPE)
        if len(body) > self.most_kept_bytes:
            large = self._too_large_to_store(planned, state, reply, body)
            return Answer(reply.status, kind, large, outcome, reply.headers)
        completion = object_or_none(body) or {} if reply.status in _SUCCESS else {}
        await self._count_and_store(_Received(planned, state, reply, body, completion), ask)
        return Answer(reply.status, kind, body, outcome, reply.headers)

    async def _reply(
        self, planned: PlannedRequest, state: RequestState, *, streaming: bool
    ) -> tuple[UpstreamReply, bool]:
        try:
            with state.timed("upstream"):
                return await self.requests.reply(planned, streaming=streaming)
        except (UpstreamError, asyncio.CancelledError) as exc:
            await self._publish_failure(planned, state, exc)
            raise

    async def _read(
        self, planned: PlannedRequest, state: RequestState, reply: UpstreamReply
    ) -> bytes:
        """The whole body, or its first part if it is too large to store."""
        held = bytearray()
        try:
            async for piece in reply.body:
                held += piece
                if len(held) > self.most_kept_bytes:
                    return bytes(held)
        except (UpstreamError, asyncio.CancelledError) as exc:
            await reply.body.aclose()
            await self._publish_failure(planned, state, exc)
            raise
        await reply.body.aclose()
        return bytes(held)

    def _too_large_to_store(
        self, planned: PlannedRequest, state: RequestState, reply: UpstreamReply, begun: bytes
    ) -> LargeAnswer:
        """The rest after `begun`; followers ask for themselves."""
        state.abandon_leadership()
        state.counts.add(error_count("answer_too_large"))

        def ended() -> None:
            self.upstream_usage.count_unsent(planned, state, {})

        return LargeAnswer(begun, reply.body, ended)

    async def _publish_failure(
        self, planned: PlannedRequest, state: RequestState, exc: BaseException
    ) -> None:
        if isinstance(exc, UpstreamError):
            state.unanswered("upstream")
            state.charge_actual(0, 0)
        else:  # the upstream may bill the call
            state.unanswered("client_left")
        self.upstream_usage.count_unsent(planned, state, {})
        await publish_failure(state, exc)

    async def _count_and_store(self, received: _Received, ask: AskUpstream) -> None:
        """Count the answer now; store it now, or behind the answer if that is allowed."""
        planned, state, status = received.planned, received.state, received.reply.status
        if status not in _SUCCESS:
            state.unanswered(f"upstream_{status}")
            state.charge_actual(0, 0)
        whole = planned.request.dialect.is_whole(received.completion)
        if whole and ask.compare is not None:
            await ask.compare(received.completion)
        usage = self.upstream_usage.count(planned, state, received.completion)
        if not (whole and planned.plan.write):
            await self._count_and_publish(received)
            return

        async def store() -> None:
            await self._store(received, usage)

        # No client waits for a renewal; it releases its lease at its end.
        keys = frozenset({planned.initial_key, planned.key})
        place = (planned.identity.tenant, keys, len(received.body))
        if self.unstored is None or not state.has_client or not self.unstored.start(*place, store):
            await store()

    async def _store(self, received: _Received, usage: Usage) -> None:
        try:
            forms = received.forms()
            if forms is None:
                await self._count_and_publish(received)
            else:
                await self.entry_writer.store(received.planned, received.state, usage, forms)
        finally:  # followers must not wait for a leader that has ended
            received.state.abandon_leadership()

    async def _count_and_publish(self, received: _Received) -> None:
        """Write the counts of an answer that is not stored, and publish it to followers."""
        planned, state, reply = received.planned, received.state, received.reply
        counts = state.counts.pending
        await self.upstream_usage.counter_writer.write(planned.identity.tenant, counts)
        if state.leadership is None:
            return
        forms = received.forms()
        if forms is not None and reply.status == _OK:
            await publish_completion(planned, state, reply.headers, received.completion, forms)
        else:
            kind = reply.headers.get("content-type", JSON_TYPE)
            await publish_body(state, reply.status, reply.headers, kind, received.body)
