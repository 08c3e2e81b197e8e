"""Redis and Upstash away, silent, refusing or answering rubbish: one error, in time, no secret."""

import asyncio
import contextlib
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing

import pytest
import redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from llm_cache_proxy.adapters.exact_store.redis.client import redis_exact_store
from llm_cache_proxy.adapters.exact_store.redis.store import RedisExactStore
from llm_cache_proxy.adapters.exact_store.redis.upstash import upstash_exact_store
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.items import ItemsLookup
from llm_cache_proxy.ports.exact_store.store import Commit, Hit
from samples.stores.exact_entries import TENANT, alias, asking, entry
from servers.asgi import serving
from servers.redis.process import redis_process
from servers.redis.rest_server import RedisRest
from servers.waiting import kept_port

SECRET = "s3cr3t-w0rd"
OPERATIONS: dict[str, Callable[[RedisExactStore], Awaitable[object]]] = {
    "lookup": lambda store: store.lookup(asking()),
    "promote": lambda store: store.promote(TENANT, alias(), asking()),
    "commit": lambda store: store.commit(Commit(TENANT, entry())),
    "lookup_items": lambda store: store.lookup_items(ItemsLookup(TENANT, ["key"])),
    "commit_items": lambda store: store.commit_items(TENANT, [entry()], {}),
    "record": lambda store: store.record(TENANT, {"misses": 1}),
    "tenants": lambda store: store.tenants(),
    "cut": lambda store: store.cut(TENANT, "all"),
    "sweep": lambda store: store.sweep(TENANT, "all"),
    "count_entries": lambda store: store.count_entries(TENANT),
    "counters": lambda store: store.counters(TENANT),
    "check": lambda store: store.check(),
    "cut_before": lambda store: store.cut_before(TENANT, 1),
    "sweep_before": lambda store: store.sweep_before(TENANT),
    "page": lambda store: store.page(TENANT, None, 10),
    "read": lambda store: store.read(TENANT, "key"),
    "recent": lambda store: store.recent(TENANT, 0, 10),
    "bar": lambda store: store.bar(TENANT, "pair"),
    "unbar": lambda store: store.unbar(TENANT, "pair"),
    "verdicts": lambda store: store.verdicts(TENANT, ["pair"]),
    "sampled": lambda store: store.sampled(TENANT, wrong=True),
    "standing": lambda store: store.standing(TENANT),
    "set_threshold": lambda store: store.set_threshold(TENANT, 0.9, before=0.0),
}
PLAUSIBLE = {
    b'{"result": 77}': {
        "cut",
        "record",
        "cut_before",
        "bar",
        "unbar",
        "set_threshold",
        "commit_items",
    },
    b'{"result": []}': {"tenants", "counters", "read", "recent"},
    b'{"result": null}': {"read"},
    b'{"result": ["aGl0", 1]}': {"read"},
}
"""Answers that are none of ours, and still could be."""
every_operation = pytest.mark.parametrize("operation", OPERATIONS)


@pytest.fixture(scope="module")
def locked_redis() -> Iterator[str]:
    """A Redis with a password; its address without one."""
    with redis_process("--requirepass", SECRET) as url:
        yield url.removeprefix("redis://")


def over_redis(address: str, timeout_seconds: float = 5) -> RedisExactStore:
    return redis_exact_store(f"redis://:{SECRET}@{address}", timeout_seconds=timeout_seconds)


def over_rest(url: str, timeout_seconds: float = 5) -> RedisExactStore:
    return upstash_exact_store(url, SECRET, timeout_seconds=timeout_seconds)


async def refused(store: RedisExactStore, operation: str = "lookup") -> str:
    """What the failure says; neither it nor its cause names the secret."""
    try:
        with pytest.raises(ExactStoreUnavailable) as caught:
            await OPERATIONS[operation](store)
    finally:
        await store.aclose()
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


@asynccontextmanager
async def answering(reply: bytes | None) -> AsyncIterator[str]:
    """A server that answers whatever comes with `reply`, or never; its address."""
    serving_now: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):  # the client left, as it should
            while await reader.read(65_536):
                if reply is not None:
                    writer.write(reply)
                    await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving_now.add(asyncio.create_task(serve(reader, writer)))

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await asyncio.gather(*serving_now)


def replying(content: bytes, status: int = 200) -> Starlette:
    async def reply(_: Request) -> Response:
        return Response(content, status, media_type="application/json")

    return Starlette(routes=[Route("/{path:path}", reply, methods=["POST"])])


@every_operation
async def test_no_server_at_the_address_is_an_unavailable_store(operation: str) -> None:
    with kept_port() as port:
        await refused(over_redis(f"127.0.0.1:{port}"), operation)
        await refused(over_rest(f"http://127.0.0.1:{port}"), operation)


