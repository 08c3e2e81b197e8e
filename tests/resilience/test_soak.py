"""A mixed load of a hundred clients: no answer is wrong, none is lost, and nothing grows.

SOAK_SECONDS says for how long (`make soak`: three minutes); the memory is compared from the end of
the first minute on.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from resilience.soak import CLIENTS, TENANTS, Soak, upstream_script
from servers.proxy.keyed import ADMIN_KEY, KEYED
from servers.proxy.process import ProxyProcess, proxy_process
from servers.upstream.scripted import ScriptedUpstream

SECONDS = float(os.environ.get("SOAK_SECONDS", "8"))
WARM_SECONDS = 60
GROWTH_BYTES = 20_000_000
MOST_BYTES = 400_000_000
LEFT_FILES = 150  # connections that both sides keep for a while
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
SETTINGS = KEYED | {
    "EXACT_DEADLINE_SECONDS": "10",  # a hundred clients on a machine that is busy
    "SEARCH_DEADLINE_SECONDS": "10",
    "EMBED_DEADLINE_SECONDS": "10",
    "UPSTREAM_API_KEY": "the-upstreams-own",
    "MAX_ENTRIES": "1000",  # so that the stores are full within the first minute
    "CONSOLE": "off",
}


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(upstream_script).in_thread() as server:
        yield server


@pytest.fixture
def proxy(upstream: ScriptedUpstream, tmp_path: Path) -> Iterator[ProxyProcess]:
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


@pytest.mark.timeout(SECONDS + 150)
async def test_a_hundred_clients_get_their_own_answers_and_nothing_grows(
    proxy: ProxyProcess, upstream: ScriptedUpstream
) -> None:
    soak = Soak(proxy.base_url, {tenant: key(proxy, tenant) for tenant in TENANTS})
    pid = proxy.process.pid
    memory: list[tuple[float, int]] = []

    await soak.run(SECONDS, lambda passed: memory.append((passed, resident_bytes(pid))))

    megabytes = [(int(at), size // 1_000_000) for at, size in memory[::10]]
    sys.stdout.write(f"{soak.seen.total()} requests, {soak.seen}; MB by second: {megabytes}\n")
    assert soak.wrong == []
    assert {"MISS", "HIT-EXACT", "HIT-SEMANTIC", "left"} <= soak.seen.keys()
    assert soak.seen.total() > CLIENTS
    assert max(size for _, size in memory) < MOST_BYTES
    warm = [size for at, size in memory if at >= WARM_SECONDS]
    assert not warm or max(warm) - warm[0] < GROWTH_BYTES
    assert open_files(pid) < LEFT_FILES
    assert upstream.open_connections <= CLIENTS
