"""Health finds out the truth: it uses each part as a request does, before any request has come."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from llm_cache_proxy.bootstrap.local.app import local_app, prepare
from llm_cache_proxy.bootstrap.parts import local_parts
from llm_cache_proxy.settings import read_settings
from servers.proxy.process import BUSY_MACHINE, EXACT_ONLY, proxy_process
from servers.qdrant.rest_server import QdrantRest
from servers.redis.process import redis_process
from servers.thread import ThreadServer
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import answer
from servers.waiting import eventually

Fields = dict[str, Any]
USUAL = BUSY_MACHINE | EXACT_ONLY | {"MIN_FREE_BYTES": "0", "SEARCH_DEADLINE_SECONDS": "2.5"}
DEAD = "http://127.0.0.1:9"
LIMITED = "ACL SETUSER limited reset on >pw ~* &*"
LIMITS = {
    "full": "CONFIG SET maxmemory 1",
    "replica": "REPLICAOF 127.0.0.1 1",
    "user that may read alone": f"{LIMITED} +@read +@scripting +time",
    "user without HSET": f"{LIMITED} +@all -hset",
}
Operate = Callable[[str], None]


@asynccontextmanager
async def client(
    folder: Path, *, opens_stores: bool = True, **given: str
) -> AsyncIterator[httpx.AsyncClient]:
    """The whole local server in this process, over the parts that the settings name."""
    settings = read_settings(USUAL | {"DATA_DIR": str(folder)} | given)
    parts = local_parts(settings)
    if opens_stores:
        await prepare(parts)
    transport = httpx.ASGITransport(local_app(settings, parts))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", timeout=30
    ) as asking:
        try:
            yield asking
        finally:
            await parts.aclose()


async def states(asking: httpx.AsyncClient) -> tuple[Fields, Fields]:
    """The health that clients see, and the one that operators see."""
    health, full = await asking.get("/health"), await asking.get("/admin/health")
    assert (health.status_code, full.status_code) == (200, 200)
    assert health.json()["status"] == full.json()["status"]
    return health.json(), full.json()["parts"]


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_process() as url:
        yield url


@pytest.fixture
def operate(redis_url: str) -> Iterator[Operate]:
    """An operator's commands to that server, whose limits are gone after the test."""
    with redis.Redis.from_url(redis_url) as connected:

        def command(line: str) -> None:
            connected.execute_command(*line.split())

        yield command
        command("CONFIG SET maxmemory 0")
        command("REPLICAOF NO ONE")


def as_user(url: str) -> str:
    return url.replace("redis://", "redis://limited:pw@")


async def test_all_is_well_where_all_parts_work(tmp_path: Path, redis_url: str) -> None:
    async with client(tmp_path, REDIS_URL=redis_url) as asking:
        health, parts = await states(asking)

    assert health == {
        "status": "ok",
        "reasons": [],
        "tiers": {"exact": "ok", "embed": "ok", "search": "ok", "verifier": "ok"},
        "upstream": "ok",
    }
    assert {parts[name]["status"] for name in parts} == {"ok"}


async def test_a_redis_user_without_scripts_is_found_out(
    tmp_path: Path, redis_url: str, operate: Operate
) -> None:
    operate(f"{LIMITED} +@all -eval -evalsha")

    async with client(tmp_path, REDIS_URL=as_user(redis_url)) as asking:
        health, parts = await states(asking)

    assert health["reasons"] == ["exact: does not answer"]
    assert parts["exact"]["message"] == "Redis permits no EVALSHA to this user"


@pytest.mark.parametrize("limit", LIMITS)
async def test_a_redis_that_takes_no_writes_is_found_out(
    limit: str, tmp_path: Path, redis_url: str, operate: Operate
) -> None:
    operate(LIMITS[limit])
    url = as_user(redis_url) if limit.startswith("user") else redis_url

    async with client(tmp_path, REDIS_URL=url) as asking:
        health, parts = await states(asking)

    assert health["reasons"] == ["exact: takes no writes"]
    assert health["tiers"]["exact"] == parts["exact"]["status"] == "refuses_writes"
    assert "pw" not in parts["exact"]["message"]


