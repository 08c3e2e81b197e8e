"""What is counted and limited on a Redis Cluster is exact, whichever slot was asked."""

import asyncio

import pytest
import redis
from redis.crc import key_slot

from llm_cache_proxy.adapters.exact_store.redis.cluster.client import (
    RedisClusterServer,
)
from llm_cache_proxy.adapters.exact_store.redis.cluster.slots import Slots
from llm_cache_proxy.adapters.exact_store.redis.cluster.store import ClusterExactStore
from llm_cache_proxy.adapters.exact_store.redis.names import TenantNames
from llm_cache_proxy.adapters.exact_store.redis.scripts import Argument
from llm_cache_proxy.domain.client_keys.limits import KeyCheck, KeyRecord, Limits, Refusal
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.items import ItemsLookup
from llm_cache_proxy.ports.exact_store.store import Commit, Hit, Miss, Refused
from samples.stores.exact_entries import TENANT, asking, entry
from samples.stores.spread_tenant import KEY_ID, KEYS, SLOTS, counted, fill, spread
from servers.redis.cluster import command, holds_keys_of


async def test_hits_of_many_at_once_are_all_counted(nodes: list[str]) -> None:
    async with spread(nodes[0]) as one, spread(nodes[1]) as other:
        await fill(one)

        lookups = [store.lookup(asking(key)) for store in (one, other) for key in KEYS]
        found = await asyncio.gather(*lookups)

        assert all(isinstance(hit, Hit) for hit in found)
        assert await counted(one, "exact_hits") == 2 * len(KEYS)
        assert await counted(one, "model:m:prompt_saved") == 2 * len(KEYS) * 12


async def test_requests_a_minute_are_those_of_all_slots(nodes: list[str]) -> None:
    limits = Limits(requests_per_minute=25)
    check = KeyCheck(KEY_ID, "m", None)
    async with spread(nodes[0]) as one, spread(nodes[1]) as other:
        await fill(one)
        await one.write_key(TENANT, KEY_ID, KeyRecord(name="k", created_at=1, limits=limits))

        asked = [store.lookup(asking(key, check=check)) for store in (one, other) for key in KEYS]
        found = await asyncio.gather(*asked)

        assert sum(isinstance(answer, Hit) for answer in found) == 25
        refused = [answer.refusal for answer in found if isinstance(answer, Refused)]
        assert refused == [Refusal.REQUESTS] * (2 * len(KEYS) - 25)
        assert await counted(one, "exact_hits") == 25


async def test_a_budget_is_spent_once_over_all_slots_and_hits_are_free(nodes: list[str]) -> None:
    limits = Limits(tokens_per_day=100)
    check = KeyCheck(KEY_ID, "m", None, tokens=10)
    async with spread(nodes[0]) as one, spread(nodes[1]) as other:
        await one.write_key(TENANT, KEY_ID, KeyRecord(name="k", created_at=1, limits=limits))
        await one.commit(Commit(TENANT, entry("held")))

        found = await asyncio.gather(
            *(store.lookup(asking(key, check=check)) for store in (one, other) for key in KEYS),
            *(one.lookup(asking("held", check=check)) for _ in range(20)),
        )

        grants = [(type(answer), getattr(answer, "grant", None)) for answer in found]
        charged = [kind for kind, grant in grants if grant and grant.charge]
        short = [kind for kind, grant in grants if grant and grant.short]
        assert len(charged) == 10
        assert len(short) == 2 * len(KEYS) - 10
        assert {*charged, *short} == {Miss}
        assert (await one.read_keys(TENANT))[KEY_ID].usage.tokens == 100


async def test_usage_is_corrected_in_the_tenants_home(nodes: list[str]) -> None:
    check = KeyCheck(KEY_ID, "m", None, tokens=10)
    async with spread(nodes[0]) as store:
        await store.write_key(TENANT, KEY_ID, KeyRecord(name="k", created_at=1))
        missed = await store.lookup(asking("a", check=check))
        assert isinstance(missed, Miss)
        assert missed.grant is not None
        assert missed.grant.charge is not None

        correction = {f"usage:{KEY_ID}:t:{missed.grant.charge.day}": -4, "misses": 1}
        await store.commit(Commit(TENANT, entry("a"), correction))

        assert (await store.read_keys(TENANT))[KEY_ID].usage.tokens == 6
        assert await counted(store, "misses") == 1
        assert await counted(store, f"usage:{KEY_ID}:t:{missed.grant.charge.day}") == 0


