"""Facts about keeping embedded stores within their bounds."""

import asyncio
from collections.abc import Sequence

import pytest

from llm_cache_proxy.administration.upkeep import Upkeep
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.bounded import Bounds, Removed

BOUNDS = Bounds(entries=10)


class Exact:
    """Gives up the batches that it was made with, one a call."""

    def __init__(self, *batches: Sequence[Removed]) -> None:
        self._batches = list(batches)
        self.asked: list[Bounds] = []
        self.shrunk = 0
        self.away = False
        self.was_asked, self.was_shrunk = asyncio.Event(), asyncio.Event()

    async def trim(self, bounds: Bounds) -> Sequence[Removed]:
        self.asked.append(bounds)
        self.was_asked.set()
        if self.away:
            raise ExactStoreUnavailable("away")
        return self._batches.pop(0) if self._batches else []

    async def shrink(self) -> None:
        self.shrunk += 1
        self.was_shrunk.set()


class Vectors:
    def __init__(self, expired: int = 0) -> None:
        self.expired = expired
        self.removed: dict[str, list[str]] = {}

    async def remove(self, tenant: str, keys: Sequence[str]) -> None:
        self.removed.setdefault(tenant, []).extend(keys)

    async def purge(self, now: int) -> int:
        assert now == Clock().now()
        return self.expired


class Clock:
    def now(self) -> float:
        return 1_800_000_000.0

    def monotonic(self) -> float:
        return 0.0


def entry(tenant: str, key: str) -> Removed:
    return Removed(tenant, key, is_alias=False)


async def test_an_entry_leaves_both_tiers_and_an_alias_its_one() -> None:
    exact = Exact(
        [entry("b", "1"), entry("a", "2"), Removed("a", "3", is_alias=True)], [entry("a", "4")]
    )
    vectors = Vectors()

    count = await Upkeep(exact, vectors, BOUNDS, Clock()).once()

    assert count == 4
    assert vectors.removed == {"a": ["2", "4"], "b": ["1"]}
    assert exact.asked == [BOUNDS] * 3
    assert exact.shrunk == 1


async def test_expired_vectors_are_purged_without_a_request() -> None:
    exact = Exact()

    assert await Upkeep(exact, Vectors(expired=3), BOUNDS, Clock()).once() == 3
    assert exact.shrunk == 1


async def test_where_nothing_leaves_no_file_is_touched() -> None:
    exact = Exact()

    assert await Upkeep(exact, Vectors(), BOUNDS, Clock()).once() == 0
    assert exact.shrunk == 0


async def test_without_vectors_of_ones_own_the_exact_tier_is_trimmed_alone() -> None:
    assert await Upkeep(Exact([entry("a", "1")]), None, BOUNDS, Clock()).once() == 1


async def test_a_store_that_is_away_is_trimmed_at_a_later_turn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    exact = Exact([entry("a", "1")])
    exact.away = True
    running = asyncio.create_task(Upkeep(exact, None, BOUNDS, Clock()).run(0.0))
    await exact.was_asked.wait()

    exact.away = False
    await exact.was_shrunk.wait()
    running.cancel()

    assert "not trimmed now: away" in caplog.text
