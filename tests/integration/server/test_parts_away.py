"""What a client sees when a part behind the running command is away."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from servers.proxy.process import ProxyProcess, proxy_process
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream
from servers.waiting import eventually

NOWHERE = "http://127.0.0.1:9"


def ask(proxy: ProxyProcess, text: str = "What is Rust?") -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    return httpx.post(f"{proxy.base_url}/chat/completions", json=body, timeout=30)


def counted(proxy: ProxyProcess) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{proxy.url}/metrics", timeout=30).json()[
        "cache_performance"
    ]
    return found


def test_without_an_upstream_there_is_a_502_in_openais_shape(tmp_path: Path) -> None:
    with proxy_process(tmp_path / "data", UPSTREAM_BASE_URL=f"{NOWHERE}/v1") as proxy:
        answer = ask(proxy)

        assert answer.status_code == 502
        assert answer.json()["error"]["code"] == "upstream_unreachable"
        eventually(lambda: counted(proxy)["failures"] == {"502": 1})
        assert counted(proxy)["misses"] == 0


def test_without_redis_qdrant_and_embedder_the_answer_still_comes(tmp_path: Path) -> None:
    with proxy_process(
        tmp_path / "data",
        REDIS_URL="redis://127.0.0.1:9",
        QDRANT_URL=NOWHERE,
        EMBEDDING_URL=NOWHERE,
    ) as proxy:
        answers = [ask(proxy), ask(proxy)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.headers["x-cache"] for answer in answers] == ["MISS", "MISS"]
    assert answers[0].headers["x-cache-reason"] == "exact-unavailable"


def test_two_processes_on_one_redis_count_as_one(tmp_path: Path) -> None:
    with ExitStack() as stack:
        redis_url = stack.enter_context(redis_process())
        upstream = stack.enter_context(ScriptedUpstream().in_thread())
        one, other = (
            stack.enter_context(
                proxy_process(
                    tmp_path / name,
                    REDIS_URL=redis_url,
                    UPSTREAM_BASE_URL=upstream.base_url,
                )
            )
            for name in ("a", "b")
        )

        ask(one)
        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(ask, [one, other] * 50))
        counted = httpx.get(f"{one.url}/metrics", timeout=30).json()["cache_performance"]

    seen = Counter(answer.headers["x-cache"] for answer in answers)
    assert seen == {"HIT-EXACT": 100}
    assert (counted["exact_hits"], counted["misses"]) == (100, 1)
