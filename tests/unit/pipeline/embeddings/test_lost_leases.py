"""Leases of items whose grant nobody has received: no other process waits for their end."""

import asyncio
from dataclasses import replace

import pytest

from fakes.exact import MemoryExact
from llm_cache_proxy.domain.client_keys.limits import Grant, KeyRecord
from llm_cache_proxy.domain.errors import LimitReached
from llm_cache_proxy.ports.exact_store.items import ItemsAnswered, ItemsFound, ItemsLookup
from unit.pipeline.embeddings_harness import EmbeddingsHarness

TENANT, KEY = "acme", "00000000000000aa"


class LateReplies(MemoryExact):
    """Does what it is asked; while `hangs`, its reply to a lookup does not come (`late`)."""

    def __init__(self, *, hangs: bool) -> None:
        super().__init__()
        self.hangs = hangs
        self.late = asyncio.Event()

    async def lookup_items(self, query: ItemsLookup) -> ItemsAnswered:
        answer = await super().lookup_items(query)
        if self.hangs:
            self.late.set()
            await asyncio.Event().wait()
        return answer


class Uncounted(MemoryExact):
    """Leases what is missing, and cannot count what a key uses."""

    async def lookup_items(self, query: ItemsLookup) -> ItemsAnswered:
        answer = await super().lookup_items(query)
        assert isinstance(answer, ItemsFound)
        return replace(answer, grant=Grant(counted=False))


async def _left(harness: EmbeddingsHarness, late: asyncio.Event) -> None:
    """A client asks, and leaves while the store's reply is late."""
    asking = asyncio.create_task(harness.begin_embedding(["a", "b"]))
    await late.wait()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await harness.proxy.drain()


async def _turns() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_who_leaves_during_the_lookup_leaves_no_lease() -> None:
    exact = LateReplies(hangs=True)

    await _left(EmbeddingsHarness(exact=exact), exact.late)

    assert exact.leases == {}


async def test_who_leaves_while_looking_again_leaves_no_lease() -> None:
    exact = LateReplies(hangs=False)
    other, harness = EmbeddingsHarness(exact=exact), EmbeddingsHarness(exact=exact)
    harness.pipeline.embeddings.followed.pace.saw("m", 0.001)
    other.embedding.gate.clear()
    leading = asyncio.create_task(other.begin_embedding(["a", "b"]))
    await _turns()
    asking = asyncio.create_task(_left(harness, exact.late))
    await _turns()

    exact.hangs = True
    exact.time += 11
    await asking

    leading.cancel()
    assert exact.leases == {}


async def test_a_key_that_is_refused_once_it_has_leased_leaves_no_lease() -> None:
    exact = Uncounted()
    harness = EmbeddingsHarness(exact=exact, unchecked_per_minute=1)
    await exact.write_key(TENANT, KEY, KeyRecord(name="k", created_at=1))
    await harness.embed("a", tenant=TENANT, key_id=KEY)

    with pytest.raises(LimitReached):
        await harness.embed("b", tenant=TENANT, key_id=KEY)
    await harness.proxy.drain()

    assert exact.leases == {}
