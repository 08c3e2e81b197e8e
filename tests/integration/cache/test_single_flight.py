"""Many identical requests at once, over four server processes: one call to the upstream."""

import asyncio
import collections
import contextlib
import itertools
import json
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from fakes.upstream import completion
from llm_cache_proxy.adapters.exact_store.redis.scripts import script
from servers.proxy.process import EXACT_ONLY, ProxyProcess, proxy_process
from servers.redis.process import redis_process
from servers.upstream.answers import OVERLOADED
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Close, Pause, Script, Stall, Step, Until, answer, head
from servers.waiting import happening

SERVERS = 4
REQUESTS = 200
UPSTREAM_SECONDS = 2.0
SHARED = ("misses", "coalesced")
OPTIONS = ("--slowlog-log-slower-than", "0", "--slowlog-max-len", "20000")  # keeps every command


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_process(*OPTIONS) as url:
        yield url


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream().in_thread() as server:
        yield server


def settings(redis_url: str, upstream: ScriptedUpstream) -> dict[str, str]:
    return EXACT_ONLY | {
        "REDIS_URL": redis_url,
        "UPSTREAM_BASE_URL": upstream.base_url,
        "UPSTREAMS": "",
        "LEASE_SECONDS": "60",  # no pause of a busy machine outlasts it
    }


@pytest.fixture(scope="module")
def servers(
    redis_url: str, upstream: ScriptedUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[ProxyProcess]]:
    folder = tmp_path_factory.mktemp("proxies")
    with contextlib.ExitStack() as running:
        yield [
            running.enter_context(proxy_process(folder / str(at), **settings(redis_url, upstream)))
            for at in range(SERVERS)
        ]


def slowly(script: Script, seconds: float = UPSTREAM_SECONDS) -> Script:
    return [Pause(seconds), *script]


def held(upstream: ScriptedUpstream, prompt: str, script: Script) -> threading.Event:
    """What lets the upstream answer the prompt, so and slowly."""
    let_go = threading.Event()
    upstream.when([Until(let_go), *slowly(script)], prompt=prompt)
    return let_go


async def looked_up(redis_url: str, times: int) -> None:
    """Return once so many requests have looked for an answer since the log was emptied."""
    await happening(lambda: commands(redis_url, "entries/lookup") >= times)


async def upstream_asked(upstream: ScriptedUpstream, times: int) -> None:
    """Return once it has been asked so many times."""
    await happening(lambda: len(upstream.requests) >= times)


async def ask_at_once(
    clients: Sequence[httpx.AsyncClient], prompt: str, count: int, **changes: Any
) -> list[httpx.Response]:
    """`count` identical requests at once, dealt out among the clients."""
    body = {"model": "m", "messages": [{"role": "user", "content": prompt}], **changes}
    return await asyncio.gather(
        *(clients[at % len(clients)].post("/chat/completions", json=body) for at in range(count))
    )


@contextlib.asynccontextmanager
async def clients_of(servers: Sequence[ProxyProcess]) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with contextlib.AsyncExitStack() as opened:
        yield [
            await opened.enter_async_context(
                httpx.AsyncClient(
                    base_url=server.base_url, timeout=60, limits=httpx.Limits(max_connections=None)
                )
            )
            for server in servers
        ]


def commands(redis_url: str, name: str) -> int:
    """How often the script `name` has run since the log was emptied."""
    with contextlib.closing(redis.Redis.from_url(redis_url)) as client:
        sent = [entry["command"].decode("utf-8", "replace") for entry in client.slowlog_get(20_000)]
    return sum(script(name).sha1 in command for command in sent if command.startswith("EVALSHA"))


def forget_commands(redis_url: str) -> None:
    with contextlib.closing(redis.Redis.from_url(redis_url)) as client:
        client.slowlog_reset()


def state(capsys: pytest.CaptureFixture[str], figure: str) -> None:
    """Tell people a figure that the test found."""
    with capsys.disabled():
        sys.stdout.write(f"\n{figure}\n")


WHOLE = completion("There you are.")
LENGTH = completion("There you", finish="length")


