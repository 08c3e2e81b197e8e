"""One tenant over the nodes of a Redis Cluster: spread, exact, and cleared wherever it is."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
import pytest
import redis
from redis.crc import key_slot

from llm_cache_proxy.adapters.exact_store.redis.client import redis_exact_store
from llm_cache_proxy.adapters.exact_store.redis.cluster.client import (
    RedisClusterServer,
    cluster_exact_store,
)
from llm_cache_proxy.adapters.exact_store.redis.cluster.slots import Slots
from llm_cache_proxy.adapters.exact_store.redis.cluster.store import ClusterExactStore
from llm_cache_proxy.adapters.exact_store.redis.names import TenantNames
from llm_cache_proxy.adapters.exact_store.redis.scripts import Word
from llm_cache_proxy.bootstrap.parts import Exact
from llm_cache_proxy.domain.client_keys.limits import KeyCheck, KeyRecord, Limits, Refusal
from llm_cache_proxy.domain.entries.pairs import spelling_pair
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.items import ItemsFound, ItemsLookup
from llm_cache_proxy.ports.exact_store.store import Barred, Commit, Hit, Match, Miss, Refused
from samples.exact_entries import TENANT, alias, asking, entry
from servers.proxy.process import EXACT_ONLY, proxy_process
from servers.redis.cluster import redis_cluster, told
from servers.redis.process import redis_process

SLOTS = 8
KEYS = [f"key-{number}" for number in range(60)]
KEY = "00000000000000aa"


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    with redis_cluster(tmp_path_factory.mktemp("cluster")) as urls:
        yield urls


@pytest.fixture(autouse=True)
def _empty(nodes: list[str]) -> None:
    for url in nodes:
        with closing(redis.Redis.from_url(url)) as node:
            node.flushall()


@asynccontextmanager
async def spread(url: str, slots: int = SLOTS) -> AsyncIterator[Exact]:
    """A store of its own, as another instance has."""
    store = cluster_exact_store(url, slots=slots, timeout_seconds=10)
    try:
        yield store
    finally:
        await store.aclose()


async def fill(store: Exact) -> None:
    for key in KEYS:
        assert await store.commit(Commit(TENANT, entry(key)))


def records_of(url: str) -> int:
    with closing(redis.Redis.from_url(url)) as node:
        return len(list(node.scan_iter("*:x:*")))


async def counted(store: Exact, name: str) -> int:
    return sum(window.counts.get(name, 0) for window in await store.counters(TENANT))


# -------------------------------------------------------------------------------------- spread


async def test_one_tenants_entries_are_on_every_node(nodes: list[str]) -> None:
    async with spread(nodes[0]) as store:
        await fill(store)

        held = [records_of(url) for url in nodes]
        assert sum(held) == len(KEYS)
        assert min(held) > 0
        assert await store.count_entries(TENANT) == len(KEYS)


async def test_in_one_slot_they_are_on_one(nodes: list[str]) -> None:
    async with spread(nodes[0], slots=1) as store:
        await fill(store)

    assert sorted(records_of(url) for url in nodes) == [0, 0, len(KEYS)]


async def test_any_node_finds_the_others(nodes: list[str]) -> None:
    async with spread(nodes[0]) as store:
        await fill(store)
    for url in nodes:
        async with spread(url) as store:
            for key in KEYS:
                assert isinstance(await store.lookup(asking(key)), Hit)


async def test_pages_show_each_entry_of_every_slot_once(nodes: list[str]) -> None:
    async with spread(nodes[0]) as store:
        await fill(store)
        seen: list[str] = []
        cursor: str | None = None
        while True:
            page = await store.page(TENANT, cursor, 7)
            seen += [one.key for one in page.entries]
            cursor = page.cursor
            if cursor is None:
                break

    assert sorted(seen) == sorted(KEYS)


async def test_a_batch_is_found_wherever_its_items_are(nodes: list[str]) -> None:
    async with spread(nodes[0]) as store:
        assert await store.commit_items(TENANT, [entry(key) for key in KEYS], {"misses": 1})

        whole = await store.lookup_items(ItemsLookup(TENANT, KEYS))
        part = await store.lookup_items(ItemsLookup(TENANT, [*KEYS, "another"]))

        assert isinstance(whole, ItemsFound)
        assert isinstance(part, ItemsFound)
        assert whole.hits.keys() == part.hits.keys() == set(KEYS)
        assert await counted(store, "exact_hits") == 1  # of a request, and a whole one
        assert await counted(store, "misses") == 1


async def test_a_promotion_is_found_in_another_slot_than_its_target(nodes: list[str]) -> None:
    slots = Slots(TENANT, SLOTS)
    other = next(key for key in KEYS[1:] if slots.of(key) != slots.of(KEYS[0]))
    left = alias(other, KEYS[0])
    async with spread(nodes[0]) as store:
        await store.commit(Commit(TENANT, entry(KEYS[0])))
        asked = await store.lookup(asking(other, flight=f"{other}:digest"))
        assert isinstance(asked, Miss)

        query = asking(KEYS[0], text_digest="another", held=asked.lease)
        promoted = await store.promote(TENANT, left, query, Match(0.95, "pair"))
        found = await store.lookup(asking(other))
        again = await store.lookup(asking("free", flight=f"{other}:digest"))
        await store.cut(TENANT, "all")

        assert isinstance(promoted, Hit)
        assert found.alias == left  # type: ignore[union-attr]  # an AliasFound, or it fails
        assert isinstance(again, Miss)
        assert isinstance(await store.lookup(asking(other)), Miss)


@pytest.mark.parametrize(
    ("key", "check", "scripts"),
    [
        ("held", None, 1),
        ("none", None, 1),
        ("held", KeyCheck(KEY, "m", None), 2),
        ("none", KeyCheck(KEY, "m", None), 3),
    ],
    ids=["hit", "miss", "hit with a key", "miss with a key"],
)
async def test_a_lookup_is_so_many_round_trips(
    nodes: list[str], key: str, check: KeyCheck | None, scripts: int
) -> None:
    async with spread(nodes[0]) as store:
        await store.write_key(TENANT, KEY, KeyRecord(name="k", created_at=1))
        await store.commit(Commit(TENANT, entry("held")))
        for known in ("held", "none"):  # the scripts, and the tenant's groups
            await store.lookup(asking(known, check=check))
        before = scripts_run(nodes)

        await store.lookup(asking(key, check=check))

        assert scripts_run(nodes) - before == scripts


def scripts_run(urls: list[str]) -> int:
    """On all nodes; what a script calls is counted by the server as well, and not here."""
    ran = 0
    for url in urls:
        with closing(redis.Redis.from_url(url)) as node:
            stats = node.info("commandstats")
        ran += sum(
            stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("evalsha", "eval")
        )
    return ran


# --------------------------------------------------------------------------------------- exact


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
    check = KeyCheck(KEY, "m", None)
    async with spread(nodes[0]) as one, spread(nodes[1]) as other:
        await fill(one)
        await one.write_key(TENANT, KEY, KeyRecord(name="k", created_at=1, limits=limits))

        asked = [store.lookup(asking(key, check=check)) for store in (one, other) for key in KEYS]
        found = await asyncio.gather(*asked)

        assert sum(isinstance(answer, Hit) for answer in found) == 25
        refused = [answer.refusal for answer in found if isinstance(answer, Refused)]
        assert refused == [Refusal.REQUESTS] * (2 * len(KEYS) - 25)
        assert await counted(one, "exact_hits") == 25


async def test_a_budget_is_spent_once_over_all_slots_and_hits_are_free(nodes: list[str]) -> None:
    limits = Limits(tokens_per_day=100)
    check = KeyCheck(KEY, "m", None, tokens=10)
    async with spread(nodes[0]) as one, spread(nodes[1]) as other:
        await one.write_key(TENANT, KEY, KeyRecord(name="k", created_at=1, limits=limits))
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
        assert (await one.read_keys(TENANT))[KEY].usage.tokens == 100


async def test_usage_is_corrected_in_the_tenants_home(nodes: list[str]) -> None:
    check = KeyCheck(KEY, "m", None, tokens=10)
    async with spread(nodes[0]) as store:
        await store.write_key(TENANT, KEY, KeyRecord(name="k", created_at=1))
        missed = await store.lookup(asking("a", check=check))
        assert isinstance(missed, Miss)
        assert missed.grant is not None
        assert missed.grant.charge is not None

        correction = {f"usage:{KEY}:t:{missed.grant.charge.day}": -4, "misses": 1}
        await store.commit(Commit(TENANT, entry("a"), correction))

        assert (await store.read_keys(TENANT))[KEY].usage.tokens == 6
        assert await counted(store, "misses") == 1
        assert await counted(store, f"usage:{KEY}:t:{missed.grant.charge.day}") == 0


async def test_a_correction_that_fails_waits_for_the_next_call_and_is_made_once(
    nodes: list[str],
) -> None:
    slots = Slots(TENANT, SLOTS)
    correction = {f"usage:{KEY}:t:{2**40}": 7}  # of a day to come, so that nothing resets it
    async with spread(nodes[0]) as store:
        await store.write_key(TENANT, KEY, KeyRecord(name="k", created_at=1))
        await store.lookup(asking(check=KeyCheck(KEY, "m", None)))
        clients = [redis.Redis.from_url(url, decode_responses=True) for url in nodes]
        home = key_slot(TenantNames(slots.home).usage.encode())
        owner = next(node for node in clients if _owns(node, home))
        elsewhere = next(key for key in KEYS if not _owns_key(owner, slots.of(key)))

        told(owner, "ACL", "SETUSER", "default", "-evalsha", "-eval")
        try:
            stored = await store.commit(Commit(TENANT, entry(elsewhere), correction))
        finally:
            told(owner, "ACL", "SETUSER", "default", "+@all")
        before = owner.hget(TenantNames(slots.home).usage, f"{KEY}:t")
        for _ in range(2):
            await store.record(TENANT, {"misses": 1})
        after = owner.hget(TenantNames(slots.home).usage, f"{KEY}:t")
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

    async def command(self, *words: Word) -> object:
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
    await store.write_key(TENANT, KEY, KeyRecord(name="k", created_at=1))
    await store.lookup(asking("warm", check=KeyCheck(KEY, "m", None)))

    server.fail(3)
    missed = await store.lookup(
        asking("a", check=KeyCheck(KEY, "m", None, tokens=10), counts={"misses": 1})
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
        told(node, "GET", TenantNames(group).sequence)
    except redis.RedisError:
        return False
    return True


# ------------------------------------------------------------------------------------- cleared


async def test_what_was_cleared_while_there_were_fewer_slots_stays_cleared(
    nodes: list[str],
) -> None:
    async with spread(nodes[0]) as store:
        await fill(store)
    async with spread(nodes[0], slots=2) as fewer:
        await fewer.cut(TENANT, "all")
    async with spread(nodes[0]) as again:
        found = [await again.lookup(asking(key)) for key in KEYS]
        kept = await again.commit(Commit(TENANT, entry("new", sequence=found[0].sequence)))  # type: ignore[union-attr]

        assert all(isinstance(answer, Miss) for answer in found)
        assert kept


async def test_pairs_and_a_threshold_hold_in_slots_that_come_later(nodes: list[str]) -> None:
    pair = spelling_pair("digest of a", "another")
    assert pair is not None
    async with spread(nodes[0], slots=1) as store:
        await store.bar(TENANT, pair)
        assert await store.set_threshold(TENANT, 0.98, before=0.0)
    async with spread(nodes[0]) as more:
        for key in ("a", *KEYS[:20]):
            await more.commit(Commit(TENANT, entry(key, text_digest="digest of a")))
            barred = await more.lookup(asking(key, text_digest="another"))
            assert isinstance(barred, Barred)
            below = await more.promote(
                TENANT, None, asking(key, text_digest="third"), Match(0.97, "other pair")
            )
            assert getattr(below, "raised_threshold", None) == 0.98


async def test_a_cut_takes_the_same_cutoff_everywhere(nodes: list[str]) -> None:
    async with spread(nodes[0]) as store:
        cutoff = await store.cut(TENANT, "tag:red")

        sequences = {(await store.lookup(asking(key))).sequence for key in KEYS}  # type: ignore[union-attr]
        assert sequences == {cutoff}
        assert not await store.commit(Commit(TENANT, entry("late", sequence=cutoff - 1)))
        assert await store.commit(Commit(TENANT, entry("next", sequence=cutoff)))


# -------------------------------------------------------------------------------------- faults


async def test_a_slot_that_moves_to_another_node_is_followed(nodes: list[str]) -> None:
    name = TenantNames(Slots(TENANT, SLOTS).of("key")).record("key")
    async with spread(nodes[0]) as store:
        await store.commit(Commit(TENANT, entry()))
        assert isinstance(await store.lookup(asking()), Hit)

        move(key_slot(name.encode()), nodes)

        assert isinstance(await store.lookup(asking()), Hit)
        assert await store.count_entries(TENANT) == 1


def move(slot: int, urls: list[str]) -> None:
    """Hand the slot and its keys over to the next node, as an operator does."""
    clients = [redis.Redis.from_url(url, decode_responses=True) for url in urls]
    try:
        owner = next(at for at, node in enumerate(clients) if _owns(node, slot))
        source, target = clients[owner], clients[(owner + 1) % len(clients)]
        ids = [str(told(node, "CLUSTER", "MYID")) for node in (source, target)]
        told(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", ids[0])
        told(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1])
        port = target.get_connection_kwargs()["port"]
        keys = told(source, "CLUSTER", "GETKEYSINSLOT", slot, 1000)
        assert isinstance(keys, list)
        told(source, "MIGRATE", "127.0.0.1", port, "", 0, 5000, "KEYS", *keys)
        for node in (target, source):
            told(node, "CLUSTER", "SETSLOT", slot, "NODE", ids[1])
    finally:
        for node in clients:
            node.close()


def _owns(node: redis.Redis, slot: int) -> bool:
    """Only the owner counts a slot's keys."""
    return bool(told(node, "CLUSTER", "COUNTKEYSINSLOT", slot))


