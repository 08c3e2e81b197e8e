"""The path of a batch of embeddings: stored inputs, inputs of other batches, the upstream's.

Each input has an entry of its own; the answer keeps the batch's order.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence

from llm_cache_proxy.domain.embeddings.batch import Batch, Encoding, Input, item_keys
from llm_cache_proxy.domain.embeddings.items import Item, pieces_of
from llm_cache_proxy.domain.errors import NotInCache
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import MISSES, latency_counts
from llm_cache_proxy.domain.metrics.pricing import CountedModels
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.client_keys import ClientKeyGate
from llm_cache_proxy.pipeline.embeddings.followed import FollowedItems
from llm_cache_proxy.pipeline.embeddings.gathered import Gathered
from llm_cache_proxy.pipeline.embeddings.in_flight import ItemsInFlight
from llm_cache_proxy.pipeline.embeddings.item_tier import ItemTier
from llm_cache_proxy.pipeline.embeddings.item_writer import ItemWriter
from llm_cache_proxy.pipeline.embeddings.upstream_items import UpstreamItems
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE, Answer, mark_error
from llm_cache_proxy.pipeline.request.planned_request import (
    ClientRequest,
    PlannedRequest,
    plan_request,
)
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.ports.upstream import Upstream

_OK, _CLIENT_ERROR = 200, 400
_FROM_UPSTREAM = frozenset({Result.MISS, Result.BYPASS, Result.ERROR})


@record()
class CachedEmbeddings:
    """Answers batches; made by `pipeline/composition.py`."""

    policy: Policy
    upstream: Upstream
    keys: ClientKeyGate
    tier: ItemTier
    writer: ItemWriter
    in_flight: ItemsInFlight
    followed: FollowedItems
    asking: UpstreamItems
    models: CountedModels
    counter_writer: CounterWriter

    async def answer(self, request: ClientRequest, batch: Batch, state: RequestState) -> Answer:
        """The answer to `request`, whose fields are the batch's `rest`; raises as CachingProxy."""
        start, tenant = time.perf_counter(), request.client.tenant
        try:
            request = self.keys.placed(request)
            planned = plan_request(request, self.policy, self.upstream.routes(request.model))
            answer = await self._answer(planned, batch, state)
        except BaseException:
            self._release_charge(tenant, state)
            raise
        if answer.status >= _CLIENT_ERROR:
            mark_error(answer)
        answer.outcome.grant = state.account.grant
        if answer.outcome.result not in _FROM_UPSTREAM:
            self._release_charge(tenant, state)
        spent = (time.perf_counter() - start) * 1000
        counts = latency_counts(answer.outcome.result.value, spent)
        self.counter_writer.later(tenant, counts)
        return answer

    async def _answer(self, planned: PlannedRequest, batch: Batch, state: RequestState) -> Answer:
        bypass, unread = planned.plan.bypass, planned.plan.no_read
        if bypass is not None and planned.request.client.key_id is None:
            return await self.asking.unkept(planned, state, str(bypass))
        if unread is not None:
            state.facts.because(unread)
        gathered = Gathered.of(await self.tier.find(planned, batch, state))
        try:
            return await self._gathered(gathered, planned, batch, state)
        finally:
            claim = gathered.found.claim
            self.tier.leases.release(planned.identity.tenant, gathered.leased, claim)

    async def _gathered(
        self, gathered: Gathered, planned: PlannedRequest, batch: Batch, state: RequestState
    ) -> Answer:
        bypass, wanted = planned.plan.bypass, gathered.missing(batch.inputs)
        if wanted and planned.plan.only_if_cached:
            raise NotInCache("Not every input has a stored answer, and no other was wanted.")
        if wanted:
            self.keys.may_ask_upstream(planned.request.client, state, model=planned.request.model)
        if bypass is not None:
            return await self.asking.unkept(gathered.found.planned, state, str(bypass))
        instead = await self._gather(gathered, batch, state)
        if instead is not None:
            return instead
        body = await _written(gathered.in_order(), batch.encoding, gathered.head)
        outcome = gathered.outcome(state, self.models)
        self.counter_writer.later(planned.identity.tenant, state.counts.take())
        return Answer(_OK, JSON_TYPE, body, outcome, gathered.headers)

    async def _gather(self, gathered: Gathered, batch: Batch, state: RequestState) -> Answer | None:
        """Ask for what no other batch asks for, wait for the rest; an answer to send instead."""
        coalesces, sequence = gathered.found.planned.plan.coalesce, state.sequence
        while wanted := gathered.missing(batch.inputs):
            if not coalesces:
                return await self._ask(gathered, wanted, batch, state)
            followed, leased = gathered.followed, gathered.leased
            mine, theirs = self.in_flight.join(wanted, sequence, followed=followed, leased=leased)
            instead, leads = None, False
            try:
                requested = {key: wanted[key] for key in mine if key not in gathered.followed}
                if requested:
                    instead = await self._ask(gathered, requested, batch, state)
                    here = {key: mine[key] for key in requested}
                    self.in_flight.resolve(here, sequence, gathered.items)
                if instead is None:
                    leads = await self.followed.wait(gathered, mine, batch.encoding, state)
            finally:
                self.in_flight.resolve(mine, sequence, gathered.items)
            if instead is not None:
                return instead
            if leads:  # first of all, since other batches wait for these
                continue
            for key, pending in theirs.items():
                item = await asyncio.shield(pending)
                gathered.followed.discard(key)
                if item is not None:
                    gathered.items[key] = item
                    gathered.shared.add(key)
        return None

    async def _ask(
        self, gathered: Gathered, wanted: Mapping[str, Input], batch: Batch, state: RequestState
    ) -> Answer | None:
        inputs, began = list(wanted.values()), time.perf_counter()
        tenant, claim = gathered.found.planned.identity.tenant, gathered.found.claim
        async with self.tier.leases.kept(tenant, gathered.leased, claim):
            given = await self.asking.ask(gathered.found.planned, state, batch, inputs)
        if given.instead is not None:
            return given.instead
        self.followed.pace.saw(given.planned.identity.model, time.perf_counter() - began)
        gathered.items |= dict(zip(wanted, given.items, strict=True))
        gathered.requested |= wanted.keys()
        gathered.head, gathered.headers = given.items[0].frame.head, given.headers
        if not state.counts.result:
            state.counts.add_result({MISSES: 1})
        if not given.planned.plan.write:
            await self.counter_writer.write(given.planned.identity.tenant, state.counts.take())
            return None
        # Under the route that answered, which may not be the first that was tried.
        keys = item_keys(given.planned.key, inputs)
        kept = dict(zip(keys, given.items, strict=True))
        await self.writer.keep(given.planned, state, kept, gathered.leased, claim)
        return None

    def _release_charge(self, tenant: str, state: RequestState) -> None:
        """Release what is still reserved of the key's budgets: the upstream was not called."""
        if state.account.charge is not None:
            unused = state.account.corrected_to(0, 0)
            self.counter_writer.write_in_background(tenant, unused)


async def _written(items: Sequence[Item], encoding: Encoding, head: JsonObject | None) -> bytes:
    """The answer's body; other requests are served while vectors are written out as numbers."""
    pieces = pieces_of(items, encoding, head)
    if encoding is Encoding.BASE64:
        return b"".join(pieces)
    written = []
    for piece in pieces:
        written.append(piece)
        await asyncio.sleep(0)
    return b"".join(written)
