"""Facts about administration over the exact tier that `make dev` runs on."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fakes.admin import NOW, entry
from fakes.vectors import FakeVectors
from llm_cache_proxy.adapters.exact_store.sqlite.store import SqliteExactStore, sqlite_exact_store
from llm_cache_proxy.adapters.system_clock import SystemClock
from llm_cache_proxy.administration import Administration
from llm_cache_proxy.domain.entries.entry import Entry, Form
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import latency_counts, miss_counts
from llm_cache_proxy.domain.metrics.pricing import default_prices
from llm_cache_proxy.ports.exact_store.store import Commit, Hit, Lookup
from llm_cache_proxy.ports.vector_store import Scope


@dataclass
class Place:
    """Both stores, one of them real, and the administration over them."""

    exact: SqliteExactStore
    vectors: FakeVectors
    administration: Administration

    async def keep(self, key: str, *, tenant: str = "default", tag: str = "") -> Entry:
        later = int(time.time() - NOW)
        made = entry(key, model="gpt-4o-mini", tag=tag)
        made = replace(
            made,
            created_at=made.created_at + later,
            expires_at=made.expires_at + later,
            purge_at=made.purge_at + later,
        )
        assert await self.exact.commit(Commit(tenant, made))
        await self.vectors.store(Scope(tenant, "fingerprint", "fake"), [1.0], made)
        return made

    async def hits(self, made: Entry, tenant: str = "default") -> bool:
        query = Lookup(tenant=tenant, key=made.key, form=Form.JSON, text_digest=made.text_digest)
        return isinstance(await self.exact.lookup(query), Hit)

    async def perform(self, action: str, **fields: object) -> JsonObject:
        return await self.administration.perform({"action": action, **fields})


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    exact, vectors = (
        sqlite_exact_store(tmp_path / "exact.sqlite3", timeout_seconds=5),
        FakeVectors(),
    )
    administration = Administration(
        exact=exact,
        vectors=vectors,
        clock=SystemClock(),
        prices=default_prices(),
        describe_settings=dict,
    )
    yield Place(exact, vectors, administration)
    await exact.aclose()


async def test_what_was_counted_is_reported_in_every_window_and_step(place: Place) -> None:
    made = await place.keep("a" * 64)
    assert await place.hits(made)
    await place.exact.record("default", miss_counts("gpt-4o-mini", 10, 5))
    await place.exact.record("default", latency_counts("MISS", 700))

    answer = await place.perform("stats")
    drawn = await place.administration.dashboard("hour")

    windows, series, latency = answer["windows"], drawn["series"], answer["latency"]
    assert isinstance(windows, dict)
    assert isinstance(series, list)
    assert isinstance(latency, dict)
    rates = {name: span["cache_performance"]["hit_rate"] for name, span in windows.items()}
    assert rates == {"last_hour": 0.5, "last_day": 0.5, "last_30_days": 0.5, "total": 0.5}
    assert sum(piece["exact_hits"] for piece in series) == 1
    assert latency["miss"]["count"] == 1
    assert answer["entries"] == {"exact": 1, "semantic": 1}


async def test_clearing_a_tag_leaves_the_rest_to_be_hit(place: Place) -> None:
    old, new = await place.keep("a" * 64, tag="old"), await place.keep("b" * 64)
    other = await place.keep("c" * 64, tenant="other", tag="old")

    answer = await place.perform("clear", tag="old", tenant="default")

    assert answer["cleared"] == {"exact": 1, "semantic": 1, "aliases": 0}
    assert [await place.hits(old), await place.hits(new)] == [False, True]
    assert await place.hits(other, tenant="other")


async def test_clearing_everything_keeps_the_counters(place: Place) -> None:
    made = await place.keep("a" * 64)
    await place.hits(made)

    await place.perform("clear", all=True)
    answer = await place.perform("stats")

    performance = answer["cache_performance"]
    assert isinstance(performance, dict)
    assert (performance["exact_hits"], await place.hits(made)) == (1, False)
    assert answer["entries"] == {"exact": 0, "semantic": 0}