async def test_a_correction_that_fails_waits_for_the_next_call_and_is_made_once(
    nodes: list[str],
) -> None:
    slots = Slots(TENANT, SLOTS)
    correction = {f"usage:{KEY_ID}:t:{2**40}": 7}  # of a day to come, so that nothing resets it
    async with spread(nodes[0]) as store:
        await store.write_key(TENANT, KEY_ID, KeyRecord(name="k", created_at=1))
        await store.lookup(asking(check=KeyCheck(KEY_ID, "m", None)))
        clients = [redis.Redis.from_url(url, decode_responses=True) for url in nodes]
        home = key_slot(TenantNames(slots.home).usage.encode())
        owner = next(node for node in clients if holds_keys_of(node, home))
        elsewhere = next(key for key in KEYS if not _owns_key(owner, slots.of(key)))

        command(owner, "ACL", "SETUSER", "default", "-evalsha", "-eval")
        try:
            stored = await store.commit(Commit(TENANT, entry(elsewhere), correction))
        finally:
            command(owner, "ACL", "SETUSER", "default", "+@all")
        before = owner.hget(TenantNames(slots.home).usage, f"{KEY_ID}:t")
        for _ in range(2):
            await store.record(TENANT, {"misses": 1})
        after = owner.hget(TenantNames(slots.home).usage, f"{KEY_ID}:t")
        for node in clients:
            node.close()

    assert stored
    assert (before, after) == ("0", "7")


class Failing:
    """A cluster whose node is gone for the script of that number; every other call is served."""

    locks_keys = False

    def __init__(self, url: str) -> None:
        self._server = RedisClusterServer(url, timeout_seconds=10)
        self.fails_at: int | None = None
        self._scripts = 0

    async def command(self, *words: Argument) -> object:
        if words[0] == "EVALSHA":
            self._scripts += 1
            if self._scripts == self.fails_at:
                raise ExactStoreUnavailable("gone for a moment")
        return await self._server.command(*words)

    def fail(self, number: int) -> None:
        """The script of that number from now on."""
        self._scripts, self.fails_at = 0, number

    async def aclose(self) -> None:
        await self._server.aclose()


async def test_a_budget_that_cannot_be_reserved_is_not_kept_and_counts_stay_once(
    nodes: list[str],
) -> None:
    server = Failing(nodes[0])
    store = ClusterExactStore(server, SLOTS)
    await store.write_key(TENANT, KEY_ID, KeyRecord(name="k", created_at=1))
    await store.lookup(asking("warm", check=KeyCheck(KEY_ID, "m", None)))

    server.fail(3)
    missed = await store.lookup(
        asking("a", check=KeyCheck(KEY_ID, "m", None, tokens=10), counts={"misses": 1})
    )

    assert isinstance(missed, Miss)
    assert missed.grant is not None
    assert (missed.grant.counted, missed.grant.charge) == (False, None)
    assert await counted(store, "misses") == 1
    await store.aclose()


@pytest.mark.parametrize("number", range(1, SLOTS + 2))
async def test_a_batch_that_fails_in_one_slot_and_is_asked_again_counts_once(
    nodes: list[str], number: int
) -> None:
    server = Failing(nodes[0])
    store = ClusterExactStore(server, SLOTS)
    query = ItemsLookup(TENANT, KEYS, counts={"requests": 1})
    assert await store.commit_items(TENANT, [entry(key) for key in KEYS], {})
    await store.lookup_items(ItemsLookup(TENANT, KEYS))
    hits = await counted(store, "exact_hits")

    server.fail(number)
    with pytest.raises(ExactStoreUnavailable):
        await store.lookup_items(query)
    await store.lookup_items(query)

    assert await counted(store, "requests") == 1
    assert await counted(store, "exact_hits") == hits + 1
    await store.aclose()


def _owns_key(node: redis.Redis, group: str) -> bool:
    """Whether the group's slot is among the node's own."""
    try:
        command(node, "GET", TenantNames(group).sequence)
    except redis.RedisError:
        return False
    return True
