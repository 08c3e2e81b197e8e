"""Where work may go on after an answer, what a batch has asked for is stored behind its answer."""

import asyncio
import json

from fakes.embedding_upstream import embedding_answer, vector_of
from llm_cache_proxy.pipeline.support.unstored import MOST_UNSTORED, MOST_UNSTORED_BYTES
from unit.pipeline.embeddings_harness import EmbeddingsHarness, vectors_in
from unit.pipeline.harness import let_tasks_run
from unit.pipeline.held_exact import HeldExact


def a_bench(*, frozen: bool = False) -> tuple[EmbeddingsHarness, HeldExact]:
    exact = HeldExact()
    return EmbeddingsHarness(exact=exact, stores_behind=True, frozen=frozen), exact


async def test_a_batch_leaves_before_its_items_are_stored() -> None:
    harness, exact = a_bench()

    answer = await harness.begin_embedding(["a", "b"])

    assert (answer.outcome.result, exact.entries) == ("MISS", {})
    exact.gate.set()
    await harness.proxy.wait_for_background()
    assert len(exact.entries) == 2
    counts = harness.counts()
    assert (counts["misses"], counts["model:m:misses"]) == (1, 2)


async def test_a_batch_that_shares_an_input_waits_until_it_is_stored() -> None:
    harness, exact = a_bench()
    await harness.begin_embedding(["a", "b"])
    await let_tasks_run()

    other = asyncio.create_task(harness.embed(["c", "b"]))
    await let_tasks_run()
    waited = not other.done()
    exact.gate.set()
    answer = await other

    assert waited
    assert vectors_in(answer) == [vector_of("c"), vector_of("b")]
    assert harness.embedding.asked == [["a", "b"], ["c"]]


async def test_nobody_waits_for_another_tenants_or_for_other_inputs() -> None:
    harness, exact = a_bench()
    exact.gate.set()
    for tenant in ("default", "other"):
        await harness.embed(["a"], tenant=tenant)
    exact.gate.clear()
    await harness.begin_embedding(["b"])
    await let_tasks_run()

    hit = await harness.begin_embedding(["a"])
    others = await harness.begin_embedding(["a"], tenant="other")

    assert (hit.outcome.result, others.outcome.result) == ("HIT-EXACT", "HIT-EXACT")
    exact.gate.set()
    await harness.proxy.drain()


async def test_another_process_waits_for_the_write() -> None:
    harness, exact = a_bench()
    other = EmbeddingsHarness(exact=exact)
    other.pipeline.embeddings.followed.pace.saw("m", 0.001)
    await harness.begin_embedding(["a"])

    following = asyncio.create_task(other.begin_embedding(["a"]))
    await let_tasks_run()
    exact.gate.set()
    answer = await following
    await harness.proxy.drain()

    assert answer.outcome.result == "COALESCED"
    assert other.embedding.asked == []


async def test_a_write_that_fails_gives_its_leases_back_and_loses_no_counts() -> None:
    harness, exact = a_bench()
    exact.fault = OSError("the disk is gone")
    await harness.begin_embedding(["a", "b"])

    exact.gate.set()
    await harness.proxy.drain()

    exact.fault = None
    assert exact.entries == {}
    assert harness.counts()["model:m:misses"] == 2
    assert harness.counts()["error:exact"] == 1
    again = await EmbeddingsHarness(exact=exact).embed(["a"])
    assert (again.x_cache, again.outcome.reason) == ("MISS", "not-found")


async def test_a_clear_that_came_in_between_wins() -> None:
    harness, exact = a_bench()
    await harness.begin_embedding(["a"])
    await let_tasks_run()

    await exact.cut("default", "all")
    exact.gate.set()
    await harness.proxy.drain()

    assert exact.entries == {}


async def test_more_than_so_many_are_stored_before_they_are_sent() -> None:
    harness, exact = a_bench()
    for number in range(MOST_UNSTORED):
        await harness.begin_embedding([f"number {number}"])

    one_more = asyncio.create_task(harness.begin_embedding(["one more"]))
    await let_tasks_run()
    waited = not one_more.done()
    exact.gate.set()
    await one_more
    await harness.proxy.drain()

    assert waited
    assert len(exact.entries) == MOST_UNSTORED + 1


async def test_what_surrounds_the_vectors_counts_as_held_too() -> None:
    harness, exact = a_bench()
    answer = embedding_answer({"model": "m", "input": ["a"]}) | {"note": "x" * MOST_UNSTORED_BYTES}
    harness.embedding.queue([json.dumps(answer).encode()])

    asked = asyncio.create_task(harness.begin_embedding(["a"]))
    await let_tasks_run()
    waited = not asked.done()
    exact.gate.set()
    await asked

    assert waited
    assert len(exact.entries) == 1


async def test_a_search_does_not_wait_for_a_batch() -> None:
    harness, exact = a_bench()
    await harness.begin_embedding(["a"])
    await let_tasks_run()

    chat = asyncio.create_task(harness.begin("What is Rust?"))
    await let_tasks_run()
    waited = not chat.done()
    exact.gate.set()
    await chat
    await harness.proxy.drain()

    assert not waited


async def test_batches_take_no_place_from_answers_that_are_stored_behind() -> None:
    harness, exact = a_bench()
    for number in range(MOST_UNSTORED):
        await harness.begin_embedding([f"number {number}"])

    await harness.begin("What is Rust?")

    assert exact.entries == {}
    exact.gate.set()
    await harness.proxy.drain()
    assert len(exact.entries) == MOST_UNSTORED + 1


async def test_whoever_reads_what_is_stored_waits_for_batches_too() -> None:
    harness, exact = a_bench()
    await harness.begin_embedding(["a"])

    reader = asyncio.create_task(harness.proxy.all_stored())
    await let_tasks_run()
    waited = not reader.done()
    exact.gate.set()
    await reader

    assert waited
    assert len(exact.entries) == 1


async def test_where_nothing_runs_after_an_answer_its_items_are_stored_first() -> None:
    harness, exact = a_bench(frozen=True)

    asked = asyncio.create_task(harness.begin_embedding(["a"]))
    await let_tasks_run()
    waited = not asked.done()
    exact.gate.set()
    await asked

    assert waited
    assert len(exact.entries) == 1
