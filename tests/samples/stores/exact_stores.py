"""Every kind of exact store, opened empty, and a way to its records behind the store's back."""

import os
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import redis

from llm_cache_proxy.adapters.exact_store.redis.client import redis_exact_store
from llm_cache_proxy.adapters.exact_store.redis.cluster.client import cluster_exact_store
from llm_cache_proxy.adapters.exact_store.redis.cluster.slots import Slots
from llm_cache_proxy.adapters.exact_store.redis.names import TENANTS, TenantNames
from llm_cache_proxy.adapters.exact_store.redis.upstash import upstash_exact_store
from llm_cache_proxy.adapters.exact_store.sqlite.store import sqlite_exact_store
from llm_cache_proxy.bootstrap.parts import Exact
from servers.asgi import serving
from servers.redis.rest_server import RedisRest

MANAGED = "MANAGED_UPSTASH_URL"
"""Names somebody's own database, empty and for these tests alone: `make check-cloud` sets it."""

KINDS = ["sqlite", "redis", "upstash", "cluster", *(["managed"] if os.environ.get(MANAGED) else [])]
TOKEN = "rest-token"
SLOTS = 8
"""Groups of a tenant on the cluster: more than it has nodes."""
_FIELDS = {
    "version": "v",
    "created_at": "c",
    "expires_at": "x",
    "sequence": "q",
    "selectors": "g",
    "entry_id": "i",
    "prompt_tokens": "pt",
    "completion_tokens": "pc",
    "json": "j",
    "sse": "s",
    "usage_event": "u",
    "target": "a",
    "similarity": "r",
    "decision_version": "d",
    "embedder_id": "e",
}


async def counts(store: Exact, tenant: str) -> dict[str, int]:
    """What the store has counted for the tenant, over all windows of time."""
    total: dict[str, int] = {}
    for window in await store.counters(tenant):
        for name, amount in window.counts.items():
            total[name] = total.get(name, 0) + amount
    return total


@dataclass(frozen=True)
class OpenedStore:
    """One store; `redis_url` or `path` says where it keeps what it is given."""

    kind: str
    store: Exact
    redis_url: str | None = None
    path: Path | None = None

    def spoil(self, tenant: str, key: str, field: str, value: object) -> None:
        """Write `value` over one field of a record; None takes the field away."""
        if self.path is not None:
            assert field in _FIELDS
            statement = f"UPDATE records SET {field} = ? WHERE tenant = ? AND key = ?"  # noqa: S608
            self._sql(statement, value, tenant, key)
            return
        name = self.names(tenant, key).record(key)
        if value is None:
            self.redis().hdel(name, _FIELDS[field])
        else:
            self.redis().hset(name, _FIELDS[field], cast("str", value))

    def holds(self, tenant: str, key: str) -> bool:
        """Whether there is any record under the key, of whatever worth."""
        if self.path is not None:
            found = "SELECT COUNT(*) FROM records WHERE tenant = ? AND key = ?"
            return self._sql(found, tenant, key)[0][0] == 1
        return bool(self.redis().exists(self.names(tenant, key).record(key)))

    def lay(self, tenant: str, seconds: int, start: int, counts: Mapping[str, int]) -> None:
        """Put a counter window there, as an earlier day left it."""
        names = self.names(tenant)
        for name, amount in counts.items():
            if self.path is not None:
                row = (tenant, seconds, start, name, amount)
                self._sql("INSERT INTO counters VALUES (?, ?, ?, ?, ?)", *row)
            else:
                window = f"{seconds}:{start}"
                self.redis().hincrby(f"{names.counter_prefix}{window}", name, amount)
                self.redis().sadd(names.windows, window)
                if self.kind == "cluster":
                    self.redis().sadd(TENANTS, Slots(tenant, SLOTS).home)

    def names(self, tenant: str, key: str | None = None) -> TenantNames:
        """What the tenant's keys are called there: those of an exact key, or of its home."""
        if self.kind != "cluster":
            return TenantNames(tenant)
        slots = Slots(tenant, SLOTS)
        return TenantNames(slots.home if key is None else slots.of(key))

    def redis(self) -> redis.Redis:
        """A client beside the store, of all nodes where it is a cluster."""
        assert self.redis_url is not None
        if self.kind == "cluster":
            return cast("redis.Redis", _cluster(self.redis_url))
        return redis.Redis.from_url(self.redis_url, decode_responses=True)

    def _sql(self, statement: str, *values: object) -> list[tuple[int]]:
        assert self.path is not None
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return connection.execute(statement, cast("tuple[str, ...]", values)).fetchall()


@asynccontextmanager
async def opened(kind: str, folder: Path, redis_url: str) -> AsyncIterator[OpenedStore]:
    """A store of this kind that holds nothing."""
    if kind == "sqlite":
        path = folder / "exact.sqlite3"
        sqlite = sqlite_exact_store(path, timeout_seconds=5)
        yield OpenedStore(kind, sqlite, path=path)
        await sqlite.aclose()
        return
    if kind == "managed":
        async with _managed() as (managed, url):
            yield OpenedStore(kind, managed, url)
        return
    if kind == "cluster":
        with closing(_cluster(redis_url)) as nodes:
            nodes.flushall()
            nodes.config_set("maxmemory", 0)
        spread = cluster_exact_store(redis_url, slots=SLOTS, timeout_seconds=5)
        yield OpenedStore(kind, spread, redis_url)
        await spread.aclose()
        return
    with closing(redis.Redis.from_url(redis_url)) as beside:
        beside.flushall()
        beside.config_set("maxmemory", 0)
        beside.replicaof("NO", "ONE")
    if kind == "redis":
        store: Exact = redis_exact_store(redis_url, timeout_seconds=5)
        yield OpenedStore(kind, store, redis_url)
        await store.aclose()
        return
    gateway = RedisRest(redis_url, TOKEN)
    async with serving(gateway.app()) as url:
        store = upstash_exact_store(url, TOKEN, timeout_seconds=5)
        yield OpenedStore(kind, store, redis_url)
        await store.aclose()
    await gateway.aclose()


def _cluster(url: str) -> redis.RedisCluster:
    return redis.RedisCluster.from_url(url, decode_responses=True)


@asynccontextmanager
async def _managed() -> AsyncIterator[tuple[Exact, str]]:
    """Somebody's own Upstash over REST, and its address in Redis's protocol for what is beside."""
    url, token = os.environ[MANAGED], os.environ["MANAGED_UPSTASH_TOKEN"]
    beside_url = os.environ["MANAGED_REDIS_URL"]
    with closing(redis.Redis.from_url(beside_url)) as beside:
        beside.flushdb()
        store = upstash_exact_store(url, token, timeout_seconds=10)
        try:
            yield store, beside_url
        finally:
            await store.aclose()
            beside.flushdb()
