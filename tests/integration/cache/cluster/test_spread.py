"""One tenant over the nodes of a Redis Cluster: found wherever it is, in few round trips."""

from contextlib import closing

import pytest
import redis

from llm_cache_proxy.adapters.exact_store.redis.cluster.slots import Slots
from llm_cache_proxy.domain.client_keys.limits import KeyCheck, KeyRecord
from llm_cache_proxy.ports.exact_store.items import ItemsFound, ItemsLookup
from llm_cache_proxy.ports.exact_store.store import Commit, Hit, Match, Miss
from samples.stores.exact_entries import TENANT, alias, asking, entry
from samples.stores.spread_tenant import KEY_ID, KEYS, SLOTS, counted, fill, records_of, spread


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
        ("held", KeyCheck(KEY_ID, "m", None), 2),
        ("none", KeyCheck(KEY_ID, "m", None), 3),
    ],
    ids=["hit", "miss", "hit with a key", "miss with a key"],
)
async def test_a_lookup_runs_the_expected_number_of_scripts(
    nodes: list[str], key: str, check: KeyCheck | None, scripts: int
) -> None:
    async with spread(nodes[0]) as store:
        await store.write_key(TENANT, KEY_ID, KeyRecord(name="k", created_at=1))
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
