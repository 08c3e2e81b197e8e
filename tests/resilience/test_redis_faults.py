"""Redis fails in every way under load, by itself and behind the REST gateway: hits return."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest

from resilience.load import Load
from servers.link import Link, Mode
from servers.proxy.process import proxy_process
from servers.redis.mortal import MortalRedis
from servers.redis.rest_gateway import rest_gateway
from servers.upstream.answers import CountingAnswers
from servers.upstream.scripted import ScriptedUpstream
from servers.waiting import eventually

DEADLINE_SECONDS = 0.5
SLACK_SECONDS = 25.0  # for a machine that is busy; what waits for a lost reply waits far longer
LOST_SECONDS = 60.0
FAULT_SECONDS = 2.5  # in which a breaker opens, and tries again
BACK_SECONDS = 60.0
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


@dataclass(frozen=True)
class Behind:
    """A proxy at `base_url`, whose Redis lies behind a link."""

    server: MortalRedis
    link: Link
    base_url: str


@pytest.fixture(scope="module", params=["redis", "rest"])
def behind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Behind]:
    """One proxy for all faults: each must find it recovered from the one before."""
    with (
        MortalRedis().running() as server,
        linked(server, request.param) as (link, settings),
        ScriptedUpstream(CountingAnswers(word_seconds=0.1)).in_thread() as upstream,
        proxy_process(
            tmp_path_factory.mktemp("behind") / "data",
            UPSTREAM_BASE_URL=upstream.base_url,
            EXACT_DEADLINE_SECONDS=str(DEADLINE_SECONDS),
            LEASE_SECONDS=str(LOST_SECONDS),
            **settings,
        ) as proxy,
    ):
        yield Behind(server, link, proxy.base_url)


@contextmanager
def broken(behind: Behind, fault: Fault) -> Iterator[None]:
    """For the block, and mended whatever happens in it."""
    fault.begin(behind.server, behind.link)
    try:
        yield
    finally:
        fault.end(behind.server, behind.link)


@pytest.mark.parametrize("name", FAULTS)
def test_no_request_fails_and_hits_come_back(behind: Behind, name: str) -> None:
    fault = FAULTS[name]
    with Load(behind.base_url).running() as load:
        load.wait_for("HIT-EXACT", since=time.monotonic(), within_seconds=BACK_SECONDS)
        broken_at = time.monotonic()

        with broken(behind, fault):
            time.sleep(FAULT_SECONDS)
            during = load.wait_for_more_than(10, since=broken_at, within_seconds=BACK_SECONDS)
        mended_at = time.monotonic()

        load.wait_for("HIT-EXACT", since=mended_at, within_seconds=BACK_SECONDS)
        every = load.since(broken_at)

    assert {(sample.status, sample.error) for sample in every} == {(200, "")}
    assert max(sample.seconds for sample in every) < DEADLINE_SECONDS + SLACK_SECONDS
    if fault.hits_go_on:
        assert "HIT-EXACT" in {sample.x_cache for sample in during}


def test_no_follower_waits_for_a_leader_that_never_got_its_lease(behind: Behind) -> None:
    url, link = behind.base_url, behind.link
    eventually(lambda: uses_redis(url), seconds=BACK_SECONDS)

    link.turn(Mode.SLOW)
    unheard = asked_of(url, "What is entropy?")
    link.turn(Mode.PASS)
    waited, again = 0.0, unheard
    while again.headers["x-cache-reason"] == "exact-unavailable":  # until Redis is tried again
        start = time.monotonic()
        again = asked_of(url, "What is entropy?")
        waited = time.monotonic() - start

    assert unheard.headers["x-cache-reason"] == "exact-unavailable"
    assert again.headers["x-cache"] == "MISS"
    assert waited < DEADLINE_SECONDS + SLACK_SECONDS


def test_a_streamed_message_comes_whole_while_redis_goes_away_and_comes_back(
    behind: Behind,
) -> None:
    url, server = behind.base_url, behind.server
    eventually(lambda: uses_redis(url), seconds=BACK_SECONDS)

    with message_stream(url, "What is osmosis?") as (headers, pieces):
        first = next(pieces)
        server.kill()
        during = first + b"".join(pieces)
    away = streamed_message(url, "What is osmosis?")
    server.start()
    deadline = time.monotonic() + BACK_SECONDS
    again = away
    while again[0]["x-cache"] != "HIT-EXACT" and time.monotonic() < deadline:
        again = streamed_message(url, "What is osmosis?")

    assert headers["x-cache"] == "MISS"
    assert away[0]["x-cache-reason"] == "exact-unavailable"
    for body in (during, away[1], again[1]):
        assert body.count(b"event: message_start\n") == body.count(b"event: message_stop\n") == 1
        assert b"event: error" not in body
    assert again[0]["x-cache"] == "HIT-EXACT"


def uses_redis(base_url: str) -> bool:
    """Whether it is connected, with its scripts loaded."""
    return asked_of(base_url, "How do tides come about?").headers["x-cache"] == "HIT-EXACT"


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