async def test_a_collection_of_another_dimension_is_found_out(tmp_path: Path) -> None:
    with ThreadServer(QdrantRest()).running() as qdrant:
        vectors = {"vectors": {"size": 4, "distance": "Cosine"}}
        async with httpx.AsyncClient(base_url=qdrant.url, timeout=30) as making:
            await making.put("/collections/llm_cache_proxy", json=vectors)
        async with client(tmp_path, QDRANT_URL=qdrant.url) as asking:
            health, parts = await states(asking)

    assert health["reasons"][0].startswith("search: ")
    assert "dimension" in parts["semantic"]["message"]


async def test_a_key_that_may_only_read_is_found_out_and_never_shown(tmp_path: Path) -> None:
    app = QdrantRest(api_key="writes", read_only_api_key="reads-alone")
    with ThreadServer(app).running() as qdrant:
        url = qdrant.url
        async with client(tmp_path, QDRANT_URL=url, QDRANT_API_KEY="writes") as asking:
            assert (await states(asking))[0]["status"] == "ok"
        async with client(tmp_path, QDRANT_URL=url, QDRANT_API_KEY="reads-alone") as asking:
            health, parts = await states(asking)

    assert health["reasons"] == ["search: takes no writes"]
    assert "reads-alone" not in str(parts)


async def test_a_disk_that_is_nearly_full_is_a_reason(tmp_path: Path) -> None:
    async with client(tmp_path) as asking:
        assert (await states(asking))[0]["status"] == "ok"
    async with client(tmp_path, opens_stores=False, MIN_FREE_BYTES=str(10**18)) as asking:
        health, parts = await states(asking)

    assert health["tiers"]["exact"] == "refuses_writes"
    assert "MIN_FREE_BYTES" in parts["exact"]["message"]
    assert str(tmp_path) not in str(health)


async def test_a_file_that_another_process_has_locked_takes_no_writes(tmp_path: Path) -> None:
    async with client(tmp_path, EXACT_DEADLINE_SECONDS="0.1") as asking:
        await asking.get("/admin/stats")  # opens the file
        with closing(sqlite3.connect(tmp_path / "exact.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            health, parts = await states(asking)

    assert health["reasons"] == ["exact: takes no writes"]
    assert "locked" in parts["exact"]["message"]


async def test_a_store_that_was_set_aside_as_damaged_is_a_reason_until_the_next_start(
    tmp_path: Path,
) -> None:
    (tmp_path / "exact.sqlite3").write_bytes(b"no database " * 500)
    (tmp_path / "qdrant" / "llm_cache_proxy").mkdir(parents=True)
    (tmp_path / "qdrant" / "llm_cache_proxy" / "edge_config.json").write_text("{")

    async with client(tmp_path) as asking:
        health, parts = await states(asking)
    async with client(tmp_path) as asking:
        after, _ = await states(asking)

    assert health["tiers"] | {"verifier": ""} == {
        "exact": "degraded",
        "embed": "ok",
        "search": "degraded",
        "verifier": "",
    }
    assert ".corrupt-" in parts["exact"]["message"]
    assert ".corrupt-" in parts["semantic"]["message"]
    assert after["status"] == "ok"


@pytest.mark.parametrize("status", [None, 401, 200])
async def test_the_upstreams_state_is_part_of_it(status: int | None, tmp_path: Path) -> None:
    with ScriptedUpstream().in_thread() as upstream:
        if status is not None:
            upstream.when(answer({"data": []}, status), path="/models")
        url = upstream.base_url if status else f"{DEAD}/v1"
        key = "sk-not-shown"
        async with client(tmp_path, UPSTREAM_BASE_URL=url, UPSTREAM_API_KEY=key) as asking:
            health, parts = await states(asking)

    assert health["upstream"] == ("ok" if status == 200 else "away")
    assert (health["status"] == "ok") == (status == 200)
    assert key not in str((health, parts))


def test_the_start_says_at_once_what_does_not_answer(tmp_path: Path) -> None:
    away = {"REDIS_URL": "redis://:the-password@127.0.0.1:9/0", "QDRANT_URL": DEAD}
    log = tmp_path / "data.log"

    with proxy_process(tmp_path / "data", **EXACT_ONLY, **away) as proxy:
        eventually(lambda: log.read_text().count("does not answer") == 2)
        health = httpx.get(f"{proxy.url}/health", timeout=30).json()

    said = [line for line in log.read_text().splitlines() if "does not answer" in line]
    assert "exact tier (Redis (REDIS_URL)) does not answer" in said[0]
    assert f"semantic tier (Qdrant at {DEAD}) does not answer" in said[1]
    assert health["tiers"]["exact"] == health["tiers"]["search"] == "away"
