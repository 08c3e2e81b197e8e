"""Facts about one verdict for many who ask."""

import asyncio
from dataclasses import replace

import pytest

from fakes.admin import AdminHarness
from fakes.exact import MemoryExact
from fakes.vectors import FakeVectors
from llm_cache_proxy.administration.metrics.latest_health import LatestHealth
from llm_cache_proxy.administration.metrics.store_health import StoreHealth
from llm_cache_proxy.domain.errors import StoreRefusesWrites


class Clock:
    """Stands still until it is moved."""

    time = 1_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time


class CheckedExact(MemoryExact):
    """Counts its checks; each ends when `answers` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.checks = 0
        self.fails: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    async def check(self) -> str | None:
        self.checks += 1
        await self.answers.wait()
        if self.fails is not None:
            raise self.fails
        return None


@pytest.fixture
def exact() -> CheckedExact:
    return CheckedExact()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def latest(exact: CheckedExact, clock: Clock) -> LatestHealth:
    return LatestHealth(StoreHealth(exact, FakeVectors(), clock), clock)


async def test_many_who_ask_at_once_and_soon_share_one_check(
    latest: LatestHealth, exact: CheckedExact, clock: Clock
) -> None:
    await asyncio.gather(*(latest.recent() for _ in range(50)), latest.current())
    clock.time += 4.9
    await latest.recent()

    assert exact.checks == 1


async def test_regular_clients_get_the_last_verdict_while_a_check_runs(
    latest: LatestHealth, exact: CheckedExact, clock: Clock
) -> None:
    await latest.recent()
    exact.answers.clear()
    clock.time += 6

    verdict = await asyncio.wait_for(latest.recent(), 60)

    assert verdict["status"] == "ok"
    exact.fails = StoreRefusesWrites("full")
    exact.answers.set()
    assert (await latest.current())["status"] == "degraded"
    assert (await latest.recent())["status"] == "degraded"
    assert exact.checks == 2


async def test_an_old_verdict_is_never_given(
    latest: LatestHealth, exact: CheckedExact, clock: Clock
) -> None:
    await latest.recent()
    exact.fails = StoreRefusesWrites("full")
    clock.time += 31

    assert (await latest.recent())["reasons"] == ["exact: full"]


async def test_one_who_leaves_does_not_end_the_check_of_the_others(
    latest: LatestHealth, exact: CheckedExact
) -> None:
    exact.answers.clear()
    leaver = asyncio.create_task(latest.recent())
    stayer = asyncio.create_task(latest.current())
    await asyncio.sleep(0)
    leaver.cancel()
    await asyncio.sleep(0)
    exact.answers.set()

    assert (await stayer)["status"] == "ok"
    assert leaver.cancelled()


async def test_a_check_that_is_under_way_ends_with_the_server(
    latest: LatestHealth, exact: CheckedExact
) -> None:
    await latest.aclose()
    exact.answers.clear()
    waiting = asyncio.create_task(latest.recent())
    await asyncio.sleep(0)

    await latest.aclose()

    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (StoreRefusesWrites("full"), {"status": "refuses_writes", "message": "full"}),
        (ZeroDivisionError("secret"), {"status": "unavailable", "message": "ZeroDivisionError"}),
    ],
)
async def test_what_a_check_raises_is_the_parts_state(
    latest: LatestHealth, exact: CheckedExact, failure: Exception, state: dict[str, str]
) -> None:
    exact.fails = failure

    verdict = await latest.current()

    assert verdict["parts"]["exact"] == state  # type: ignore[index] # JSON


async def test_a_store_that_works_with_something_amiss_is_degraded(clock: Clock) -> None:
    async def set_aside() -> str | None:
        return "a damaged one is kept"

    health = StoreHealth(MemoryExact(), FakeVectors(), clock, others={"embedder": set_aside})

    verdict = await health.health()

    assert verdict["status"] == "degraded"
    assert verdict["reasons"] == ["embedder: a damaged one is kept"]


async def test_what_a_first_check_needs_is_prepared_once(exact: MemoryExact, clock: Clock) -> None:
    prepared: list[float] = []

    async def prepare() -> None:
        prepared.append(clock.time)

    latest = LatestHealth(StoreHealth(exact, FakeVectors(), clock), clock, prepare)
    assert await latest.current() == await latest.current()
    clock.time += 60
    await latest.current()

    assert prepared == [1_000.0]


async def test_operators_and_the_dashboard_get_the_shared_verdict(
    latest: LatestHealth, exact: CheckedExact
) -> None:
    office = replace(AdminHarness().administration(), latest_health=latest)

    health = await office.perform({"action": "health"})
    shown = await office.dashboard("hour")
    states = await office.part_states()

    assert health == shown["health"]
    assert states == {"exact": "ok", "semantic": "ok"}
    assert exact.checks == 1
