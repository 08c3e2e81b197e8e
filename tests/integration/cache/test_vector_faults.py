"""A Qdrant server that fails in any way costs a miss within the deadline, and no more."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine

import pytest

from llm_cache_proxy.adapters.vector_store.qdrant.payload import payload_of, point_id
from llm_cache_proxy.adapters.vector_store.qdrant.port import DEFAULT_COLLECTION
from llm_cache_proxy.adapters.vector_store.qdrant.server.store import QdrantVectors
from llm_cache_proxy.domain.errors import VectorStoreUnavailable
from llm_cache_proxy.ports.vector_store import Scope
from samples.stores.vector_stores import write_point
from samples.stores.vectors import NOW, SCOPE, at_cosine, entry, key
from servers.asgi import serving
from servers.qdrant.memory import Collection
from servers.qdrant.rest_server import QdrantRest

DEADLINE_SECONDS = 0.4
SLACK_SECONDS = 20.0  # for a machine that is busy with other tests

Operation = Callable[[QdrantVectors], Coroutine[None, None, object]]

SERVING: dict[str, Operation] = {
    "nearest": lambda store: store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5),
    "fetch": lambda store: store.fetch("acme", key("rust")),
    "store": lambda store: store.store(SCOPE, at_cosine(0.9), entry("rust")),
    "check": lambda store: store.check(),
}
ADMINISTERING: dict[str, Operation] = {
    "sweep": lambda store: store.sweep("acme", "all", 10),
    "purge": lambda store: store.purge(NOW),
    "count": lambda store: store.count_entries("acme"),
    "provision": lambda store: store.provision(),
}
EVERY = SERVING | ADMINISTERING


def connected(
    url: str, *, api_key: str | None = None, admin_timeout_seconds: float = DEADLINE_SECONDS
) -> QdrantVectors:
    return QdrantVectors(
        url,
        api_key=api_key,
        timeout_seconds=DEADLINE_SECONDS,
        admin_timeout_seconds=admin_timeout_seconds,
    )


async def fails_in_time(store: QdrantVectors, operation: Operation) -> str:
    """The failure's message; the first connection is made before the clock starts."""
    await store._connected()
    started = time.monotonic()
    with pytest.raises(VectorStoreUnavailable) as failure:
        await operation(store)
    assert time.monotonic() - started < DEADLINE_SECONDS + SLACK_SECONDS
    return str(failure.value)


@pytest.fixture
def server() -> QdrantRest:
    return QdrantRest()


@pytest.fixture
async def store(server: QdrantRest) -> AsyncIterator[QdrantVectors]:
    async with serving(server) as url:
        made = connected(url)
        yield made
        await made.aclose()


@pytest.mark.parametrize("operation", EVERY)
async def test_a_server_that_is_down_fails_at_once(operation: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    store = connected(f"http://127.0.0.1:{port}")

    message = await fails_in_time(store, EVERY[operation])

    assert "no answer from Qdrant" in message
    await store.aclose()


@pytest.mark.parametrize("operation", EVERY)
async def test_a_server_that_never_answers_fails_at_the_deadline(operation: str) -> None:
    # Connections are taken by the kernel and never looked at.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        store = connected(f"http://127.0.0.1:{listener.getsockname()[1]}")

        message = await fails_in_time(store, EVERY[operation])

        assert message == "Qdrant did not answer within 0.4 s"
        await store.aclose()


@pytest.mark.parametrize("operation", EVERY)
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"status":{"error":"Service internal error: disk"},"time":0.1}'),
        (503, b"<html>no backend</html>"),
        (404, b"<html>not found</html>"),
        (429, b'{"status":{"error":"rate limit"},"time":0}'),
        (200, b"\x00\xff garbage"),
        (200, b""),
        (200, b"[]"),
        (200, b'{"result":null,"status":"ok","time":0}'),
        (200, b'{"result":{"points":"many","count":"many","exists":[]},"status":"ok","time":0}'),
        (302, b""),
    ],
    ids=["500", "503", "404", "429", "bytes", "empty", "list", "null", "types", "redirect"],
)
async def test_a_senseless_answer_is_a_failure(
    server: QdrantRest, store: QdrantVectors, operation: str, status: int, body: bytes
) -> None:
    server.forced = (status, body)

    await fails_in_time(store, EVERY[operation])