async def test_without_a_node_its_entries_are_unavailable_and_the_others_served(
    tmp_path: Path,
) -> None:
    with redis_cluster(tmp_path) as urls:
        async with spread(urls[0]) as store:
            await fill(store)
            with closing(redis.Redis.from_url(urls[2])) as node:
                node.shutdown(nosave=True)

            outcomes: list[type] = []
            for key in KEYS:
                try:
                    outcomes.append(type(await store.lookup(asking(key))))
                except ExactStoreUnavailable as exc:
                    outcomes.append(type(exc))

            assert set(outcomes) == {Hit, ExactStoreUnavailable}
            with pytest.raises(ExactStoreUnavailable):
                await store.count_entries(TENANT)


async def test_a_single_servers_client_is_told_that_it_is_a_cluster(nodes: list[str]) -> None:
    said = set()
    for url in nodes:
        store = redis_exact_store(url, timeout_seconds=10)
        try:
            await store.lookup(asking())
        except ExactStoreUnavailable as exc:
            said.add(str(exc))
        finally:
            await store.aclose()

    assert said == {"Redis is a node of a cluster: REDIS_CLUSTER_SLOTS has to be set"}


async def test_a_clusters_client_is_told_that_it_is_a_single_server() -> None:
    with redis_process() as url:
        async with spread(url) as store:
            with pytest.raises(ExactStoreUnavailable, match="REDIS_CLUSTER_SLOTS needs it"):
                await store.lookup(asking())


async def test_a_node_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        store = cluster_exact_store(url, slots=SLOTS, timeout_seconds=0.5)
        with pytest.raises(ExactStoreUnavailable):
            await store.lookup(asking())
        await store.aclose()


def test_the_proxy_serves_from_a_cluster(nodes: list[str], tmp_path: Path) -> None:
    with proxy_process(
        tmp_path, REDIS_URL=nodes[1], REDIS_CLUSTER_SLOTS=str(SLOTS), **EXACT_ONLY
    ) as proxy:
        answers = [
            httpx.post(
                f"{proxy.base_url}/chat/completions",
                json={
                    "model": "llama-3.1-8b-instant",
                    "messages": [{"role": "user", "content": f"What is node {number}?"}],
                },
                timeout=60,
            )
            for number in (1, 2, 3, 1, 2, 3)
        ]

    caches = [answer.headers["x-cache"] for answer in answers]
    assert caches == ["MISS"] * 3 + ["HIT-EXACT"] * 3
    assert "Redis Cluster" in proxy.printed
