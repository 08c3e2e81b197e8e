"""Batches that overlap, over two server processes on one Redis: each input is asked for once.

Where the process that asks is killed, the other asks as soon as the lease has lapsed.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakes.embedding_upstream import embedding_answer, inputs_of, vector_of
from servers.proxy.process import EXACT_ONLY, ProxyProcess, proxy_process
from servers.redis.process import redis_process
from servers.upstream.answers import CountingAnswers
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Pause, Recorded, Script, Stall, answer

UPSTREAM_SECONDS = 1.0
LEASE_SECONDS = 3.0
LONG_LEASE_SECONDS = 60.0  # no pause of a busy machine outlasts it
BATCHES = 40
INPUTS = [f"text number {number}" for number in range(20)]
SLACK_SECONDS = 60.0  # for a machine that is busy


@dataclass
class SlowVectors:
    """Vectors after a while, or none while `silent`, and how often each input was asked for."""

    silent: bool = False
    asked: Counter[str] = field(default_factory=Counter)
    others: CountingAnswers = field(default_factory=CountingAnswers)

    def __call__(self, request: Recorded) -> Script:
        if "input" not in request.fields:
            return self.others(request)
        self.asked.update(inputs_of(request.fields))
        if self.silent:
            return [Stall()]
        return [Pause(UPSTREAM_SECONDS), *answer(embedding_answer(request.fields))]


@pytest.fixture
def vectors() -> SlowVectors:
    return SlowVectors()


@pytest.fixture
def servers(
    request: pytest.FixtureRequest, vectors: SlowVectors, tmp_path: Path
) -> Iterator[list[ProxyProcess]]:
    with redis_process() as redis_url, ScriptedUpstream(vectors).in_thread() as upstream:
        settings = EXACT_ONLY | {
            "REDIS_URL": redis_url,
            "UPSTREAM_BASE_URL": upstream.base_url,
            "LEASE_SECONDS": str(request.param),
        }
        with (
            proxy_process(tmp_path / "one", **settings) as one,
            proxy_process(tmp_path / "two", **settings) as two,
        ):
            yield [one, two]


async def embedded(client: httpx.AsyncClient, server: ProxyProcess, inputs: list[str]) -> Any:
    """The vectors that a server gives."""
    asked = {"model": "m", "input": inputs}
    answer = await client.post(f"{server.base_url}/embeddings", json=asked)
    assert answer.status_code == 200, answer.text
    return [member["embedding"] for member in answer.json()["data"]]


@pytest.mark.parametrize("servers", [LONG_LEASE_SECONDS], indirect=True)
async def test_overlapping_batches_over_two_processes_ask_for_each_input_once(
    servers: list[ProxyProcess], vectors: SlowVectors
) -> None:
    batches = [[INPUTS[(at + step) % 20] for step in range(5)] for at in range(BATCHES)]

    async with httpx.AsyncClient(timeout=60) as client:
        found = await asyncio.gather(
            *(embedded(client, servers[at % 2], batch) for at, batch in enumerate(batches))
        )

    assert found == [[vector_of(text) for text in batch] for batch in batches]
    assert vectors.asked == Counter(INPUTS)


@pytest.mark.parametrize("servers", [LEASE_SECONDS], indirect=True)
async def test_where_the_asking_process_is_killed_the_other_asks(
    servers: list[ProxyProcess], vectors: SlowVectors
) -> None:
    one, two = servers
    vectors.silent = True
    async with httpx.AsyncClient(timeout=60) as client:
        lost = asyncio.create_task(embedded(client, one, INPUTS))
        async with asyncio.timeout(SLACK_SECONDS):
            while not vectors.asked:  # noqa: ASYNC110 - another process's doing
                await asyncio.sleep(0.02)
        waits = asyncio.create_task(embedded(client, two, INPUTS))
        await asyncio.sleep(UPSTREAM_SECONDS / 4)
        one.process.kill()
        vectors.silent = False

        async with asyncio.timeout(LEASE_SECONDS + UPSTREAM_SECONDS + SLACK_SECONDS):
            found = await waits
        with pytest.raises(httpx.TransportError):
            await lost

    assert found == [vector_of(text) for text in INPUTS]
    assert vectors.asked == Counter(dict.fromkeys(INPUTS, 2))