async def test_a_server_that_recovers_is_used_again(
    server: QdrantRest, store: QdrantVectors
) -> None:
    await store.store(SCOPE, at_cosine(0.9), entry("rust"))

    server.delay_seconds = 5
    await fails_in_time(store, SERVING["nearest"])
    server.delay_seconds = 0
    server.forced = (500, b"{}")
    await fails_in_time(store, SERVING["nearest"])
    server.forced = None

    assert len(await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)) == 1


async def test_without_a_collection_nothing_is_found_and_nothing_is_made(
    server: QdrantRest, store: QdrantVectors
) -> None:
    assert await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5) == []
    assert await store.fetch("acme", key("rust")) is None
    assert await store.sweep("acme", "all", 10) == 0
    assert server.collections == {}


async def test_a_collection_that_is_dropped_is_made_anew_by_the_next_write(
    server: QdrantRest, store: QdrantVectors
) -> None:
    await store.store(SCOPE, at_cosine(0.9), entry("rust"))
    server.collections.clear()

    await store.store(SCOPE, at_cosine(0.9), entry("go"))

    found = await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)
    assert [candidate.text for candidate in found] == ["What is go?"]


async def test_the_collection_is_made_as_strict_mode_needs_it(
    server: QdrantRest, store: QdrantVectors
) -> None:
    await store.provision()

    made = server.collections[DEFAULT_COLLECTION]
    assert (made.size, made.distance) == (384, "Cosine")
    assert made.indexes == {
        "tenant": {"type": "keyword", "is_tenant": True},
        "fingerprint": {"type": "keyword"},
        "embedder": {"type": "keyword"},
        "selectors": {"type": "keyword"},
        "created_at": {"type": "integer"},
        "expires_at": {"type": "integer"},
        "purge_at": {"type": "integer"},
        "sequence": {"type": "integer"},
    }


async def test_processes_that_provision_at_once_do_not_disturb_each_other(
    server: QdrantRest,
) -> None:
    async with serving(server) as url:
        stores = [connected(url, admin_timeout_seconds=60) for _ in range(8)]

        await asyncio.gather(*(store.provision() for store in stores))

        assert len(server.collections[DEFAULT_COLLECTION].indexes) == 8
        for store in stores:
            await store.aclose()


async def test_a_provisioned_collection_costs_one_request_a_write(
    server: QdrantRest, store: QdrantVectors
) -> None:
    await store.provision()
    server.asked.clear()

    await store.store(SCOPE, at_cosine(0.9), entry("rust"))
    await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)

    points = f"/collections/{DEFAULT_COLLECTION}/points"
    assert server.asked == [f"PUT {points}", f"POST {points}/query"]


async def test_a_search_requests_no_stored_answer_and_no_vector(
    server: QdrantRest, store: QdrantVectors
) -> None:
    await store.store(SCOPE, at_cosine(0.9), entry("rust"))

    await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)

    assert not {"json", "sse", "usage_event"} & set(server.bodies[-1]["with_payload"])
    assert server.bodies[-1]["with_vector"] is False


async def test_missing_indexes_fail_in_strict_mode_until_the_next_write_makes_them(
    server: QdrantRest, store: QdrantVectors
) -> None:
    server.collections[DEFAULT_COLLECTION] = Collection(384, "Cosine", strict=True)
    for operation in ("sweep", "purge", "count"):
        assert "Index required" in await fails_in_time(store, ADMINISTERING[operation])
    assert "Index required" in await fails_in_time(store, SERVING["nearest"])

    await store.store(SCOPE, at_cosine(0.9), entry("rust"))

    assert len(await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)) == 1