@pytest.mark.parametrize(
    ("said", "status"),
    [(WHOLE, 200), (LENGTH, 200), (OVERLOADED, 400)],
    ids=["whole", "length", "error"],
)
async def test_two_hundred_requests_at_once_are_one_upstream_call(
    said: dict[str, Any],
    status: int,
    servers: list[ProxyProcess],
    upstream: ScriptedUpstream,
    redis_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    prompt = f"Say {json.dumps(said)}"
    let_go = held(upstream, prompt, answer(said, status))
    before = len(upstream.requests)
    forget_commands(redis_url)

    async with clients_of(servers) as clients:
        asked = asyncio.create_task(ask_at_once(clients, prompt, REQUESTS))
        await looked_up(redis_url, REQUESTS)
        let_go.set()
        answers = await asked

    results = collections.Counter(reply.headers["x-cache"] for reply in answers)
    polls = commands(redis_url, "leases/poll")
    state(capsys, f"{len(answers)} requests, {SERVERS} processes: {polls} polls")
    assert len(upstream.requests) - before == 1
    assert {reply.status_code for reply in answers} == {status}
    assert len({reply.content for reply in answers}) == 1
    shared = {"MISS": 1, "COALESCED": REQUESTS - 1}
    assert results == (shared if status < 400 else {"ERROR": REQUESTS})
    # One poller in each of the other processes looks until the answer is there: once near the
    # expected time, then at growing pauses.
    assert polls <= (SERVERS - 1) * 8


async def test_streams_and_whole_answers_share_one_call(
    servers: list[ProxyProcess], upstream: ScriptedUpstream, redis_url: str
) -> None:
    prompt = "Streams and whole answers."
    let_go = held(upstream, prompt, answer(WHOLE))
    before = len(upstream.requests)
    forget_commands(redis_url)

    async with clients_of(servers) as clients:
        first = asyncio.create_task(ask_at_once(clients[:1], prompt, 1))
        await upstream_asked(upstream, before + 1)
        others = asyncio.create_task(ask_at_once(clients, prompt, 20, stream=True))
        await looked_up(redis_url, 1 + 20)
        let_go.set()
        streams = await others
        await first

    assert len(upstream.requests) - before == 1
    assert {reply.headers["x-cache"] for reply in streams} == {"COALESCED"}
    assert len({reply.content for reply in streams}) == 1
    assert streams[0].text.endswith("data: [DONE]\n\n")
    assert "There you are." in streams[0].text


async def test_an_upstream_failure_reaches_leader_and_followers(
    servers: list[ProxyProcess], upstream: ScriptedUpstream, redis_url: str
) -> None:
    prompt = "Break off, please."
    body = json.dumps(WHOLE).encode()
    broken: list[Step] = [
        head(200, {"content-type": "application/json", "content-length": str(len(body) * 2)}),
        Close(),
    ]
    let_go = held(upstream, prompt, broken)
    before = len(upstream.requests)
    forget_commands(redis_url)

    async with clients_of(servers) as clients:
        asked = asyncio.create_task(ask_at_once(clients, prompt, 40))
        await looked_up(redis_url, 40)
        let_go.set()
        answers = await asked

    assert {reply.status_code for reply in answers} == {502}
    assert len({reply.json()["error"]["message"] for reply in answers}) == 1
    tried = len(upstream.requests) - before
    assert tried <= 3  # the one who leads may try again; nobody else asks


async def test_a_leader_that_is_killed_is_followed_by_one_other(
    servers: list[ProxyProcess],
    upstream: ScriptedUpstream,
    redis_url: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    prompt = "Who leads when the leader dies?"
    first: Script = [Stall()]
    scripts = itertools.chain([first], itertools.repeat(slowly(answer(WHOLE), 1.0)))
    upstream.when(lambda _: next(scripts), prompt=prompt)  # the leader waits until it is killed
    before = len(upstream.requests)
    forget_commands(redis_url)

    lapsing = settings(redis_url, upstream) | {"LEASE_SECONDS": "4"}
    with proxy_process(tmp_path / "leader", **lapsing) as leader:
        async with clients_of([leader]) as [alone], clients_of(servers) as clients:
            led = asyncio.create_task(ask_at_once([alone], prompt, 1))
            await upstream_asked(upstream, before + 1)
            following = asyncio.create_task(ask_at_once(clients, prompt, REQUESTS - 1))
            await looked_up(redis_url, REQUESTS)
            leader.process.kill()
            with pytest.raises(httpx.TransportError):
                await led
            answers = await following

    polls = commands(redis_url, "leases/poll")
    state(capsys, f"{len(answers)} requests, the leader killed: {polls} polls")
    assert len(upstream.requests) - before == 2
    assert {reply.status_code for reply in answers} == {200}
    assert len({reply.content for reply in answers}) == 1
    assert [reply.headers["x-cache"] for reply in answers].count("MISS") == 1


async def test_the_counters_equal_what_was_sent(
    servers: list[ProxyProcess], upstream: ScriptedUpstream, redis_url: str
) -> None:
    prompt = "Count what is shared."
    let_go = held(upstream, prompt, answer(WHOLE))

    async with clients_of(servers) as clients:
        before = (await clients[0].get(f"{servers[0].url}/metrics")).json()
        forget_commands(redis_url)
        asked = asyncio.create_task(ask_at_once(clients, prompt, 40))
        await looked_up(redis_url, 40)
        let_go.set()
        await asked
        grown: dict[str, int] = {}
        async with asyncio.timeout(60):
            while sum(grown.values()) < 40:
                after = (await clients[0].get(f"{servers[0].url}/metrics")).json()
                was, now = before["cache_performance"], after["cache_performance"]
                grown = {name: now.get(name, 0) - was.get(name, 0) for name in SHARED}

    assert grown == {"misses": 1, "coalesced": 39}
