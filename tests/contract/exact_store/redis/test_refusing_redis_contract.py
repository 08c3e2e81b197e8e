"""What a Redis that is full, read-only or without its scripts still does, in how many commands."""

import asyncio

import pytest

from llm_cache_proxy.ports.exact_store.store import AliasFound, Commit, Hit, Miss
from samples.stores.exact_entries import TENANT, alias, asking, entry
from samples.stores.exact_stores import OpenedStore, counts

REDIS = ["redis", "upstash"]


only_redis = pytest.mark.parametrize("opened_store", REDIS, indirect=True)


async def test_a_check_of_a_store_that_works_leaves_nothing_behind(
    opened_store: OpenedStore,
) -> None:
    assert await opened_store.store.check() is None

    assert await opened_store.store.tenants() == []


@only_redis
async def test_a_full_redis_still_serves_hits_uncounted(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    await opened_store.store.promote(TENANT, alias(), asking())
    before = await counts(opened_store.store, TENANT)
    opened_store.redis().config_set("maxmemory", 1)

    found = await opened_store.store.lookup(asking(counts={"misses": 5}))
    promoted = await opened_store.store.promote(TENANT, alias("third"), asking())
    missed = await opened_store.store.lookup(asking("unknown"))

    assert isinstance(found, Hit)
    assert isinstance(promoted, Hit)
    assert isinstance(await opened_store.store.lookup(asking("other")), AliasFound)
    assert isinstance(missed, Miss)
    assert not await opened_store.store.commit(Commit(TENANT, entry("fourth")))
    assert not opened_store.holds(TENANT, "third")
    assert not opened_store.holds(TENANT, "fourth")
    opened_store.redis().config_set("maxmemory", 0)
    assert await counts(opened_store.store, TENANT) == before | {"error:write_refused": 1}


@only_redis
async def test_a_read_only_redis_still_serves_hits_uncounted(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    before = await counts(opened_store.store, TENANT)
    opened_store.redis().replicaof("127.0.0.1", "1")  # a replica whose primary is gone

    found = await opened_store.store.lookup(asking())

    assert isinstance(found, Hit)
    assert not await opened_store.store.commit(Commit(TENANT, entry()))
    opened_store.redis().replicaof("NO", "ONE")
    assert await counts(opened_store.store, TENANT) == before | {"error:write_refused": 1}


@only_redis
async def test_entries_that_a_full_redis_refuses_are_counted_at_once_and_once(
    opened_store: OpenedStore,
) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    opened_store.redis().config_set("maxmemory", 1)

    for key in ("second", "third"):
        await opened_store.store.commit(Commit(TENANT, entry(key)))
    await opened_store.store.commit_items(TENANT, [entry("fourth"), entry("fifth")], {})
    while_full = await counts(opened_store.store, TENANT)
    opened_store.redis().config_set("maxmemory", 0)
    await asyncio.gather(
        *(opened_store.store.commit(Commit(TENANT, entry(f"later {n}"))) for n in range(5))
    )
    afterwards = await counts(opened_store.store, TENANT)

    assert while_full["error:write_refused"] == 4
    assert afterwards["error:write_refused"] == 4


@only_redis
async def test_an_exact_hit_is_one_command(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    await opened_store.store.lookup(asking())
    opened_store.redis().config_resetstat()

    for _ in range(10):
        await opened_store.store.lookup(asking())

    stats = opened_store.redis().info("commandstats")
    assert stats["cmdstat_evalsha"]["calls"] == 10
    sent = {name for name in stats if name.split("_")[1] in {"eval", "get", "sadd", "script"}}
    assert sent <= {"cmdstat_get", "cmdstat_sadd"}  # those of the script itself
    assert stats["cmdstat_get"]["calls"] == 10


@only_redis
async def test_scripts_that_the_server_forgot_are_sent_again(opened_store: OpenedStore) -> None:
    await opened_store.store.commit(Commit(TENANT, entry()))
    opened_store.redis().script_flush()

    assert isinstance(await opened_store.store.lookup(asking()), Hit)