async def test_a_collection_of_another_dimension_is_refused_and_left_alone(
    server: QdrantRest, store: QdrantVectors
) -> None:
    server.collections[DEFAULT_COLLECTION] = Collection(768, "Cosine", strict=False)

    assert "expected dim: 768, got 384" in await fails_in_time(store, SERVING["nearest"])
    assert "expected dim: 768, got 384" in await fails_in_time(store, SERVING["store"])
    refusal = await fails_in_time(store, ADMINISTERING["provision"])
    health = await fails_in_time(store, lambda store: store.check())

    assert health == refusal
    assert "768 dimensions by Cosine" in refusal
    assert "384" in refusal
    assert server.collections[DEFAULT_COLLECTION].indexes == {}


async def test_a_collection_of_another_distance_is_refused(
    server: QdrantRest, store: QdrantVectors
) -> None:
    server.collections[DEFAULT_COLLECTION] = Collection(384, "Euclid", strict=False)

    assert "by Euclid distance" in await fails_in_time(store, ADMINISTERING["provision"])


@pytest.mark.parametrize("given", [None, "wrong"])
async def test_a_refused_api_key_is_a_failure_that_does_not_show_the_key(
    server: QdrantRest, given: str | None
) -> None:
    server.api_key = "right-and-secret"
    async with serving(server) as url:
        store = connected(url, api_key=given)

        for operation in EVERY.values():
            assert "refused the API key" in await fails_in_time(store, operation)
        await store.aclose()


async def test_the_api_key_opens_the_server(server: QdrantRest) -> None:
    server.api_key = "right-and-secret"
    async with serving(server) as url:
        store = connected(url, api_key="right-and-secret")

        await store.store(SCOPE, at_cosine(0.9), entry("rust"))

        assert await store.fetch("acme", key("rust")) == entry("rust")
        await store.aclose()


async def test_a_malformed_point_that_may_not_be_removed_hides_no_other(
    server: QdrantRest,
) -> None:
    server.api_key, server.read_only_api_key = "writes", "reads"
    broken = payload_of(SCOPE, entry("broken")) | {"text": 7}
    async with serving(server) as url:
        writer, reader = connected(url, api_key="writes"), connected(url, api_key="reads")
        await writer.store(SCOPE, at_cosine(0.9), entry("sound"))
        await write_point(writer, point_id("acme", key("broken")), at_cosine(1.0), broken)

        found = await reader.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)

        assert [candidate.text for candidate in found] == ["What is sound?"]
        assert await writer.count_entries("acme") == 2
        with pytest.raises(VectorStoreUnavailable):
            await reader.store(SCOPE, at_cosine(0.9), entry("rust"))
        await writer.aclose()
        await reader.aclose()


async def test_a_server_that_ignores_filters_never_leaks_across_scopes(
    server: QdrantRest, store: QdrantVectors
) -> None:
    await store.provision()
    rival = Scope("rival", SCOPE.fingerprint, SCOPE.embedder_id)
    point = {"id": 1, "version": 1, "score": 1.0, "payload": payload_of(rival, entry("theirs"))}
    answer = {"result": {"points": [point]}, "status": "ok", "time": 0}
    server.forced = (200, json.dumps(answer).encode())

    assert await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5) == []


async def test_a_failures_message_quotes_nothing_that_was_stored(
    server: QdrantRest, store: QdrantVectors
) -> None:
    point = {"id": [], "version": 1, "score": "high", "payload": {"text": "a private question"}}
    answer = {"result": {"points": [point]}, "status": "ok", "time": 0}
    server.forced = (200, json.dumps(answer).encode())

    assert "private" not in await fails_in_time(store, SERVING["nearest"])


async def test_a_url_that_is_not_http_makes_the_store_unavailable() -> None:
    store = QdrantVectors("ftp://example.test")

    with pytest.raises(VectorStoreUnavailable):
        await store.check()

    await store.aclose()
