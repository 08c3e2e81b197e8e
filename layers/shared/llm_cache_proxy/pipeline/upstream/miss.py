"""What no tier could answer: the upstream is asked, its answer passed on, and kept if whole."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import error_count
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.recording.upstream_usage import UpstreamUsage
from llm_cache_proxy.pipeline.request.answer import (
    JSON_TYPE,
    SSE_TYPE,
    Answer,
    Outcome,
    reason_text,
)
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.single_flight.leader import (
    publish_body,
    publish_completion,
    publish_failure,
)
from llm_cache_proxy.pipeline.support.background import DetachedTasks
from llm_cache_proxy.pipeline.upstream.entry_writer import EntryWriter
from llm_cache_proxy.pipeline.upstream.requests import UpstreamRequests
from llm_cache_proxy.pipeline.upstream.stream_relay import StreamRelay
from llm_cache_proxy.ports.upstream import UpstreamReply

_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class MissPath:
    """Asks the upstream for one request; also for a bypassed one, of which nothing is kept."""

    asking: UpstreamRequests
    storing: EntryWriter
    accounting: UpstreamUsage
    departures: DetachedTasks

    async def answer(self, asked: PlannedRequest, trail: RequestState) -> Answer:
        """The upstream's answer. Raises UpstreamError where there is none."""
        streaming = asked.request.dialect.wants_stream(asked.request.fields)
        reply, tells_usage = await self._reply(asked, trail, streaming=streaming)
        asked = asked.answered_by(reply.route)
        if streaming and reply.status in _SUCCESS and _is_sse(reply):
            relay = StreamRelay(
                asked,
                trail,
                reply.body,
                storing=self.storing,
                accounting=self.accounting,
                departures=self.departures,
                hides_usage=tells_usage,
            )
            if asked.plan.stale_if_error_seconds > 0 or trail.fallback is not None:
                await relay.begin()  # until then another answer may take its place
            return self._answer(asked, trail, reply, SSE_TYPE, relay)
        with trail.timed("upstream"):
            body = await self._read(asked, trail, reply)
        await self._keep(asked, trail, reply, body)
        kind = reply.headers.get("content-type", JSON_TYPE)
        return self._answer(asked, trail, reply, kind, body)

    async def _reply(
        self, asked: PlannedRequest, trail: RequestState, *, streaming: bool
    ) -> tuple[UpstreamReply, bool]:
        try:
            with trail.timed("upstream"):
                return await self.asking.reply(asked, streaming=streaming)
        except (UpstreamError, asyncio.CancelledError) as exc:
            await self._lost(asked, trail, exc)
            raise

    async def _read(
        self, asked: PlannedRequest, trail: RequestState, reply: UpstreamReply
    ) -> bytes:
        try:
            async with aclosing(reply.body) as pieces:
                return b"".join([piece async for piece in pieces])
        except (UpstreamError, asyncio.CancelledError) as exc:
            await self._lost(asked, trail, exc)
            raise

    async def _lost(self, asked: PlannedRequest, trail: RequestState, exc: BaseException) -> None:
        if isinstance(exc, UpstreamError):
            trail.count(error_count("upstream"))
            trail.settle(0, 0)
        else:  # what was asked for may be on the bill
            trail.count(error_count("client_left"))
        self.accounting.settle(asked, trail, {})
        await publish_failure(trail, exc)

    async def _keep(
        self, asked: PlannedRequest, trail: RequestState, reply: UpstreamReply, body: bytes
    ) -> None:
        status = reply.status
        completion = _parsed(body) if status in _SUCCESS else {}
        if status not in _SUCCESS:
            trail.count(error_count(f"upstream_{status}"))
            trail.settle(0, 0)
        whole = asked.request.dialect.is_whole(completion)
        if whole:
            await trail.answered(completion)
        if asked.plan.write and whole:
            self.accounting.count(asked, trail, completion)
            await self.storing.store(asked, trail, completion, body.decode("utf-8"))
            return
        await self.accounting.write(asked, trail, completion)
        if completion:
            text = body.decode("utf-8")
            await publish_completion(asked, trail, reply.headers, completion, text)
        else:
            kind = reply.headers.get("content-type", JSON_TYPE)
            await publish_body(trail, status, reply.headers, kind, body)

    def _answer(
        self,
        asked: PlannedRequest,
        trail: RequestState,
        reply: UpstreamReply,
        kind: str,
        body: bytes | AsyncGenerator[bytes, None],
    ) -> Answer:
        bypass = asked.plan.bypass
        reason = reason_text(trail.reason, trail.detail) if bypass is None else str(bypass)
        return Answer(
            status=reply.status,
            content_type=kind,
            body=body,
            outcome=Outcome(
                result=Result.MISS if bypass is None else Result.BYPASS,
                reason=reason,
                similarity=trail.similarity,
                timings=trail.timings,
                trail=trail,
            ),
            headers=reply.headers,
        )


def _is_sse(reply: UpstreamReply) -> bool:
    return reply.headers.get("content-type", "").lower().startswith("text/event-stream")


def _parsed(body: bytes) -> JsonObject:
    try:
        value = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
