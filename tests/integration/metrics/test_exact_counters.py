"""Facts about the counters of two server processes that share one Redis."""

import asyncio
import json
import random
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from samples.extent import extent
from servers.proxy.process import proxy_process
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream

REQUESTS = extent(3_000, 10_000)
AT_ONCE = 16
DISTINCT = 150
RESULTS = {
    "HIT-EXACT": "exact_hits",
    "HIT-SEMANTIC": "semantic_hits",
    "MISS": "misses",
    "BYPASS": "bypasses",
    "STALE": "stale",
    "COALESCED": "coalesced",
}


def requests(seed: int) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """Bodies and headers: hits, misses, streams, bypasses, refreshes, namespaces and models."""
    chance = random.Random(seed)  # noqa: S311 - the same requests each time
    made = []
    for _ in range(REQUESTS):
        prompt = f"Tell me something about the number {chance.randrange(DISTINCT)}."
        kind = chance.random()
        body: dict[str, Any] = {
            "model": chance.choice(["llama-3.1-8b-instant", "gpt-4o-mini", "unheard-of"]),
            "messages": [{"role": "user", "content": prompt}],
            "stream": kind < 0.1,
        }
        headers = {
            **({"x-bypass-cache": "true"} if 0.1 < kind < 0.15 else {}),
            **({"x-cache-mode": "refresh"} if 0.15 < kind < 0.17 else {}),
            **({"x-cache-namespace": "other"} if 0.2 < kind < 0.4 else {}),
        }
        made.append((body, headers))
    return made


async def answered(urls: list[str], seed: int) -> Counter[str]:
    """The clients' answers, counted by `x-cache`."""
    waiting = list(enumerate(requests(seed)))
    answer: Counter[str] = Counter()

    async def worker(client: httpx.AsyncClient) -> None:
        while waiting:
            number, (body, headers) = waiting.pop()
            url = f"{urls[number % len(urls)]}/v1/chat/completions"
            response = await client.post(url, json=body, headers=headers)
            assert response.status_code == 200, response.text
            answer[response.headers["x-cache"]] += 1

    async with httpx.AsyncClient(timeout=60) as client:
        await asyncio.gather(*(worker(client) for _ in range(AT_ONCE)))
    return answer


@pytest.mark.timeout(1200)
def test_every_result_of_thousands_of_requests_is_counted_exactly_once(tmp_path: Path) -> None:
    settings = {
        # Slow turns of a busy machine are no failures: what is asked here is what is counted.
        "EXACT_DEADLINE_SECONDS": "30",
        "SEMANTIC_CACHE": "false",
        "LOG_LEVEL": "WARNING",
    }
    logs = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    with ExitStack() as stack:
        upstream = stack.enter_context(ScriptedUpstream().in_thread())
        settings |= {"UPSTREAM_BASE_URL": upstream.base_url, "UPSTREAM_API_KEY": "k"}
        redis = stack.enter_context(redis_process())
        proxies = [
            stack.enter_context(
                proxy_process(tmp_path / log.stem, REDIS_URL=redis, LOG_PATH=str(log), **settings)
            )
            for log in logs
        ]
        answer = asyncio.run(answered([proxy.url for proxy in proxies], seed=14))
        for proxy in proxies:  # what rides with a next call is written when a server stops
            proxy.process.terminate()
            proxy.process.wait(timeout=60)
        reader = stack.enter_context(
            proxy_process(tmp_path / "reader", REDIS_URL=redis, **settings)
        )
        metrics = httpx.get(f"{reader.url}/metrics", timeout=30).json()

    counted = metrics["cache_performance"]
    assert sum(answer.values()) == counted["total_requests"] == REQUESTS
    assert {name: counted[name] for name in RESULTS.values()} == {
        name: answer[header] for header, name in RESULTS.items()
    }
    assert answer["HIT-EXACT"] > REQUESTS * 0.4
    assert answer["MISS"] > DISTINCT
    assert answer["BYPASS"] > REQUESTS * 0.03
    assert sum(tier["count"] for tier in metrics["latency"].values()) == REQUESTS
    models = metrics["cost_analysis"]["by_model"]
    saving = ("exact_hits", "semantic_hits", "coalesced", "stale")
    hits = sum(counted[name] for name in saving)
    assert sum(model["hits"] for model in models.values()) == hits
    assert set(models) == {"llama-3.1-8b-instant", "gpt-4o-mini", "unheard-of"}
    lines = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    assert Counter(line["result"] for line in lines) == answer
    saved = sum(line.get("dollars_saved", 0) for line in lines)
    assert metrics["cost_analysis"]["dollars_saved"] == pytest.approx(saved, rel=1e-6)