@pytest.mark.parametrize("make", [over_redis, over_rest])
async def test_a_server_that_never_answers_is_left_in_time(
    make: Callable[[str, float], RedisExactStore],
) -> None:
    async with answering(None) as address:
        scheme = "http://" if make is over_rest else ""
        store = make(f"{scheme}{address}", 0.2)
        started = time.monotonic()

        said = await refused(store)

        assert time.monotonic() - started < 20
        assert "Timeout" in said


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00\xff\xfe",
        b":7x\r\n",
        b"*-2\r\n" * 20,
        b"$5\r\nrub\xff\xfe\r\n" * 20,
        b"+what\r\n" * 20,
        b":77\r\n" * 20,
        b"*0\r\n" * 20,
        b"$-1\r\n" * 20,
        b"*2\r\n+hit\r\n:1\r\n" * 20,
        b"-ERR unknown command 'EVALSHA'\r\n" * 20,
        b"-MISCONF no writes today\r\n" * 20,
    ],
)
async def test_rubbish_from_redis_is_an_unavailable_store(reply: bytes) -> None:
    async with answering(reply) as address:
        for operation in OPERATIONS:
            await refused(over_redis(address, 0.1), operation)


@pytest.mark.parametrize(
    "content",
    [
        b"<html>502 Bad Gateway</html>",
        b"",
        b"[]",
        b"{}",
        b"5",
        b"null",
        b'{"result": null}',
        b'{"result": 77}',
        b'{"result": []}',
        b'{"result": {"a": 1}}',
        b'{"result": 1.5}',
        b'{"result": "no base64!"}',
        b'{"result": ["aGl0", 1]}',
        b'{"error": "ERR max daily request limit exceeded"}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
async def test_rubbish_from_upstash_is_an_unavailable_store(content: bytes) -> None:
    async with serving(replying(content)) as url:
        for operation in OPERATIONS:
            if content not in PLAUSIBLE or operation not in PLAUSIBLE[content]:
                await refused(over_rest(url), operation)


@pytest.mark.parametrize("status", [302, 401, 429, 500, 503])
async def test_an_error_page_from_upstash_is_an_unavailable_store(status: int) -> None:
    async with serving(replying(b"no", status)) as url:
        await refused(over_rest(url))


@every_operation
async def test_a_redis_that_wants_a_password_is_an_unavailable_store(
    operation: str, locked_redis: str
) -> None:
    await refused(redis_exact_store(f"redis://{locked_redis}", timeout_seconds=5), operation)
    await refused(
        redis_exact_store(f"redis://:{SECRET}x@{locked_redis}", timeout_seconds=5), operation
    )


async def test_the_right_password_opens_it(locked_redis: str) -> None:
    store = over_redis(locked_redis)

    await store.check()

    await store.aclose()


@every_operation
async def test_a_wrong_token_is_an_unavailable_store(operation: str, redis_url: str) -> None:
    gateway = RedisRest(redis_url, "another")
    async with serving(gateway.app()) as url:
        await refused(over_rest(url), operation)


async def test_a_gateway_whose_redis_is_gone_is_an_unavailable_store() -> None:
    with kept_port() as port:
        gateway = RedisRest(f"redis://127.0.0.1:{port}", SECRET)
        async with serving(gateway.app()) as url:
            await refused(over_rest(url))


async def test_a_gateway_that_knows_no_key_locking_serves_all_the_same(redis_url: str) -> None:
    gateway = RedisRest(redis_url, SECRET, accepts_key_locking=False)
    async with serving(gateway.app()) as url:
        store = over_rest(url)

        await store.commit(Commit(TENANT, entry()))
        found = await store.lookup(asking())

        await store.aclose()
    await gateway.aclose()
    assert isinstance(found, Hit)


@pytest.mark.parametrize("kind", ["redis", "rest"])
async def test_a_call_that_was_left_never_answers_a_later_one(kind: str, redis_url: str) -> None:
    gateway = RedisRest(redis_url, SECRET)
    async with serving(gateway.app()) as url:
        store = (
            redis_exact_store(redis_url, timeout_seconds=5) if kind == "redis" else over_rest(url)
        )
        for key in "ab":
            await store.commit(Commit(TENANT, entry(key)))

        for delay in (0, 0.0002, 0.0005, 0.001, 0.002) * 20:
            with_a = asyncio.create_task(store.lookup(asking("a")))
            await asyncio.sleep(delay)
            with_a.cancel()
            found = await store.lookup(asking("b"))
            assert isinstance(found, Hit)
            assert found.entry_id == "id-b"

        await store.aclose()
    await gateway.aclose()


async def test_a_connection_that_was_cut_is_opened_again(redis_url: str) -> None:
    store = redis_exact_store(redis_url, timeout_seconds=5)
    await store.commit(Commit(TENANT, entry()))
    with closing(redis.Redis.from_url(redis_url)) as beside:
        beside.client_kill_filter(_type="normal", skipme=True)

    with contextlib.suppress(ExactStoreUnavailable):  # one call may notice; no second one does
        await store.lookup(asking())
    found = await store.lookup(asking())

    await store.aclose()
    assert isinstance(found, Hit)
