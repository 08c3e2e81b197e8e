"""Plain answers and batches leave before they are stored: what a stop or a kill makes of that.

What is promised of an answer that a client has: after a stop it is stored, and after a kill -9 it
is stored or the upstream is asked again, no later than its lease lapses. Never half an entry.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from servers.link import Link, Mode
from servers.proxy.process import EXACT_ONLY, proxy_process
from servers.redis.mortal import MortalRedis
from servers.upstream.answers import chat
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Recorded, Script, answer

HELD_BACK_SECONDS = 2.0
LEASE_SECONDS = 3.0
SLACK_SECONDS = 25.0  # for a machine that is busy
PROMPT = "What is Rust?"
REQUESTS: dict[str, dict[str, Any]] = {
    "/chat/completions": {"messages": [{"role": "user", "content": PROMPT}]},
    "/embeddings": {"input": [PROMPT]},
}
ANSWERS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": chat("A language."),
    "/v1/embeddings": {"object": "list", "data": [{"index": 0, "embedding": [0.5]}]},
}
LONG = {"LEASE_SECONDS": "60", "EXACT_DEADLINE_SECONDS": "60"}
"""What no pause of a busy machine outlasts."""
SHARED = {"HIT-EXACT", "COALESCED"}
"""What an identical request reports: if its own wait ends first, it finds the lease."""
EACH = pytest.mark.parametrize("path", REQUESTS)


@contextmanager
def slow_to_store(
    slowly: Mode = Mode.SLOW,
) -> Iterator[tuple[ScriptedUpstream, Link, dict[str, str]]]:
    """An upstream, and a Redis that is slow from when the upstream is asked for the first time."""
    turns = iter([slowly])

    def script(request: Recorded) -> Script:
        for mode in turns:
            link.turn(mode)
        return answer(ANSWERS[request.path])

    with (
        MortalRedis().running() as server,
        Link(server.port, delay_seconds=HELD_BACK_SECONDS).in_thread() as link,
        ScriptedUpstream(script).in_thread() as upstream,
    ):
        settings = EXACT_ONLY | {
            "REDIS_URL": f"redis://127.0.0.1:{link.port}/0",
            "UPSTREAM_BASE_URL": upstream.base_url,
            "LEASE_SECONDS": str(LEASE_SECONDS),
        }
        yield upstream, link, settings


def timed_answer(base_url: str, path: str) -> tuple[httpx.Response, float]:
    """The answer, and the seconds that it took."""
    began = time.monotonic()
    reply = httpx.post(f"{base_url}{path}", json={"model": "m", **REQUESTS[path]}, timeout=60)
    return reply, time.monotonic() - began


@EACH
def test_an_answer_does_not_wait_for_the_store_and_a_stop_does(tmp_path: Path, path: str) -> None:
    with slow_to_store(Mode.HELD) as (upstream, link, settings):
        with proxy_process(tmp_path / "data", **settings | LONG) as proxy:
            first, _ = timed_answer(proxy.base_url, path)
            proxy.process.terminate()
            link.turn(Mode.PASS)  # only now does Redis hear of the answer
            status = proxy.process.wait(60)
        with proxy_process(tmp_path / "data", **settings | LONG) as proxy:
            again, _ = timed_answer(proxy.base_url, path)

    assert (first.status_code, first.headers["x-cache"]) == (200, "MISS")
    assert status in {0, -signal.SIGTERM}
    assert (again.headers["x-cache"], again.content) == ("HIT-EXACT", first.content)
    assert len(upstream.requests) == 1


@EACH
def test_a_kill_between_loses_an_unstored_entry_and_nothing_else(tmp_path: Path, path: str) -> None:
    with slow_to_store() as (upstream, link, settings):
        with proxy_process(tmp_path / "data", **settings) as proxy:
            first, _ = timed_answer(proxy.base_url, path)
            proxy.process.kill()
        link.turn(Mode.PASS)
        with proxy_process(tmp_path / "data", **settings) as proxy:
            again, seconds = timed_answer(proxy.base_url, path)
            after, _ = timed_answer(proxy.base_url, path)

    assert (first.status_code, first.headers["x-cache"]) == (200, "MISS")
    assert again.status_code == 200
    assert again.headers["x-cache"] in {"MISS", "HIT-EXACT"}
    assert seconds < LEASE_SECONDS + SLACK_SECONDS
    assert (after.status_code, after.headers["x-cache"]) == (200, "HIT-EXACT")
    assert len(upstream.requests) <= 2


@EACH
def test_an_identical_request_waits_for_the_write_and_calls_no_upstream(
    tmp_path: Path, path: str
) -> None:
    with (
        slow_to_store() as (upstream, _, settings),
        proxy_process(tmp_path / "data", **settings | LONG) as proxy,
    ):
        first, _ = timed_answer(proxy.base_url, path)
        again, _ = timed_answer(proxy.base_url, path)

    assert first.headers["x-cache"] == "MISS"
    assert again.headers["x-cache"] in SHARED
    assert again.content == first.content
    assert len(upstream.requests) == 1
