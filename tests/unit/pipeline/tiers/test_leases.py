"""Facts about leases that were asked for and never heard of."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from fakes.exact import MemoryExact
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms, LostLeases


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


async def answer(seconds: float = 0.0) -> str:
    await asyncio.sleep(seconds)
    return "heard"


async def lost() -> str:
    raise ExactStoreUnavailable("the answer was lost")


async def withdrawn(
    store: Withdrawals, step: Callable[[], Awaitable[str]], terms: LeaseTerms | None = None
) -> int:
    """How often a claim was withdrawn after `step`."""
    background = Background()
    lost_leases = LostLeases(store, terms or LeaseTerms(), background)
    await asyncio.gather(
        lost_leases.heard("default", "flight", "claim", step), return_exceptions=True
    )
    await background.wait()
    assert set(store.asked) <= {("default", "flight", "claim")}
    return len(store.asked)


async def test_what_was_heard_is_not_withdrawn() -> None:
    assert await withdrawn(Withdrawals(), answer) == 0


async def test_what_was_lost_is_withdrawn() -> None:
    assert await withdrawn(Withdrawals(), lost) == 1


async def test_what_came_too_late_is_withdrawn() -> None:
    store, background = Withdrawals(), Background()
    lost_leases = LostLeases(store, LeaseTerms(), background)

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await lost_leases.heard("default", "flight", "claim", partial(answer, 5))
    await background.wait()

    assert store.asked == [("default", "flight", "claim")]


async def test_a_store_that_is_unavailable_is_called_again() -> None:
    assert await withdrawn(Withdrawals(failures=1), lost) == 2


async def test_where_nothing_runs_after_an_answer_it_is_called_once() -> None:
    terms = LeaseTerms(retry_seconds=0)

    assert await withdrawn(Withdrawals(failures=9), lost, terms) == 1


async def test_a_store_that_stays_unavailable_is_given_up() -> None:
    terms = LeaseTerms(retry_seconds=0.25)

    assert await withdrawn(Withdrawals(failures=9), lost, terms) == 2
