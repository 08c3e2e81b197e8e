"""A real proxy whose upstream fails: expired answers stand in until it is back."""

import contextlib
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from uuid import uuid4

import httpx
import pytest

from fakes.upstream import completion
from servers.proxy.process import EXACT_ONLY, ProxyProcess, proxy_process
from servers.redis.process import redis_process
from servers.upstream.answers import OVERLOADED
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Cut, Script, Stall, Until, answer, stream
from servers.waiting import eventually

ANEW_AND_SHORT = {"x-cache-mode": "refresh", "x-cache-ttl": "1"}
"""For an answer that a test outlives; others are there for as long as a test may take."""
FAILURES: dict[str, Script] = {
    "rate limit": answer(OVERLOADED, 429, {"retry-after": "30"}),
    "fault": answer(OVERLOADED, 500),
    "reset": [Cut()],
    "never": [Stall()],
    "reset before the first event": stream([], end=[Cut()]),
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream().in_thread() as server:
        yield server


def settings_for(upstream: ScriptedUpstream) -> dict[str, str]:
    return EXACT_ONLY | {
        "UPSTREAM_BASE_URL": upstream.base_url,
        "UPSTREAM_TIMEOUT_SECONDS": "8",
    }


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "requests.log"


@pytest.fixture(scope="module", params=["sqlite", "redis"])
def proxy(
    request: pytest.FixtureRequest,
    upstream: ScriptedUpstream,
    log: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ProxyProcess]:
    settings = settings_for(upstream) | {"STALE_IF_ERROR_SECONDS": "600", "LOG_PATH": str(log)}
    with contextlib.ExitStack() as running:
        if request.param == "redis":
            settings["REDIS_URL"] = running.enter_context(redis_process())
        folder = tmp_path_factory.mktemp("proxy")
        yield running.enter_context(proxy_process(folder / "data", **settings))


def ask(
    proxy: ProxyProcess,
    prompt: str,
    *,
    stream: bool = False,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": prompt}], "stream": stream}
    return httpx.post(f"{proxy.base_url}/chat/completions", json=body, headers=headers, timeout=60)


def expire(proxy: ProxyProcess, prompt: str) -> None:
    """Store the upstream's answer anew, for a life that is over when this returns."""
    made = ask(proxy, prompt, headers=ANEW_AND_SHORT)
    assert made.headers["x-cache"] == "MISS"
    time.sleep(2.1)  # a second for its life, and one for a store that is slow


def counted(proxy: ProxyProcess) -> dict[str, int]:
    performance: dict[str, int] = httpx.get(f"{proxy.url}/metrics", timeout=30).json()[
        "cache_performance"
    ]
    return performance


@pytest.mark.parametrize("streaming", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("failure", FAILURES)
def test_an_expired_answer_is_served_for_a_failing_upstream_until_it_is_back(
    proxy: ProxyProcess, upstream: ScriptedUpstream, failure: str, streaming: bool
) -> None:
    prompt = f"Tell me about a {failure}, {streaming}, {uuid4()}"
    scripts: list[Script] = [answer(completion("The first answer."))]
    upstream.when(lambda _: scripts[0], prompt=prompt)
    assert ask(proxy, prompt).headers["x-cache"] == "MISS"
    assert ask(proxy, prompt, stream=streaming).headers["x-cache"] == "HIT-EXACT"
    before = counted(proxy)["stale"]
    expire(proxy, prompt)

    scripts[0] = FAILURES[failure]
    stale = ask(proxy, prompt, stream=streaming)

    assert stale.status_code == 200
    assert (stale.headers["x-cache"], stale.headers["x-cache-reason"]) == (
        "STALE",
        "stale-if-error",
    )
    assert int(stale.headers["age"]) >= 1
    assert stale.headers["x-cache-ttl"] == "0"
    assert "The first answer." in stale.text
    kind = "text/event-stream" if streaming else "application/json"
    assert stale.headers["content-type"].startswith(kind)
    assert stale.text.endswith("data: [DONE]\n\n") == streaming
    eventually(lambda: counted(proxy)["stale"] == before + 1)

    scripts[0] = answer(completion("The second answer."))
    fresh = ask(proxy, prompt)

    assert fresh.headers["x-cache"] == "MISS"
    assert "The second answer." in fresh.text
    assert ask(proxy, prompt).headers["x-cache"] == "HIT-EXACT"


def test_the_request_log_reports_the_stale_answer_and_the_failure(
    proxy: ProxyProcess, upstream: ScriptedUpstream, log: Path
) -> None:
    prompt = f"Tell the log, {uuid4()}"
    scripts: list[Script] = [answer(completion("The first answer."))]
    upstream.when(lambda _: scripts[0], prompt=prompt)
    expire(proxy, prompt)
    scripts[0] = FAILURES["fault"]

    stale = ask(proxy, prompt)

    def line() -> dict[str, object]:
        lines = map(json.loads, log.read_text("utf-8").splitlines())
        received = (one for one in lines if one["request_id"] == stale.headers["x-request-id"])
        return next(received, {})

    eventually(lambda: bool(line()))
    assert (line()["result"], line()["reason"]) == ("STALE", "stale-if-error")
    assert (line()["status"], line()["prompt_tokens"]) == (200, 10)


def test_one_caller_renews_an_expired_answer_behind_it(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    prompt = "Renew me"
    scripts: list[Script] = [answer(completion("The first answer."))]
    upstream.when(lambda _: scripts[0], prompt=prompt)
    settings = settings_for(upstream) | {
        "STALE_WHILE_REVALIDATE_SECONDS": "600",
        "UPSTREAM_TIMEOUT_SECONDS": "60",
    }

    with proxy_process(tmp_path / "data", **settings) as proxy:
        expire(proxy, prompt)
        before = len(upstream.requests)
        all_are_answered = Event()
        scripts[0] = [Until(all_are_answered), *answer(completion("The second answer."))]
        with ThreadPoolExecutor(8) as pool:
            result = list(pool.map(lambda _: ask(proxy, prompt), range(8)))
        all_are_answered.set()
        eventually(lambda: "The second answer." in ask(proxy, prompt).text)
        asked = len(upstream.requests) - before

    assert {one.headers["x-cache-reason"] for one in result} == {"stale-while-revalidate"}
    assert all("The first answer." in one.text for one in result)
    assert asked == 1
