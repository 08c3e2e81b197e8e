"""Batches in two processes over one store: each input is asked for by one of them."""

import asyncio
from dataclasses import replace

import pytest

from fakes.exact import MemoryExact
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms
from unit.pipeline.embeddings_harness import EmbeddingsHarness

_LOOKS_SECONDS = 0.2
"""Several looks at the store fit in."""


class Processes:
    """`first` and `second` know each other by their store alone, and expect a quick upstream."""

    def __init__(self, terms: LeaseTerms | None = None) -> None:
        exact = MemoryExact()
        kept = terms or LeaseTerms(retry_seconds=0)
        self.first = EmbeddingsHarness(exact=exact, terms=kept)
        self.second = EmbeddingsHarness(exact=exact, terms=kept)
        self.exact = exact
        for process in (self.first, self.second):
            process.pipeline.embeddings.followed.pace.saw("m", 0.001)

    async def begun(self, *inputs: str) -> "asyncio.Task[Answer]":
        """A batch of the first, whose upstream does not answer yet."""
        self.first.embedding.gate.clear()
        task = asyncio.create_task(self.first.begin_embedding(list(inputs)))
        await _turns()
        assert self.first.embedding.calls
        return task

    async def drain(self) -> None:
        await self.first.proxy.drain()
        await self.second.proxy.drain()


async def _turns() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
def processes() -> Processes:
    return Processes()


async def test_what_another_process_asks_for_is_awaited(processes: Processes) -> None:
    one = await processes.begun("a", "b")
    two = asyncio.create_task(processes.second.begin_embedding(["b", "c", "a"]))
    three = asyncio.create_task(processes.second.begin_embedding(["a", "b"]))

    await asyncio.sleep(_LOOKS_SECONDS)
    processes.first.embedding.gate.set()
    answers = await asyncio.gather(one, two, three)
    await processes.drain()

    assert processes.first.embedding.asked == [["a", "b"]]
    assert processes.second.embedding.asked == [["c"]]
    outcomes = [(each.outcome.result, each.outcome.reason, each.outcome.items) for each in answers]
    assert outcomes == [
        ("MISS", "not-found", (0, 2)),
        ("MISS", "partly-cached", (2, 3)),
        ("COALESCED", "coalesced", (2, 2)),
    ]
    counts = processes.first.counts()
    assert (counts["misses"], counts["coalesced"]) == (2, 1)
    assert (counts["model:m:misses"], counts["model:m:hits"]) == (3, 4)
    assert "exact_hits" not in counts


async def test_where_the_other_process_fails_who_waited_asks(processes: Processes) -> None:
    processes.first.embedding.queue([UpstreamUnreachable("It broke off.", upstream="fake")])
    one = await processes.begun("a")
    two = asyncio.create_task(processes.second.begin_embedding(["a", "b"]))

    await asyncio.sleep(_LOOKS_SECONDS)
    processes.first.embedding.gate.set()
    failed, answer = await asyncio.gather(one, two, return_exceptions=True)

    assert isinstance(failed, UpstreamUnreachable)
    assert isinstance(answer, Answer)
    assert processes.second.embedding.asked == [["b"], ["a"]]


async def test_what_is_passed_on_unstored_is_asked_for_by_who_waited(processes: Processes) -> None:
    processes.first.embedding.queue([b'{"data": "of another shape"}'])
    one = await processes.begun("a")
    two = asyncio.create_task(processes.second.begin_embedding(["a"]))

    await asyncio.sleep(_LOOKS_SECONDS)
    processes.first.embedding.gate.set()
    await asyncio.gather(one, two)

    assert processes.second.embedding.asked == [["a"]]


async def test_who_waits_for_the_dead_asks_once_their_lease_has_lapsed(
    processes: Processes,
) -> None:
    one = await processes.begun("a")
    two = asyncio.create_task(processes.second.begin_embedding(["a"]))
    await asyncio.sleep(_LOOKS_SECONDS)
    waited = processes.second.embedding.asked

    processes.exact.time += 11
    answer = await two
    one.cancel()

    assert waited == []
    assert answer.outcome.result == "MISS"
    assert processes.second.embedding.asked == [["a"]]


async def test_a_batch_slower_than_a_lease_is_asked_for_once() -> None:
    processes = Processes(LeaseTerms(lease_seconds=0.3, retry_seconds=0))
    one = await processes.begun("a")
    two = asyncio.create_task(processes.second.begin_embedding(["a"]))

    for _ in range(4):
        await asyncio.sleep(0.15)
        processes.exact.time += 0.15
    processes.first.embedding.gate.set()
    answers = await asyncio.gather(one, two)

    assert [each.outcome.result for each in answers] == ["MISS", "COALESCED"]
    assert processes.second.embedding.asked == []


async def test_no_batch_waits_beyond_the_longest_wait() -> None:
    processes = Processes(LeaseTerms(wait_seconds=0.1, retry_seconds=0))
    one = await processes.begun("a")

    answer = await processes.second.begin_embedding(["a"])
    one.cancel()

    assert (answer.outcome.result, answer.outcome.reason) == ("MISS", "single-flight-timeout")


async def test_a_store_that_fails_meanwhile_ends_the_wait(processes: Processes) -> None:
    one = await processes.begun("a")
    two = asyncio.create_task(processes.second.begin_embedding(["a"]))
    await _turns()

    processes.exact.away = True
    answer = await two
    one.cancel()

    assert answer.outcome.result == "MISS"
    assert processes.second.embedding.asked == [["a"]]


async def test_after_a_clear_the_other_process_is_not_waited_for(processes: Processes) -> None:
    one = await processes.begun("a")
    await processes.exact.cut("default", "all")

    answer = await processes.second.begin_embedding(["a"])
    processes.first.embedding.gate.set()
    await one

    assert answer.outcome.result == "MISS"


@pytest.mark.parametrize("said", ["no-store", "no-cache", "only-if-cached"])
async def test_a_batch_that_is_not_stored_leads_no_other(processes: Processes, said: str) -> None:
    processes.first.embedding.gate.clear()
    control = {"cache-control": said}
    one = asyncio.create_task(processes.first.begin_embedding(["a"], headers=control))
    await _turns()

    answer = await processes.second.begin_embedding(["a"])
    processes.first.embedding.gate.set()
    await asyncio.gather(one, return_exceptions=True)

    assert answer.outcome.result == "MISS"
    assert processes.second.embedding.asked == [["a"]]


async def test_without_single_flight_no_process_waits(processes: Processes) -> None:
    one = await processes.begun("a")
    embeddings = processes.second.pipeline.embeddings
    alone = replace(embeddings, policy=replace(embeddings.policy, coalesce=False))
    processes.second.pipeline = replace(processes.second.pipeline, embeddings=alone)

    answer = await processes.second.begin_embedding(["a"])
    one.cancel()

    assert answer.outcome.result == "MISS"
