"""The entries of what a batch has asked for, stored before its answer or behind it.

Behind it where work may go on after an answer (docs/decisions/0034). Their leases end with the
write: whoever waits for them finds the entry, or asks at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

from llm_cache_proxy.domain.embeddings.items import Item
from llm_cache_proxy.domain.entries.entry import Entry, Forms
from llm_cache_proxy.domain.metrics.counter_names import merged
from llm_cache_proxy.domain.metrics.pricing import CountedModels
from llm_cache_proxy.domain.metrics.request_event import Usage
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.pipeline.embeddings.item_leases import ItemLeases
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.support.unstored import UnstoredAnswers
from llm_cache_proxy.pipeline.upstream.records import new_entry
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.items import ItemStore

_MOST_TOGETHER = 64
"""Entries in one write: half a megabyte of vectors, so that each keeps the store's deadline."""


@record()
class ItemWriter:
    """Stores items: behind the answer where `unstored` has a place for them, else before it."""

    store: ItemStore
    dependency: Dependency
    counter_writer: CounterWriter
    clock: Clock
    leases: ItemLeases
    models: CountedModels
    unstored: UnstoredAnswers | None = None

    async def keep(
        self,
        planned: PlannedRequest,
        state: RequestState,
        items: Mapping[str, Item],
        leased: set[str],
        claim: str,
    ) -> None:
        """Store the items by key, or begin to, and write the request's counts with them.

        Their keys leave `leased`: the write gives those leases up, and the caller only the others.
        """
        tenant, counts = planned.identity.tenant, state.counts.take()
        if state.exact_unavailable:
            self.counter_writer.write_in_background(tenant, counts)
            return
        ours = leased & items.keys()
        leased -= ours

        async def store() -> None:
            is_whole = False
            try:
                is_whole = await self._store(planned, state, items, counts)
            finally:
                if not is_whole:
                    self.leases.release(tenant, ours, claim)

        size = sum(len(item.frame.text) + len(item.vector) for item in items.values())
        place = (tenant, frozenset(items), size)
        if self.unstored is None or not self.unstored.start(*place, store):
            await store()

    async def _store(
        self,
        planned: PlannedRequest,
        state: RequestState,
        items: Mapping[str, Item],
        counts: dict[str, int],
    ) -> bool:
        """Whether all of them were stored; the counts are written in any case."""
        tenant, is_whole, left = planned.identity.tenant, True, iter(items.items())
        while some := list(islice(left, _MOST_TOGETHER)):
            entries = self._entries(planned, state, some)
            step = partial(self.store.commit_items, tenant, entries, counts)
            stored = await self.dependency.attempt(state, step)
            if stored is None:
                pending = merged(counts, state.counts.take())
                self.counter_writer.write_in_background(tenant, pending)
                return False
            is_whole, counts = is_whole and stored, {}
        return is_whole

    def _entries(
        self, planned: PlannedRequest, state: RequestState, items: Sequence[tuple[str, Item]]
    ) -> Sequence[Entry]:
        model, now = self.models.name(planned.identity.model), int(self.clock.now())
        return [
            new_entry(
                replace(planned, key=key),
                state,
                Usage(model, item.tokens, 0, saved=False),
                Forms(json=item.text(), sse="", usage_event=""),
                now,
            )
            for key, item in items
        ]
