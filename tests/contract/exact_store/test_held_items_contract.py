"""What a process holds of items is served as long as the server finds them, no longer."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from llm_cache_proxy.adapters.exact_store.redis.client import redis_exact_store
from llm_cache_proxy.bootstrap.parts import Exact
from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.ports.exact_store.items import ItemsFound, ItemsLookup
from llm_cache_proxy.ports.exact_store.store import Commit
from samples.stores.exact_entries import TENANT, alias, asking, entry
from samples.stores.exact_stores import OpenedStore, opened


@pytest.fixture(params=["redis", "upstash"])
async def opened_store(
    request: pytest.FixtureRequest, tmp_path: Path, redis_url: str
) -> AsyncIterator[OpenedStore]:
    async with opened(request.param, tmp_path, redis_url) as made:
        yield made


@asynccontextmanager
async def another_process(opened_store: OpenedStore) -> AsyncIterator[Exact]:
    assert opened_store.redis_url is not None
    store = redis_exact_store(opened_store.redis_url, timeout_seconds=5)
    yield store
    await store.aclose()


def item(vector: str) -> Forms:
    return Forms(f'{{"vector":"{vector}"}}', "", "")


async def kept(store: Exact, vector: str, *keys: str, sequence: int = 0) -> None:
    made = [entry(key, forms=item(vector), sequence=sequence) for key in keys]
    assert await store.commit_items(TENANT, made, {})


async def vectors(store: Exact, *keys: str, max_age_seconds: int | None = None) -> dict[str, str]:
    found = await store.lookup_items(ItemsLookup(TENANT, keys, max_age_seconds))
    assert isinstance(found, ItemsFound)
    return {key: hit.vector.decode() for key, hit in found.hits.items()}


async def test_an_item_that_is_held_is_not_sent_again(opened_store: OpenedStore) -> None:
    store = opened_store.store
    await kept(store, "vector", "a", "b")
    await vectors(store, "a")

    opened_store.spoil(TENANT, "a", "json", "behind the back of all that write")

    assert await vectors(store, "b", "a", "none") == {"a": "vector", "b": "vector"}


async def test_what_another_process_writes_is_served_at_once(opened_store: OpenedStore) -> None:
    store = opened_store.store
    await kept(store, "before", "a", "b")
    await vectors(store, "a", "b")

    async with another_process(opened_store) as other:
        await kept(other, "after", "a")

    assert await vectors(store, "a", "b") == {"a": "after", "b": "before"}


async def test_what_was_written_in_another_way_is_served_at_once(
    opened_store: OpenedStore,
) -> None:
    store = opened_store.store
    await kept(store, "before", "a")
    await vectors(store, "a")

    await store.commit(Commit(TENANT, entry("a", forms=item("imported"))))

    assert [await vectors(store, "a") for _ in range(2)] == [{"a": "imported"}] * 2


async def test_after_a_clear_nothing_that_is_held_is_served(opened_store: OpenedStore) -> None:
    store = opened_store.store
    await kept(store, "before", "a", "b")
    await vectors(store, "a", "b")

    async with another_process(opened_store) as other:
        cutoff = await other.cut(TENANT, "entry:id-a")
        cleared = await vectors(store, "a", "b")
        await kept(other, "after", "a", sequence=cutoff)

    assert cleared == {"b": "before"}
    assert await vectors(store, "a", "b") == {"a": "after", "b": "before"}


@pytest.mark.parametrize("is_cleared", [False, True])
async def test_what_is_held_keeps_its_facts_and_counts_as_what_is_sent(
    opened_store: OpenedStore, is_cleared: bool
) -> None:
    store = opened_store.store
    await kept(store, "vector", "a")
    if is_cleared:  # of something else, and earlier
        await store.cut(TENANT, "tag:other")
        await kept(store, "vector", "a", sequence=await store.cut(TENANT, "tag:other"))

    found = [await store.lookup_items(ItemsLookup(TENANT, ["a"])) for _ in range(2)]
    windows = await store.counters(TENANT)
    totals = {name: n for each in windows for name, n in each.counts.items()}

    sent, held = (each.hits["a"] for each in found if isinstance(each, ItemsFound))
    assert sent == held
    assert (totals["model:m:hits"], totals["exact_hits"]) == (2, 2)
    assert totals["model:m:prompt_saved"] == 24


@pytest.mark.parametrize(
    ("field", "value"), [("expires_at", 1), ("expires_at", "soon"), ("version", 99)]
)
async def test_what_is_held_is_served_while_its_record_lives(
    opened_store: OpenedStore, field: str, value: object
) -> None:
    store = opened_store.store
    await kept(store, "vector", "a", "b")
    await vectors(store, "a", "b")

    opened_store.spoil(TENANT, "a", field, value)

    assert [await vectors(store, "a", "b") for _ in range(2)] == [{"b": "vector"}] * 2


async def test_what_is_held_may_be_too_old_for_a_request(opened_store: OpenedStore) -> None:
    store = opened_store.store  # its items were made ten seconds ago
    await kept(store, "vector", "a")
    await vectors(store, "a")

    assert await vectors(store, "a", max_age_seconds=5) == {}
    assert [await vectors(store, "a", max_age_seconds=60) for _ in range(2)] == [
        {"a": "vector"}
    ] * 2


async def test_a_clear_by_age_takes_what_is_held(opened_store: OpenedStore) -> None:
    store = opened_store.store
    await kept(store, "vector", "a")
    await vectors(store, "a")

    await store.cut_before(TENANT, int(time.time()))

    assert await vectors(store, "a") == {}


async def test_a_promotion_over_an_item_ends_it(opened_store: OpenedStore) -> None:
    store = opened_store.store
    await store.commit(Commit(TENANT, entry()))
    await kept(store, "before", alias().key)
    await vectors(store, alias().key)

    await store.promote(TENANT, alias(), asking())

    assert await vectors(store, alias().key) == {}


async def test_after_hundreds_of_clears_items_are_found_as_before(
    opened_store: OpenedStore,
) -> None:
    store = opened_store.store
    for at in range(101):
        await store.cut(TENANT, f"tag:other-{at}")
    await kept(store, "vector", "a", "b")

    before = await vectors(store, "a", "b")
    await store.cut(TENANT, "entry:id-a")

    assert before == {"a": "vector", "b": "vector"}
    assert await vectors(store, "a", "b") == {"b": "vector"}
