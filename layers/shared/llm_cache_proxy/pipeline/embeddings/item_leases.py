"""The leases of a batch's items: taken with a lookup, and given up where nobody will store them."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms
from llm_cache_proxy.ports.exact_store.items import ItemsAnswered, ItemsLookup, ItemStore
from llm_cache_proxy.ports.exact_store.leases import CLAIM_BYTES


@dataclass(frozen=True, slots=True)
class ItemLeases:
    """Takes leases and releases them; where nobody holds one, others ask at once."""

    store: ItemStore
    dependency: Dependency
    terms: LeaseTerms
    background: Background

    async def looked_up(self, query: ItemsLookup, state: RequestState) -> ItemsAnswered | None:
        """The store's answer; where it is lost, so are the leases that may have come with it."""
        try:
            answer = await self.dependency.attempt(state, partial(self.store.lookup_items, query))
        except BaseException:  # a client that has left
            self.release(query.tenant, query.keys, query.claim)
            raise
        if answer is None:
            self.release(query.tenant, query.keys, query.claim)
        return answer

    def release(self, tenant: str, keys: Collection[str], claim: str) -> None:
        """Give up the leases of items that will not be stored: others ask for them then."""
        if keys and claim:
            some = list(keys)
            self.background.start(
                lambda: self.terms.insist(lambda: self.store.release_items(tenant, some, claim))
            )


def claim_of(planned: PlannedRequest) -> str:
    """The name under which what is missing is leased; empty where nobody is to wait for it."""
    plan = planned.plan
    shares = plan.coalesce and plan.read and plan.write and plan.bypass is None
    return secrets.token_hex(CLAIM_BYTES) if shares and not plan.only_if_cached else ""
