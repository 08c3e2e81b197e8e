"""A tenant that is spread over a Redis Cluster, and what tests ask of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import redis

from llm_cache_proxy.adapters.exact_store.redis.cluster.client import cluster_exact_store
from llm_cache_proxy.bootstrap.parts import Exact
from llm_cache_proxy.ports.exact_store.store import Commit
from samples.stores.exact_entries import TENANT, entry

SLOTS = 8
KEYS = [f"key-{number}" for number in range(60)]
KEY_ID = "00000000000000aa"


@asynccontextmanager
async def spread(url: str, slots: int = SLOTS) -> AsyncIterator[Exact]:
    """A store of its own, as another instance has."""
    store = cluster_exact_store(url, slots=slots, timeout_seconds=10)
    try:
        yield store
    finally:
        await store.aclose()


async def fill(store: Exact) -> None:
    """Store an entry under each of KEYS."""
    for key in KEYS:
        assert await store.commit(Commit(TENANT, entry(key)))


def records_of(url: str) -> int:
    """How many records the node has."""
    with closing(redis.Redis.from_url(url)) as node:
        return len(list(node.scan_iter("*:x:*")))


async def counted(store: Exact, name: str) -> int:
    """The tenant's counter over all windows."""
    return sum(window.counts.get(name, 0) for window in await store.counters(TENANT))
