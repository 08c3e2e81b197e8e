"""Who has leased an item asks for it, whoever of the same process waits for it already."""

import asyncio
from dataclasses import replace

from fakes.exact import MemoryExact
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms
from llm_cache_proxy.ports.exact_store.items import ItemsAnswered, ItemsFound, ItemsLookup
from servers.waiting import happening
from unit.pipeline.embeddings_harness import EmbeddingsHarness
from unit.pipeline.harness import let_tasks_run

_MOST_SECONDS = 2.0
"""What waits for itself waits so long, and then asks once more."""
_LOOKS_SECONDS = 0.2
"""Several looks at the store fit in."""


class SlowWhereMany(MemoryExact):
    """Its reply about several items takes longer on its way than that about one."""

    async def lookup_items(self, query: ItemsLookup) -> ItemsAnswered:
        answer = await super().lookup_items(query)
        if len(query.keys) > 1:
            await asyncio.sleep(0.05)
        return answer


class Groups(MemoryExact):
    """Each item is in a group of its own, which is asked after the one before it."""

    async def lookup_items(self, query: ItemsLookup) -> ItemsAnswered:
        found = ItemsFound({}, 0, 0)
        for key in query.keys:
            one = await super().lookup_items(replace(query, keys=[key], whole=False))
            assert isinstance(one, ItemsFound)
            hits, followed = {**found.hits, **one.hits}, found.followed | one.followed
            found = replace(one, hits=hits, followed=followed)
            await asyncio.sleep(0)
        return found


def process(exact: MemoryExact) -> EmbeddingsHarness:
    """One that expects a quick upstream."""
    terms = LeaseTerms(wait_seconds=_MOST_SECONDS, retry_seconds=0)
    made = EmbeddingsHarness(exact=exact, terms=terms)
    made.pipeline.embeddings.followed.pace.saw("m", 0.001)
    return made


async def test_an_item_is_asked_for_once_where_the_reply_to_who_leased_it_is_late() -> None:
    harness = process(SlowWhereMany())
    await harness.embed("stored")

    leading = asyncio.create_task(harness.begin_embedding(["stored", "b"]))
    await asyncio.sleep(0)
    following = [asyncio.create_task(harness.begin_embedding(["b"])) for _ in range(2)]
    answers = await asyncio.gather(leading, *following)
    await harness.proxy.drain()

    assert harness.embedding.asked == ["stored", ["b"]]
    assert [each.outcome.reason for each in answers] == ["partly-cached", "coalesced", "coalesced"]


async def test_two_that_lease_half_of_each_others_batch_ask_for_each_half_once() -> None:
    harness = process(Groups())

    one = asyncio.create_task(harness.begin_embedding(["a", "b"]))
    two = asyncio.create_task(harness.begin_embedding(["b", "a"]))
    answers = await asyncio.gather(one, two)
    await harness.proxy.drain()

    assert sorted(harness.embedding.asked) == [["a"], ["b"]]
    assert [each.outcome.items for each in answers] == [(1, 2), (1, 2)]


async def test_what_is_leased_meanwhile_is_asked_for_before_anything_is_awaited() -> None:
    exact = MemoryExact()
    dead, harness = process(exact), process(exact)
    dead.embedding.gate.clear()
    harness.embedding.gate.clear()
    lost = asyncio.create_task(dead.begin_embedding(["b"]))
    first = asyncio.create_task(harness.begin_embedding(["a"]))
    await let_tasks_run()
    second = asyncio.create_task(harness.begin_embedding(["a", "b"]))
    await asyncio.sleep(_LOOKS_SECONDS)
    before = list(harness.embedding.asked)

    exact.time += 11
    await happening(lambda: len(harness.embedding.asked) >= 2)
    after = list(harness.embedding.asked)
    harness.embedding.gate.set()
    await asyncio.gather(first, second)
    lost.cancel()

    assert (before, after) == ([["a"]], [["a"], ["b"]])


async def test_what_has_come_is_shared_before_the_rest_of_its_batch_is_there() -> None:
    exact = MemoryExact()
    other, harness = process(exact), process(exact)
    other.embedding.gate.clear()
    harness.embedding.gate.clear()
    slow = asyncio.create_task(other.begin_embedding(["b"]))
    await let_tasks_run()
    both = asyncio.create_task(harness.begin_embedding(["a", "b"]))
    alone = asyncio.create_task(harness.begin_embedding(["a"]))
    await let_tasks_run()

    harness.embedding.gate.set()
    answer = await alone
    was_waiting = not both.done()
    other.embedding.gate.set()
    await asyncio.gather(slow, both)

    assert answer.outcome.reason == "coalesced"
    assert was_waiting
    assert harness.embedding.asked == [["a"]]
