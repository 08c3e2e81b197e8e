"""The connections to one Redis: kept, never shared by two commands, never with another's reply."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import redis

from llm_cache_proxy.adapters.exact_store.redis.client import RedisPyServer
from llm_cache_proxy.adapters.exact_store.redis.scripts import NoSuchScriptError
from llm_cache_proxy.domain.errors import ExactStoreUnavailable


@pytest.fixture
async def server(redis_url: str) -> AsyncIterator[RedisPyServer]:
    made = RedisPyServer(redis_url, timeout_seconds=30)
    yield made
    await made.aclose()


def connections(redis_url: str) -> int:
    """How many clients Redis has let in so far, this one included."""
    with redis.Redis.from_url(redis_url) as client:
        return int(client.info("stats")["total_connections_received"])


async def test_one_connection_serves_one_command_after_the_other(
    server: RedisPyServer, redis_url: str
) -> None:
    before = connections(redis_url)

    replies = [await server.command("ECHO", str(number)) for number in range(20)]

    assert replies == [str(number) for number in range(20)]
    assert connections(redis_url) - before == 2


async def test_commands_at_once_get_their_own_replies_over_no_more_than_a_hundred_connections(
    server: RedisPyServer, redis_url: str
) -> None:
    before = connections(redis_url)

    replies = await asyncio.gather(*(server.command("ECHO", str(n)) for n in range(250)))

    assert replies == [str(number) for number in range(250)]
    assert connections(redis_url) - before <= 101


async def test_what_is_refused_costs_no_connection(server: RedisPyServer, redis_url: str) -> None:
    before = connections(redis_url)

    for _ in range(3):
        with pytest.raises(NoSuchScriptError):
            await server.command("EVALSHA", "0" * 40, 0)

    assert connections(redis_url) - before == 2


async def test_a_late_reply_is_dropped(redis_url: str) -> None:
    server = RedisPyServer(redis_url, timeout_seconds=3)

    with pytest.raises(ExactStoreUnavailable):
        await server.command("BLPOP", "nothing", 30)
    given_up = asyncio.create_task(server.command("BLPOP", "nothing", 30))
    await asyncio.sleep(0.05)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    with redis.Redis.from_url(redis_url) as late:
        late.rpush("nothing", "too late", "later still")

    assert [await server.command("ECHO", "own") for _ in range(3)] == ["own"] * 3
    await server.aclose()


async def test_a_connection_that_redis_has_closed_is_replaced(
    server: RedisPyServer, redis_url: str
) -> None:
    await asyncio.gather(*(server.command("PING") for _ in range(3)))
    with redis.Redis.from_url(redis_url) as client:
        client.client_kill_filter(_type="normal", skipme=True)
    await asyncio.sleep(0.05)

    replies = await asyncio.gather(*(server.command("ECHO", "own") for _ in range(5)))

    assert replies == ["own"] * 5
