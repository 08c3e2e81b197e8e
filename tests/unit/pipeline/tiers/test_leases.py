"""Facts about leases that were asked for and never heard of."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from fakes.exact import MemoryExact
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms, LostLeases
from llm_cache_proxy.ports.exact_store.store import Answered, Lookup
from unit.pipeline.harness import Harness


class Withdrawals(MemoryExact):
    """Notes what is withdrawn; fails the first `failures` times."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__()
        self.failures = failures
        self.asked: list[tuple[str, str, str]] = []

    async def withdraw(self, tenant: str, flight: str, claim: str) -> None:
        self.asked.append((tenant, flight, claim))
        if len(self.asked) <= self.failures:
            raise ExactStoreUnavailable("away")


class LostReplies(Withdrawals):
    """Looks up, and then `loses` the reply."""

    def __init__(self, loses: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self.lookups: list[Lookup] = []
        self._loses = loses

    async def lookup(self, query: Lookup) -> Answered:
        answer = await super().lookup(query)
        self.lookups.append(query)
        await self._loses()
        return answer


async def kept() -> None:
    """The reply arrives."""


async def lost() -> None:
    raise ExactStoreUnavailable("the reply was lost")


async def late() -> None:
    await asyncio.sleep(60)


@pytest.mark.parametrize("loses", [lost, late])
async def test_the_lease_of_a_lost_reply_is_withdrawn(loses: Callable[[], Awaitable[None]]) -> None:
    store = LostReplies(loses)

    answer = await Harness(exact=store, deadline_seconds=0.2).ask()

    [query] = store.lookups
    assert answer.x_cache == "MISS"
    assert store.asked == [(query.tenant, query.flight, query.claim)]


async def test_a_reply_that_arrives_keeps_its_lease() -> None:
    store = LostReplies(kept)

    await Harness(exact=store).ask()

    assert store.lookups
    assert store.asked == []


async def withdrawn(store: Withdrawals, terms: LeaseTerms) -> int:
    """How often one claim was withdrawn."""
    background = Background()
    LostLeases(store, terms, background).withdraw("default", "flight", "claim")
    await background.wait()
    assert set(store.asked) == {("default", "flight", "claim")}
    return len(store.asked)


async def test_a_store_that_is_unavailable_is_called_again() -> None:
    assert await withdrawn(Withdrawals(failures=1), LeaseTerms()) == 2


async def test_where_nothing_runs_after_an_answer_it_is_called_once() -> None:
    assert await withdrawn(Withdrawals(failures=9), LeaseTerms(retry_seconds=0)) == 1


async def test_a_store_that_stays_unavailable_is_given_up() -> None:
    assert await withdrawn(Withdrawals(failures=9), LeaseTerms(retry_seconds=0.25)) == 2
