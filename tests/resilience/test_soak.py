"""A mixed load for a minute: every request is answered, and nothing grows."""

import itertools
import os
import random
import threading
import time
from pathlib import Path

import httpx
import pytest

from servers.proxy.process import proxy_process
from servers.qdrant.rest_server import QdrantRest
from servers.redis.mortal import MortalRedis
from servers.thread import ThreadServer
from servers.upstream.scripted import ScriptedUpstream

JSON = {"content-type": "application/json"}
SECONDS = 60
WARM_SECONDS = 30
CLIENTS = 4
GROWTH_BYTES = 16_000_000  # bounded caches still fill up: some 240 MB is where it stays
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


class Clients:
    """Ask for hits, misses, streams, bypasses, refusals and streams that are left, in turn."""

    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url}/chat/completions"
        self.statuses: dict[int, int] = {}
        self.stop = threading.Event()
        self._count = itertools.count()

    def run(self, seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311 - chance that can be repeated, not a secret
        with httpx.Client(timeout=30) as client:
            while not self.stop.is_set():
                number = next(self._count)
                status = self._ask(client, rng.randrange(8), rng.randrange(40), number)
                self.statuses[status] = self.statuses.get(status, 0) + 1

    def _ask(self, client: httpx.Client, kind: int, known: int, number: int) -> int:
        text = f"What is thing number {known}?" if kind < 5 else f"Say {number}"
        body = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": kind == 1}
        if kind == 6:
            return client.post(self._url, content=b"{", headers=JSON).status_code
        if kind == 7:
            with client.stream("POST", self._url, json={**body, "stream": True}) as left:
                next(left.iter_bytes())
                return left.status_code
        headers = {"x-bypass-cache": "true"} if kind == 2 else {}
        return client.post(self._url, json=body, headers=headers).status_code


@pytest.mark.timeout(180)
def test_a_minute_of_mixed_load_leaves_no_error_and_nothing_behind(tmp_path: Path) -> None:
    with (
        MortalRedis().running() as redis,
        ScriptedUpstream().in_thread() as upstream,
        ThreadServer(QdrantRest()).running() as qdrant,  # entries are kept outside the process
        proxy_process(
            tmp_path / "data",
            QDRANT_URL=qdrant.url,
            REDIS_URL=f"redis://127.0.0.1:{redis.port}/0",
            UPSTREAM_BASE_URL=upstream.base_url,
        ) as proxy,
    ):
        pid = proxy.process.pid
        clients = Clients(proxy.base_url)
        threads = [threading.Thread(target=clients.run, args=(seed,)) for seed in range(CLIENTS)]
        for thread in threads:
            thread.start()
        time.sleep(WARM_SECONDS)
        warm = resident_bytes(pid)

        time.sleep(SECONDS - WARM_SECONDS)
        grown = resident_bytes(pid) - warm
        clients.stop.set()
        for thread in threads:
            thread.join(40)
        time.sleep(1)
        left_open, still_asked = open_files(pid), upstream.open_connections
        httpx.get(f"{proxy.url}/health")
        requests = sum(clients.statuses.values())

    assert clients.statuses.keys() == {200, 400}, clients.statuses
    assert requests > 500
    assert grown < GROWTH_BYTES, f"{grown} bytes over {requests} requests"
    assert left_open < 120
    assert still_asked <= 100
