"""A lease that was asked for, and of which nothing was heard, is given back.

A store that answers too late, or whose answer is lost, may have given it: others would wait for
a leader that there is not.
"""

import secrets
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.tiers.lease_terms import LeaseTerms
from llm_cache_proxy.ports.lease_store import LeaseStore

T = TypeVar("T")


def new_claim() -> str:
    """A name for one attempt to take a lease, which no other attempt has."""
    return secrets.token_hex(8)


@dataclass(frozen=True, slots=True)
class Claims:
    """Listens for what the store says of a claim."""

    store: LeaseStore
    terms: LeaseTerms
    background: Background

    async def heard(self, tenant: str, flight: str, claim: str, call: Awaitable[T]) -> T:
        """What `call` gives; where that is lost, so is the claim."""
        try:
            return await call
        except BaseException:  # also a deadline's or a client's that has left
            self.background.start(lambda: self._withdraw(tenant, flight, claim))
            raise

    async def _withdraw(self, tenant: str, flight: str, claim: str) -> None:
        await self.terms.insist(lambda: self.store.withdraw(tenant, flight, claim))
