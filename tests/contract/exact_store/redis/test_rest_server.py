"""The REST gateway speaks Upstash's protocol as upstash-redis and its documentation know it."""

import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest
from upstash_redis.asyncio import Redis

from servers.asgi import serving
from servers.redis.rest_server import RedisRest

TOKEN = "rest-token"


@pytest.fixture
async def url(redis_url: str) -> AsyncIterator[str]:
    gateway = RedisRest(redis_url, TOKEN)
    async with serving(gateway.app()) as made:
        yield made
    await gateway.aclose()


@pytest.fixture
async def http(url: str) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as made:
        yield made


async def test_the_official_client_reads_what_it_wrote(url: str) -> None:
    async with Redis(url, TOKEN, rest_retries=0, allow_telemetry=False) as client:
        assert await client.set("greeting", "grüß ☕")
        assert await client.get("greeting") == "grüß ☕"
        assert await client.get("nothing") is None
        assert await client.hset("hash", values={"a": "1", "b": "2"}) in {0, 2}
        assert await client.hgetall("hash") == {"a": "1", "b": "2"}

        pipeline = client.pipeline()
        pipeline.set("n", "5")
        pipeline.incr("n")
        assert await pipeline.exec() == [True, 6]

        transaction = client.multi()
        transaction.incr("n")
        transaction.get("n")
        assert await transaction.exec() == [7, "7"]


async def test_strings_are_base64_only_where_asked(http: httpx.AsyncClient) -> None:
    await http.post("/", json=["SET", "k", "OK?"])

    plain = await http.post("/", json=["GET", "k"])
    encoded = await http.post("/", json=["GET", "k"], headers={"upstash-encoding": "base64"})
    ok = await http.post("/", json=["SET", "k", 1], headers={"upstash-encoding": "base64"})

    assert plain.json() == {"result": "OK?"}
    assert encoded.json() == {"result": "T0s/"}
    assert ok.json() == {"result": "OK"}


async def test_an_error_is_reported_with_its_code(http: httpx.AsyncClient) -> None:
    unknown = await http.post("/", json=["NOSUCH"])
    unloaded = await http.post("/", json=["EVALSHA", "0" * 40, 0])
    no_command = await http.post("/", json={"set": "k"})
    no_json = await http.post("/", content=b"[")

    assert (unknown.status_code, unknown.json()["error"][:19]) == (400, "ERR unknown command")
    assert unloaded.json()["error"].startswith("NOSCRIPT ")
    assert (no_command.status_code, no_json.status_code) == (400, 400)


async def test_an_error_in_a_pipeline_leaves_the_others(http: httpx.AsyncClient) -> None:
    reply = await http.post("/pipeline", json=[["SET", "k", "1"], ["NOSUCH"], ["INCR", "k"]])

    first, second, third = reply.json()
    assert (first, third) == ({"result": "OK"}, {"result": 2})
    assert "unknown command" in second["error"]


async def test_an_error_in_a_transaction_refuses_it_all(http: httpx.AsyncClient) -> None:
    await http.post("/", json=["SET", "k", "1"])

    reply = await http.post("/multi-exec", json=[["INCR", "k"], ["NOSUCH"]])

    assert reply.status_code == 400
    assert (await http.post("/", json=["GET", "k"])).json() == {"result": "1"}


async def test_the_token_is_required(http: httpx.AsyncClient) -> None:
    for given in ("", "Bearer", "Bearer x", f"Basic {TOKEN}", TOKEN):
        reply = await http.post("/", json=["GET", "k"], headers={"authorization": given})

        assert (reply.status_code, reply.json()) == (401, {"error": "Unauthorized"})


async def test_a_script_with_key_locking_runs_by_its_own_digest(http: httpx.AsyncClient) -> None:
    text = "#!lua flags=allow-key-locking\nreturn redis.sha1hex('x')"
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    first = await http.post("/", json=["EVAL", text, 0])
    again = await http.post("/", json=["EVALSHA", digest, 0])

    assert first.json() == again.json()
    assert "result" in first.json()
