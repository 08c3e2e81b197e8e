"""Redis fails in every way under load, by itself and behind the REST gateway: hits return."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from resilience.load import Load
from servers.link import Link, Mode
from servers.proxy.process import proxy_process
from servers.redis.mortal import MortalRedis
from servers.redis.rest_gateway import rest_gateway
from servers.upstream.answers import CountingAnswers
from servers.upstream.scripted import ScriptedUpstream

DEADLINE_SECONDS = 0.5
SLACK_SECONDS = 8.0  # for a machine that is busy; what waits for a lost reply waits far longer
LOST_SECONDS = 60.0
FAULT_SECONDS = 2.5  # in which a breaker opens, and tries again
BACK_SECONDS = 30.0
PASSWORD = "a-new-password"
TOKEN = "rest-token"


@dataclass(frozen=True)
class Fault:
    """How it begins and how it ends."""

    begin: Callable[[MortalRedis, Link], object]
    end: Callable[[MortalRedis, Link], object]
    hits_go_on: bool = False


def turned(mode: Mode) -> Fault:
    return Fault(lambda _, link: link.turn(mode), lambda _, link: link.turn(Mode.PASS))


def filled(server: MortalRedis, _: Link) -> None:
    server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    server.command("CONFIG", "SET", "maxmemory", 1)


def locked(server: MortalRedis, _: Link) -> None:
    server.command("CONFIG", "SET", "requirepass", PASSWORD)
    server.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no", password=PASSWORD)


FAULTS = {
    "killed": Fault(lambda server, _: server.kill(), lambda server, _: server.start()),
    "frozen": Fault(lambda server, _: server.freeze(), lambda server, _: server.thaw()),
    "refused": turned(Mode.REFUSE),
    "black hole": turned(Mode.BLACK_HOLE),
    "slow": turned(Mode.SLOW),
    "rubbish": turned(Mode.RUBBISH),
    "full": Fault(filled, lambda server, _: server.command("CONFIG", "SET", "maxmemory", 0), True),
    "read-only": Fault(
        lambda server, _: server.command("REPLICAOF", "127.0.0.1", 9),
        lambda server, _: server.command("REPLICAOF", "NO", "ONE"),
        hits_go_on=True,
    ),
    "locked": Fault(
        locked,
        lambda server, _: server.command("CONFIG", "SET", "requirepass", "", password=PASSWORD),
    ),
}


@contextmanager
def linked(server: MortalRedis, client: str) -> Iterator[tuple[Link, dict[str, str]]]:
    """A link to the server, or to a REST gateway in front of it, and the settings that name it."""
    if client == "redis":
        with Link(server.port, delay_seconds=LOST_SECONDS).in_thread() as link:
            yield link, {"REDIS_URL": f"redis://127.0.0.1:{link.port}/0"}
        return
    with (
        rest_gateway(f"redis://127.0.0.1:{server.port}/0", TOKEN) as port,
        Link(port, delay_seconds=LOST_SECONDS).in_thread() as link,
    ):
        url = f"http://127.0.0.1:{link.port}"
        yield link, {"UPSTASH_REDIS_REST_URL": url, "UPSTASH_REDIS_REST_TOKEN": TOKEN}


@contextmanager
def behind_link(tmp_path: Path, client: str) -> Iterator[tuple[MortalRedis, Link, str]]:
    """A proxy whose Redis lies behind a link; its base URL."""
    with (
        MortalRedis().running() as server,
        linked(server, client) as (link, settings),
        ScriptedUpstream(CountingAnswers(word_seconds=0.1)).in_thread() as upstream,
        proxy_process(
            tmp_path / "data",
            UPSTREAM_BASE_URL=upstream.base_url,
            EXACT_DEADLINE_SECONDS=str(DEADLINE_SECONDS),
            LEASE_SECONDS=str(LOST_SECONDS),
            **settings,
        ) as proxy,
    ):
        yield server, link, proxy.base_url


@contextmanager
def under_load(tmp_path: Path, client: str) -> Iterator[tuple[MortalRedis, Link, Load]]:
    """The same, asked all the time, warm."""
    with (
        behind_link(tmp_path, client) as (server, link, base_url),
        Load(base_url).running() as load,
    ):
        load.wait_for("HIT-EXACT", since=time.monotonic(), within_seconds=20)
        yield server, link, load


@pytest.mark.parametrize("client", ["redis", "rest"])
@pytest.mark.parametrize("name", FAULTS)
def test_no_request_fails_and_hits_come_back(name: str, client: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    with under_load(tmp_path, client) as (server, link, load):
        broken_at = time.monotonic()

        fault.begin(server, link)
        time.sleep(FAULT_SECONDS)
        during = load.wait_for_more_than(10, since=broken_at, within_seconds=30)
        fault.end(server, link)
        mended_at = time.monotonic()

        load.wait_for("HIT-EXACT", since=mended_at, within_seconds=BACK_SECONDS)
        every = load.since(broken_at)

    assert {(sample.status, sample.error) for sample in every} == {(200, "")}
    assert max(sample.seconds for sample in every) < DEADLINE_SECONDS + SLACK_SECONDS
    if fault.hits_go_on:
        assert "HIT-EXACT" in {sample.x_cache for sample in during}


@pytest.mark.parametrize("client", ["redis", "rest"])
def test_no_follower_waits_for_a_leader_that_never_got_its_lease(
    client: str, tmp_path: Path
) -> None:
    with behind_link(tmp_path, client) as (_, link, base_url):
        asked_of(base_url, "How do tides come about?")  # connects, and loads the scripts

        link.turn(Mode.SLOW)
        unheard = asked_of(base_url, "What is entropy?")
        link.turn(Mode.PASS)
        waited, again = 0.0, unheard
        while again.headers["x-cache-reason"] == "exact-unavailable":  # until Redis is tried again
            start = time.monotonic()
            again = asked_of(base_url, "What is entropy?")
            waited = time.monotonic() - start

    assert unheard.headers["x-cache-reason"] == "exact-unavailable"
    assert again.headers["x-cache"] == "MISS"
    assert waited < DEADLINE_SECONDS + SLACK_SECONDS


@pytest.mark.parametrize("client", ["redis", "rest"])
def test_a_streamed_message_comes_whole_while_redis_goes_away_and_comes_back(
    client: str, tmp_path: Path
) -> None:
    with behind_link(tmp_path, client) as (server, _, base_url):
        asked_of(base_url, "How do tides come about?")  # connects, and loads the scripts

        with message_stream(base_url, "What is entropy?") as (headers, pieces):
            first = next(pieces)
            server.kill()
            during = first + b"".join(pieces)
        away = streamed_message(base_url, "What is entropy?")
        server.start()
        deadline = time.monotonic() + BACK_SECONDS
        again = away
        while again[0]["x-cache"] != "HIT-EXACT" and time.monotonic() < deadline:
            again = streamed_message(base_url, "What is entropy?")

    assert headers["x-cache"] == "MISS"
    assert away[0]["x-cache-reason"] == "exact-unavailable"
    for body in (during, away[1], again[1]):
        assert body.count(b"event: message_start\n") == body.count(b"event: message_stop\n") == 1
        assert b"event: error" not in body
    assert again[0]["x-cache"] == "HIT-EXACT"


@contextmanager
def message_stream(base_url: str, text: str) -> Iterator[tuple[httpx.Headers, Iterator[bytes]]]:
    body = {"model": "m", "max_tokens": 64, "messages": [{"role": "user", "content": text}]}
    with httpx.stream(
        "POST", f"{base_url}/messages", json=body | {"stream": True}, timeout=30
    ) as answer:
        assert answer.status_code == 200
        yield answer.headers, answer.iter_bytes()


def streamed_message(base_url: str, text: str) -> tuple[httpx.Headers, bytes]:
    with message_stream(base_url, text) as (headers, pieces):
        return headers, b"".join(pieces)


def asked_of(base_url: str, text: str) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    return httpx.post(f"{base_url}/chat/completions", json=body, timeout=30)
