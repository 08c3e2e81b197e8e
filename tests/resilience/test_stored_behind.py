"""A plain answer leaves before it is stored: what a stop, and a kill in between, make of it.

What is promised of an answer that a client has: after a stop it is stored, and after a kill -9 it
is stored or the upstream is asked again, no later than its lease lapses. Never half an entry.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from servers.link import Link, Mode
from servers.proxy.process import EXACT_ONLY, proxy_process
from servers.redis.mortal import MortalRedis
from servers.upstream.answers import chat
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Recorded, Script, answer

HELD_BACK_SECONDS = 2.0
LEASE_SECONDS = 3.0
SLACK_SECONDS = 8.0  # for a machine that is busy
PROMPT = "What is Rust?"


@contextmanager
def slow_to_store() -> Iterator[tuple[ScriptedUpstream, Link, dict[str, str]]]:
    """An upstream, and a Redis that is slow from when the upstream is asked for the first time."""
    turns = iter([Mode.SLOW])

    def script(_: Recorded) -> Script:
        for mode in turns:
            link.turn(mode)
        return answer(chat("A language."))

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


def ask(base_url: str) -> tuple[httpx.Response, float]:
    """The answer, and the seconds that it took."""
    body = {"model": "m", "messages": [{"role": "user", "content": PROMPT}]}
    began = time.monotonic()
    reply = httpx.post(f"{base_url}/chat/completions", json=body, timeout=60)
    return reply, time.monotonic() - began


def test_an_answer_does_not_wait_for_the_store_and_a_stop_does(tmp_path: Path) -> None:
    with slow_to_store() as (upstream, link, settings):
        with proxy_process(tmp_path / "data", **settings) as proxy:
            first, seconds = ask(proxy.base_url)
            proxy.process.terminate()
            status = proxy.process.wait(30)
        link.turn(Mode.PASS)
        with proxy_process(tmp_path / "data", **settings) as proxy:
            again, _ = ask(proxy.base_url)

    assert (first.status_code, first.headers["x-cache"]) == (200, "MISS")
    assert seconds < HELD_BACK_SECONDS
    assert status in {0, -signal.SIGTERM}
    assert (again.headers["x-cache"], again.content) == ("HIT-EXACT", first.content)
    assert len(upstream.requests) == 1


def test_a_kill_between_loses_an_unstored_entry_and_nothing_else(tmp_path: Path) -> None:
    with slow_to_store() as (upstream, link, settings):
        with proxy_process(tmp_path / "data", **settings) as proxy:
            first, _ = ask(proxy.base_url)
            proxy.process.kill()
        link.turn(Mode.PASS)
        with proxy_process(tmp_path / "data", **settings) as proxy:
            again, seconds = ask(proxy.base_url)
            after, _ = ask(proxy.base_url)

    assert (first.status_code, first.headers["x-cache"]) == (200, "MISS")
    assert again.status_code == 200
    assert again.headers["x-cache"] in {"MISS", "HIT-EXACT"}
    assert seconds < LEASE_SECONDS + SLACK_SECONDS
    assert (after.status_code, after.headers["x-cache"]) == (200, "HIT-EXACT")
    assert len(upstream.requests) <= 2


def test_an_identical_request_waits_for_the_write_and_is_a_hit(tmp_path: Path) -> None:
    with (
        slow_to_store() as (upstream, _, settings),
        proxy_process(tmp_path / "data", **settings) as proxy,
    ):
        first, _ = ask(proxy.base_url)
        again, _ = ask(proxy.base_url)

    assert first.headers["x-cache"] == "MISS"
    assert again.headers["x-cache"] == "HIT-EXACT"
    assert again.content == first.content
    assert len(upstream.requests) == 1
