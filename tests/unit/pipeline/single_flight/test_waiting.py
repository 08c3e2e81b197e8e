"""Facts about leaders and those who wait in one process."""

import asyncio

from fakes.exact import MemoryExact
from llm_cache_proxy.domain.entries.shared_answer import LeaderResult, SharedAnswer
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.pipeline.single_flight.leader import LeaderLease
from llm_cache_proxy.pipeline.single_flight.waiting import LocalWaiters
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms
from llm_cache_proxy.ports.exact_store.leases import Lease
from samples.stores.exact_entries import entry

FLIGHT_KEY = ("default", "flight")
LEASE = Lease("flight", 1, led=True)


class NotedLeases(MemoryExact):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def extend(self, tenant: str, lease: Lease, seconds: float) -> bool:
        del tenant, lease, seconds
        self.asked.append("extend")
        return True

    async def publish(self, tenant: str, lease: Lease, text: str, seconds: float) -> bool:
        del tenant, lease, text, seconds
        self.asked.append("publish")
        return True

    async def release(self, tenant: str, lease: Lease) -> None:
        del tenant, lease
        self.asked.append("release")


class Refusing(NotedLeases):
    """Publishes nothing."""

    async def publish(self, tenant: str, lease: Lease, text: str, seconds: float) -> bool:
        await super().publish(tenant, lease, text, seconds)
        raise ExactStoreUnavailable("away")


class Led:
    """A lease on noted leases, and the results that it ended with."""

    def __init__(self, terms: LeaseTerms | None = None, store: NotedLeases | None = None) -> None:
        self.store, self.background = store or NotedLeases(), Background()
        self.results: list[LeaderResult | None] = []
        self.lead = LeaderLease(
            self.store,
            terms or LeaseTerms(),
            "default",
            "key",
            LEASE,
            self.background,
            lambda result, _: self.results.append(result),
        )


async def test_a_leader_that_has_given_up_hands_nothing_over() -> None:
    led = Led()

    led.lead.abandon()
    led.lead.abandon()
    await led.lead.share(SharedAnswer(body="late"))
    await led.background.wait()

    assert led.results == [None]
    assert led.store.asked == ["release"]


async def test_a_leader_whose_answer_was_not_stored_gives_the_lease_back() -> None:
    led, kept = Led(), entry()

    led.lead.unstored(kept)
    led.lead.unstored(kept)
    await led.background.wait()

    assert led.results == [kept]
    assert led.store.asked == ["release"]


async def test_a_leader_whose_answer_cannot_be_left_gives_the_lease_back() -> None:
    led = Led(store=Refusing())

    await led.lead.share(SharedAnswer(body="published"))
    await led.background.wait()

    assert led.store.asked == ["publish", "release"]


async def test_a_leader_beats_no_longer_than_followers_wait() -> None:
    led = Led(LeaseTerms(lease_seconds=0.03, wait_seconds=0.015))

    await asyncio.sleep(0.1)
    led.lead.ended()

    assert len(led.store.asked) <= 2  # it would have beaten ten times


async def test_a_new_leader_does_not_wait_for_the_next_in_turn() -> None:
    local_waiters = LocalWaiters()
    given_up = await local_waiters.start_group(FLIGHT_KEY, 1)
    waiting = local_waiters.join(FLIGHT_KEY, 1)
    next_in_turn = asyncio.ensure_future(waiting.turn.acquire())
    await asyncio.sleep(0)
    local_waiters.finish(given_up, None)

    async with asyncio.timeout(60):
        led = await local_waiters.start_group(FLIGHT_KEY, 2)

    assert led is not waiting
    assert await next_in_turn


async def test_a_new_leader_does_not_disturb_those_who_wait_for_another() -> None:
    local_waiters = LocalWaiters()
    first = await local_waiters.start_group(FLIGHT_KEY, 1)
    waiting = local_waiters.join(FLIGHT_KEY, 1)

    second = await local_waiters.start_group(FLIGHT_KEY, 2)
    local_waiters.finish(second, SharedAnswer(body="second"))
    local_waiters.finish(first, SharedAnswer(body="first"))

    assert waiting.result == SharedAnswer(body="first")
