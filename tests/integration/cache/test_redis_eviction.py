"""A Redis that is full: by each of its policies no request fails, and no answer is another's."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import redis

from fakes.embedder import FakeEmbedder
from fakes.upstream import FakeUpstream, completion
from llm_cache_proxy.adapters.exact_store.redis.client import redis_exact_store
from llm_cache_proxy.adapters.exact_store.redis.names import TENANTS, TenantNames
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.bootstrap.local.app import local_app
from llm_cache_proxy.bootstrap.parts import Parts
from llm_cache_proxy.ports.upstream import UpstreamCall, UpstreamReply
from llm_cache_proxy.settings import Settings
from servers.redis.process import redis_process

PROMPTS = 45
FILLING = "x" * 50_000
"""Twice in an entry: its events hold the answer as well."""


class Echo(FakeUpstream):
    """Answers with the prompt, and much besides."""

    async def send(self, call: UpstreamCall) -> UpstreamReply:
        [message] = json.loads(call.body)["messages"]
        self.queue([json.dumps(completion(f"{message['content']} {FILLING}")).encode()])
        return await super().send(call)


@dataclass
class Full:
    """A proxy whose Redis cannot hold what it was asked."""

    client: httpx.AsyncClient
    server: "redis.Redis"

    async def ask(self, text: str) -> str:
        """Where the right answer came from."""
        body = {"model": "m", "messages": [{"role": "user", "content": text}]}
        answer = await self.client.post("/v1/chat/completions", json=body)
        assert answer.status_code == 200, answer.text
        said = answer.json()["choices"][0]["message"]["content"]
        assert said == f"{text} {FILLING}"
        return answer.headers["x-cache"]

    async def until_stored(self) -> None:
        """Wait for what was answered and is not stored yet, as whoever reads the metrics does."""
        assert (await self.client.get("/metrics")).status_code == 200

    def forget(self) -> None:
        """Take every answer out of Redis, as an eviction does, and nothing else."""
        for record in self.server.scan_iter(match=TenantNames("default").records):
            self.server.delete(record)

    def kept(self) -> int:
        """How many of the prompts Redis still holds."""
        return len(list(self.server.scan_iter(match=TenantNames("default").records, count=1_000)))


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_process("--maxmemory-samples", "10") as url:
        yield url


@asynccontextmanager
async def full(redis_url: str, policy: str, folder: Path) -> AsyncIterator[Full]:
    """After PROMPTS prompts, of which the memory holds about a third."""
    vectors = QdrantLocalVectors(folder / "vectors", timeout_seconds=20)
    parts = Parts(
        redis_exact_store(redis_url, timeout_seconds=5), vectors, FakeEmbedder(), Echo(), {}
    )
    settings = Settings(exact_deadline_seconds=5, search_deadline_seconds=20, admin_key=None)
    transport = httpx.ASGITransport(local_app(settings, parts))
    await vectors.open()
    with redis.Redis.from_url(redis_url) as server:
        server.flushall()
        used = server.info("memory")["used_memory"]
        server.config_set("maxmemory-policy", policy)
        server.config_set("maxmemory", used + PROMPTS * 2 * len(FILLING) // 3)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", timeout=30
        ) as client:
            made = Full(client, server)
            for number in range(PROMPTS):
                assert await made.ask(f"prompt {number}") == "MISS"
            yield made
            await made.until_stored()
    await parts.aclose()


async def test_noeviction_keeps_the_first_answers_and_stores_no_more(
    redis_url: str, tmp_path: Path
) -> None:
    async with full(redis_url, "noeviction", tmp_path) as made:
        first, last, again = [await made.ask(f"prompt {n}") for n in (0, PROMPTS - 1, PROMPTS - 1)]
        made.server.config_set("maxmemory", 1)  # else a check's few bytes may just fit
        health = (await made.client.get("/admin/health")).json()
        metrics = await made.client.get("/metrics", params={"format": "prometheus"})

    assert (first, last, again) == ("HIT-EXACT", "MISS", "MISS")
    assert health["parts"]["exact"]["status"] == "refuses_writes"
    assert 'llm_cache_part_state{part="exact",state="refuses_writes"} 1' in metrics.text
    [refused] = re.findall(r'errors_total{kind="write_refused"} (\d+)', metrics.text)
    assert int(refused) >= PROMPTS // 3  # of as many as found no room, and the last one twice


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
async def test_a_policy_that_evicts_makes_room_for_the_new(
    policy: str, redis_url: str, tmp_path: Path
) -> None:
    async with full(redis_url, policy, tmp_path) as made:
        health = (await made.client.get("/admin/health")).json()
        kept, evicted = made.kept(), made.server.info("stats")["evicted_keys"]
        came_from = [await made.ask(f"prompt {number}") for number in range(PROMPTS)]
        registry = made.server.exists(TENANTS)

    assert 0 < kept < PROMPTS
    assert evicted > 0
    assert health["status"] == "ok"
    assert set(came_from) <= {"HIT-EXACT", "HIT-SEMANTIC", "MISS"}
    assert policy != "volatile-ttl" or registry


@pytest.mark.parametrize("policy", ["noeviction", "allkeys-lru", "volatile-ttl"])
async def test_a_vector_whose_answer_was_evicted_puts_it_back_and_one_that_was_cleared_is_a_miss(
    policy: str, redis_url: str, tmp_path: Path
) -> None:
    async with full(redis_url, policy, tmp_path) as made:
        made.forget()
        made.server.config_set("maxmemory", 0)

        put_back, held = await made.ask("prompt 7"), await made.ask("prompt 7")
        await made.client.post("/admin/cache/clear", json={"all": True})
        cleared = await made.ask("prompt 7")

    assert (put_back, held, cleared) == ("HIT-SEMANTIC", "HIT-EXACT", "MISS")


async def test_what_finds_no_room_is_a_miss_until_there_is_some(
    redis_url: str, tmp_path: Path
) -> None:
    async with full(redis_url, "noeviction", tmp_path) as made:
        made.forget()
        made.server.config_set("maxmemory", 1)

        without_room = [await made.ask("prompt 7") for _ in range(2)]
        await made.until_stored()
        made.server.config_set("maxmemory", 0)
        with_room = [await made.ask("prompt 7") for _ in range(2)]

    assert without_room == ["MISS", "MISS"]
    assert with_room == ["HIT-SEMANTIC", "HIT-EXACT"]
