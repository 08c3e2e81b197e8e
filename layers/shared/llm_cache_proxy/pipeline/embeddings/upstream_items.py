"""The inputs of a batch that are stored nowhere: one upstream call, counted by item.

An answer that cannot be split into items is passed on if the call was for the whole batch; else the
whole batch is requested again, and nothing of it stored.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import field, replace

from llm_cache_proxy.domain.embeddings.batch import Batch, Input
from llm_cache_proxy.domain.embeddings.items import Item, items_in
from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.json_text import JsonObject, object_or_none
from llm_cache_proxy.domain.metrics.counter_names import item_miss_counts
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE, Answer, Outcome
from llm_cache_proxy.pipeline.request.decision import AskUpstream
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.upstream.miss import MissPath
from llm_cache_proxy.pipeline.upstream.records import UpstreamUsage
from llm_cache_proxy.pipeline.upstream.requests import UpstreamRequests
from llm_cache_proxy.ports.upstream import UpstreamReply

_OK, _SUCCESS = 200, range(200, 300)
MOST_BATCH_BYTES = 64_000_000
"""The largest answer that is split: the largest batch of floats is a little smaller."""


@record()
class RequestedItems:
    """The upstream's `items` in the order of the inputs, or an answer to send `instead`.

    `planned` is the request under the route that answered.
    """

    planned: PlannedRequest
    items: Sequence[Item] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    instead: Answer | None = None


@record()
class UpstreamItems:
    """Asks for items; `miss` asks for whole requests."""

    requests: UpstreamRequests
    upstream_usage: UpstreamUsage
    miss: MissPath
    most_bytes: int = MOST_BATCH_BYTES

    async def ask(
        self, planned: PlannedRequest, state: RequestState, batch: Batch, wanted: Sequence[Input]
    ) -> RequestedItems:
        """The items of `wanted`. Raises UpstreamError where there is no answer at all."""
        is_whole = len(wanted) == len(batch.inputs)
        body = planned.request.body if is_whole else batch.body_for(wanted)
        asking = replace(planned, request=replace(planned.request, body=body))
        try:
            with state.timed("upstream"):
                reply, _ = await self.requests.reply(asking, streaming=False)
                said, is_read = await self._read(reply)
        except (UpstreamError, asyncio.CancelledError) as exc:
            self._lost(planned, state, exc)
            raise
        if reply.route != planned.routes[0]:
            planned = planned.answered_by(reply.route)
        if reply.status != _OK:
            return await self._refused(planned, state, reply, said)
        answer = (object_or_none(said) if is_read else None) or {}
        items = items_in(answer, wanted)
        if items is not None:
            self._count(planned, state, answer, len(wanted))
            return RequestedItems(planned, items, reply.headers)
        if not is_whole or not is_read:
            self._count(planned, state, answer, len(wanted))
            return RequestedItems(
                planned, instead=await self.unkept(planned, state, state.facts.text)
            )
        await self.upstream_usage.write(planned, state, answer)
        return RequestedItems(planned, instead=_passed_on(state, reply, said))

    async def unkept(self, planned: PlannedRequest, state: RequestState, reason: str) -> Answer:
        """The upstream's answer to the whole request as it came; nothing of it is stored."""
        unstored = replace(planned, plan=replace(planned.plan, write=False))
        return await self.miss.answer(unstored, state, AskUpstream(reason))

    async def _read(self, reply: UpstreamReply) -> tuple[bytes, bool]:
        """The body, and whether it is all of it."""
        held = bytearray()
        async with aclosing(reply.body) as pieces:
            async for piece in pieces:
                held += piece
                if len(held) > self.most_bytes:
                    return bytes(held), False
        return bytes(held), True

    def _count(
        self, planned: PlannedRequest, state: RequestState, answer: JsonObject, items: int
    ) -> None:
        """Count the items, and charge the client's key what they cost."""
        prices = self.upstream_usage.prices
        model = self.upstream_usage.models.name(planned.identity.model)
        tokens, _ = planned.request.dialect.token_counts(answer)
        state.counts.add(item_miss_counts(model, items, tokens))
        charge = state.account.charge
        if charge is None:
            return
        if not tokens:
            state.charge_as_reserved()
            return
        state.charge_actual(tokens, prices.known_cost(model, tokens, 0) or 0)
        # Nothing is reserved for a further call that this one may make necessary.
        state.account.charge = replace(charge, tokens=0, nano_dollars=0)

    def _lost(self, planned: PlannedRequest, state: RequestState, exc: BaseException) -> None:
        if isinstance(exc, UpstreamError):
            state.unanswered("upstream")
            state.charge_actual(0, 0)
        else:  # the upstream may bill the call
            state.unanswered("client_left")
        self.upstream_usage.count_unsent(planned, state, {})

    async def _refused(
        self, planned: PlannedRequest, state: RequestState, reply: UpstreamReply, said: bytes
    ) -> RequestedItems:
        if reply.status not in _SUCCESS:
            state.unanswered(f"upstream_{reply.status}")
            state.charge_actual(0, 0)
        await self.upstream_usage.write(planned, state, {})
        return RequestedItems(planned, instead=_passed_on(state, reply, said))


def _passed_on(state: RequestState, reply: UpstreamReply, body: bytes) -> Answer:
    return Answer(
        status=reply.status,
        content_type=reply.headers.get("content-type", JSON_TYPE),
        body=body,
        outcome=Outcome(Result.MISS, state.facts.text, timings=state.timings),
        headers=reply.headers,
    )
