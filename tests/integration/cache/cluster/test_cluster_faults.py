"""A Redis Cluster whose slots move, whose nodes go, or that is none."""

import socket
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import redis
from redis.crc import key_slot

from llm_cache_proxy.adapters.exact_store.redis.client import redis_exact_store
from llm_cache_proxy.adapters.exact_store.redis.cluster.client import (
    cluster_exact_store,
)
from llm_cache_proxy.adapters.exact_store.redis.cluster.slots import Slots
from llm_cache_proxy.adapters.exact_store.redis.names import TenantNames
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.store import Commit, Hit
from samples.stores.exact_entries import TENANT, asking, entry
from samples.stores.spread_tenant import KEYS, SLOTS, fill, spread
from servers.proxy.process import EXACT_ONLY, proxy_process
from servers.redis.cluster import command, holds_keys_of, redis_cluster
from servers.redis.process import redis_process


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
        owner = next(at for at, node in enumerate(clients) if holds_keys_of(node, slot))
        source, target = clients[owner], clients[(owner + 1) % len(clients)]
        ids = [str(command(node, "CLUSTER", "MYID")) for node in (source, target)]
        command(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", ids[0])
        command(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1])
        port = target.get_connection_kwargs()["port"]
        keys = command(source, "CLUSTER", "GETKEYSINSLOT", slot, 1000)
        assert isinstance(keys, list)
        command(source, "MIGRATE", "127.0.0.1", port, "", 0, 5000, "KEYS", *keys)
        for node in (target, source):
            command(node, "CLUSTER", "SETSLOT", slot, "NODE", ids[1])
    finally:
        for node in clients:
            node.close()


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


async def test_a_single_servers_client_says_that_it_is_a_cluster(
    nodes: list[str],
) -> None:
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


async def test_a_clusters_client_says_that_it_is_a_single_server() -> None:
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
