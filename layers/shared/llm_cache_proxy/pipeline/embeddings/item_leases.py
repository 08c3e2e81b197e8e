"""The leases of a batch's items: taken with a lookup, kept while the upstream works, released.

A released lease lets others ask for an item that will not be stored.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Collection
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from functools import partial

from llm_cache_proxy.domain.record import record
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms
from llm_cache_proxy.ports.exact_store.items import ItemsAnswered, ItemsLookup, ItemStore
from llm_cache_proxy.ports.exact_store.leases import CLAIM_BYTES

_BEATS = 3
"""Heartbeats before a lease lapses: two may be lost."""


@record()
class ItemLeases:
    """Takes, keeps and releases leases."""

    store: ItemStore
    dependency: Dependency
    terms: LeaseTerms
    background: Background

    async def looked_up(self, query: ItemsLookup, state: RequestState) -> ItemsAnswered | None:
        """The store's answer; if it is lost, leases that may have come with it are withdrawn."""
        try:
            answer = await self.dependency.attempt(state, partial(self.store.lookup_items, query))
        except BaseException:  # a client that has left
            self.release(query.tenant, query.keys, query.claim)
            raise
        if answer is None:
            self.release(query.tenant, query.keys, query.claim)
        return answer

    @asynccontextmanager
    async def kept(self, tenant: str, keys: AbstractSet[str], claim: str) -> AsyncIterator[None]:
        """Hold the leases of `keys` inside the block; the set may change meanwhile."""
        heart = asyncio.create_task(self._beat(tenant, keys, claim)) if keys and claim else None
        try:
            yield
        finally:
            if heart is not None:
                heart.cancel()

    async def _beat(self, tenant: str, keys: AbstractSet[str], claim: str) -> None:
        seconds = self.terms.lease_seconds
        while True:
            await asyncio.sleep(seconds / _BEATS)
            extend = self.store.extend_items(tenant, list(keys), claim, seconds)
            await self.terms.attempt(extend)

    def release(self, tenant: str, keys: Collection[str], claim: str) -> None:
        """Release the leases of items that will not be stored: other batches then ask for them."""
        if keys and claim:
            some = list(keys)
            self.background.start(
                lambda: self.terms.insist(lambda: self.store.release_items(tenant, some, claim))
            )


def claim_of(planned: PlannedRequest) -> str:
    """The name under which missing items are leased; empty where no batch is to wait for them."""
    plan = planned.plan
    shares = plan.coalesce and plan.read and plan.write and plan.bypass is None
    return secrets.token_hex(CLAIM_BYTES) if shares and not plan.only_if_cached else ""
