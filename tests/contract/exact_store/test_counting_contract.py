"""What every exact store counts, for whom, and how long."""

import time

import pytest

from llm_cache_proxy.ports.exact_store.store import Commit, Miss
from samples.stores.exact_entries import TENANT, asking, entry
from samples.stores.exact_stores import OpenedStore, counts

ODD_TENANTS = ["a:b", "a", "{a}", "a}", "*", "a/b", "ä", "A", "a b", "", "default:x", "%7Ba%7D"]


async def test_a_hit_counts_itself_and_the_tokens_it_saved(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry(), {"misses": 1}))

    for _ in range(2):
        await opened_store.store.lookup(asking(counts={"error:search": 3}))

    assert await counts(opened_store.store, TENANT) == {
        "misses": 1,
        "error:search": 6,
        "exact_hits": 2,
        "model:m:hits": 2,
        "model:m:prompt_saved": 24,
        "model:m:completion_saved": 68,
    }


async def test_a_miss_counts_what_rides_along_and_nothing_else(opened_store: OpenedStore) -> None:
    await opened_store.store.lookup(asking(counts={"latency:MISS:3": 1}))
    await opened_store.store.record(TENANT, {"misses": 2, "model:m:prompt_used": -5})

    assert await counts(opened_store.store, TENANT) == {
        "latency:MISS:3": 1,
        "misses": 2,
        "model:m:prompt_used": -5,
    }


@pytest.mark.parametrize("other", ODD_TENANTS)
async def test_tenants_share_no_key_whatever_their_names(
    opened_store: OpenedStore, other: str
) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    for tenant in ODD_TENANTS:
        if tenant != other:
            await opened_store.store.commit(Commit(tenant, entry(), {"misses": 1}))

    assert await opened_store.store.lookup(asking(tenant=other)) == Miss(0)
    await opened_store.store.cut(other, "all")
    await opened_store.store.sweep(other, "all")
    assert await counts(opened_store.store, other) == {}
    assert await opened_store.store.count_entries(other) == 0
    for tenant in (TENANT, *ODD_TENANTS):
        assert (await opened_store.store.count_entries(tenant) == 1) == (tenant != other)


async def test_every_tenant_that_stored_or_counted_is_known(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit("b:{x}", entry()))
    await opened_store.store.record("a", {"misses": 1})

    assert await opened_store.store.tenants() == ["a", "b:{x}"]


async def test_old_counters_are_folded_and_none_is_lost(opened_store: OpenedStore) -> None:
    now = int(time.time())
    yesterday = (now - 2 * 86_400) // 300 * 300
    last_year = (now - 300 * 86_400) // 86_400 * 86_400
    await opened_store.store.record(TENANT, {"misses": 16})
    opened_store.lay(TENANT, 300, yesterday, {"misses": 1, "exact_hits": 2})
    opened_store.lay(TENANT, 300, yesterday - yesterday % 86_400, {"misses": 4})
    opened_store.lay(TENANT, 86_400, last_year, {"misses": 8})

    windows = await opened_store.store.counters(TENANT)
    again = await opened_store.store.counters(TENANT)

    assert [(w.seconds, w.counts) for w in windows] == [
        (0, {"misses": 8}),
        (86_400, {"misses": 5, "exact_hits": 2}),
        (300, {"misses": 16}),
    ]
    assert windows[1].start == yesterday - yesterday % 86_400
    assert again == windows
