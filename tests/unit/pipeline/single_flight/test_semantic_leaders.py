"""A leader whose answer is another request's, by meaning or by another route."""

import asyncio
from collections.abc import Sequence

from fakes.embedder import FakeEmbedder
from llm_cache_proxy.ports.embedder import Embedding
from llm_cache_proxy.ports.exact_store.leases import Lease
from llm_cache_proxy.ports.upstream import Route
from unit.pipeline.harness import let_tasks_run
from unit.pipeline.in_flight import gated_harness, in_flight, other_instance


class GatedEmbedder(FakeEmbedder):
    """Answers when its gate is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        await self.gate.wait()
        return await super().embed(texts)


async def test_an_answer_from_another_route_reaches_those_who_wait() -> None:
    harness, upstream = gated_harness()
    elsewhere, theirs = other_instance(harness)
    for one in (upstream, theirs):
        one.route_list = [Route("first", "m"), Route("second", "m")]
        one.answering_route = Route("second", "m")
    leader = await in_flight(harness, upstream)
    followers = [asyncio.create_task(one.ask()) for one in (harness, elsewhere)]
    await let_tasks_run()

    upstream.gate.set()
    answer = [await task for task in (leader, *followers)]

    assert [one.x_cache for one in answer] == ["MISS", "COALESCED", "COALESCED"]
    assert len({one.body for one in answer}) == 1


async def test_a_leader_that_finds_a_semantic_match_shares_it_with_its_followers() -> None:
    harness, upstream = gated_harness()
    upstream.gate.set()
    harness.embedder.set_similarity("What is Rust?", "Tell me what Rust is", 0.94)
    await harness.ask("Tell me what Rust is")

    answer = await asyncio.gather(*(harness.ask() for _ in range(4)))

    assert [one.x_cache for one in answer].count("HIT-SEMANTIC") == 1
    assert [one.x_cache for one in answer].count("HIT-EXACT") == 3
    assert len(upstream.calls) == 1
    assert harness.exact.leases == {}


async def test_a_follower_in_another_process_gets_the_semantic_match() -> None:
    embedder = GatedEmbedder()
    embedder.set_similarity("What is Rust?", "Tell me what Rust is", 0.94)
    harness, upstream = gated_harness(embedder=embedder)
    upstream.gate.set()
    await harness.ask("Tell me what Rust is")
    elsewhere, theirs = other_instance(harness)
    embedder.gate.clear()
    leader, follower = asyncio.create_task(harness.ask()), asyncio.create_task(elsewhere.ask())
    await let_tasks_run()

    embedder.gate.set()

    assert (await leader).x_cache == "HIT-SEMANTIC"
    assert (await follower).x_cache == "HIT-EXACT"
    assert theirs.calls == []


async def test_mail_of_another_version_sends_a_follower_to_the_upstream() -> None:
    harness, upstream = gated_harness()
    elsewhere, theirs = other_instance(harness)
    theirs.gate.set()
    leader = await in_flight(harness, upstream)
    follower = asyncio.create_task(elsewhere.ask())
    await let_tasks_run()

    [((tenant, flight), token)] = harness.exact.leases.items()
    await harness.exact.publish(tenant, Lease(flight, token, led=True), '{"v": 0}', 15.0)

    assert (await follower).x_cache == "MISS"
    assert len(theirs.calls) == 1
    upstream.gate.set()
    await leader
