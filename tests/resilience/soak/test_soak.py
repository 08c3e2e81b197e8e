"""A mixed load of a hundred clients: no answer is wrong, none is lost, and nothing grows.

While they ask, the folder of vectors is compacted.

SOAK_SECONDS says for how long (`make soak`: three minutes); the memory is compared from the end of
the first minute on.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.port import DEFAULT_COLLECTION
from resilience.soak.clients import CLIENTS, TENANTS, Soak, upstream_script
from samples.stores.vectors import SCOPE, at_cosine, entry
from servers.proxy.keyed import ADMIN_KEY, KEYED
from servers.proxy.memory import resident_bytes
from servers.proxy.process import ProxyProcess, proxy_process
from servers.upstream.scripted import ScriptedUpstream
from servers.waiting import eventually

SECONDS = float(os.environ.get("SOAK_SECONDS", "8"))
WARM_SECONDS = 60
GROWTH_BYTES = 20_000_000
MOST_BYTES = 400_000_000
EXPIRED_VECTORS = 2_000
LEFT_FILES = 150  # connections that both sides keep for a while
SETTINGS = KEYED | {
    "UPSTREAM_API_KEY": "the-upstreams-own",
    "MAX_ENTRIES": "1000",  # so that the stores are full within the first minute
    "CONSOLE": "off",
}


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(upstream_script).in_thread() as server:
        yield server


def is_compacted(removed: Path) -> bool:
    """Whether points were removed, and fewer than were to be purged keep their space."""
    return removed.exists() and int(removed.read_text() or EXPIRED_VECTORS) < EXPIRED_VECTORS


async def fill_with_expired(folder: Path) -> None:
    """So many vectors whose time is up that the server compacts the folder once it purges them."""
    store = QdrantLocalVectors(folder)
    await store.open()
    for number in range(EXPIRED_VECTORS):
        made = entry(f"old-{number}", created_at=1, expires_at=2, purge_at=3)
        await store.store(SCOPE, at_cosine(number / EXPIRED_VECTORS), made)
    await store.aclose()


@pytest.fixture
def proxy(upstream: ScriptedUpstream, tmp_path: Path) -> Iterator[ProxyProcess]:
    asyncio.run(fill_with_expired(tmp_path / "data" / "qdrant"))
    given = SETTINGS | {"UPSTREAM_BASE_URL": upstream.base_url}
    with proxy_process(tmp_path / "data", **given) as running:
        yield running


def key(proxy: ProxyProcess, tenant: str) -> str:
    made = httpx.post(
        f"{proxy.url}/admin/keys/create",
        json={"tenant": tenant, "name": "soak"},
        headers={"x-admin-key": ADMIN_KEY},
        timeout=30,
    )
    return str(made.json()["key"])


@pytest.mark.timeout(SECONDS + 300)
async def test_a_hundred_clients_get_their_own_answers_and_nothing_grows(
    proxy: ProxyProcess, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    soak = Soak(proxy.base_url, {tenant: key(proxy, tenant) for tenant in TENANTS})
    pid = proxy.process.pid
    memory: list[tuple[float, int]] = []

    await soak.run(SECONDS, lambda passed: memory.append((passed, resident_bytes(pid))))

    megabytes = [(int(at), size // 1_000_000) for at, size in memory[::10]]
    sys.stdout.write(f"{soak.seen.total()} requests, {soak.seen}; MB by second: {megabytes}\n")
    assert soak.wrong == []
    removed = tmp_path / "data" / "qdrant" / f"{DEFAULT_COLLECTION}.removed"
    await asyncio.to_thread(eventually, lambda: is_compacted(removed), seconds=60)
    assert {"MISS", "HIT-EXACT", "HIT-SEMANTIC", "left"} <= soak.seen.keys()
    assert soak.seen.total() > CLIENTS
    assert max(size for _, size in memory) < MOST_BYTES
    warm = [size for at, size in memory if at >= WARM_SECONDS]
    assert not warm or max(warm) - warm[0] < GROWTH_BYTES
    assert open_files(pid) < LEFT_FILES
    assert upstream.open_connections <= CLIENTS
