"""Batches of embeddings at once that share inputs: each is asked for once."""

import asyncio

from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.domain.requests.policy import Policy
from unit.pipeline.embeddings_harness import EmbeddingsHarness
from unit.pipeline.harness import let_tasks_run


async def test_batches_that_overlap_ask_for_what_they_share_once(
    harness: EmbeddingsHarness,
) -> None:
    gate = harness.embedding.gate
    gate.clear()
    one = asyncio.create_task(harness.begin_embedding(["a", "c"]))
    two = asyncio.create_task(harness.begin_embedding(["c", "d"]))
    three = asyncio.create_task(harness.begin_embedding(["c"]))
    await let_tasks_run()
    gate.set()
    answers = await asyncio.gather(one, two, three)
    await harness.proxy.drain()

    assert harness.embedding.asked == [["a", "c"], ["d"]]
    expected = [(one.outcome.result, one.outcome.reason, one.outcome.items) for one in answers]
    assert expected == [
        ("MISS", "not-found", (0, 2)),
        ("MISS", "partly-cached", (1, 2)),
        ("COALESCED", "coalesced", (1, 1)),
    ]
    assert answers[2].outcome.saved_tokens == 1
    assert harness.counts() == {
        "misses": 2,
        "coalesced": 1,
        "model:m:misses": 3,
        "model:m:prompt_used": 3,
        "model:m:hits": 2,
        "model:m:prompt_saved": 2,
    }


async def test_where_the_first_fails_those_that_waited_ask_themselves(
    harness: EmbeddingsHarness,
) -> None:
    gate = harness.embedding.gate
    gate.clear()
    harness.embedding.queue([UpstreamUnreachable("It broke off.", upstream="fake")])
    one = asyncio.create_task(harness.begin_embedding(["a"]))
    await let_tasks_run()
    two = asyncio.create_task(harness.begin_embedding(["a", "b"]))
    await let_tasks_run()
    gate.set()
    failed, answer = await asyncio.gather(one, two, return_exceptions=True)

    assert isinstance(failed, UpstreamUnreachable)
    assert not isinstance(answer, BaseException)
    assert answer.outcome.items == (0, 2)
    assert harness.embedding.asked == [["a"], ["b"], ["a"]]


async def test_after_a_clear_no_batch_waits_for_earlier_requests(
    harness: EmbeddingsHarness,
) -> None:
    gate = harness.embedding.gate
    gate.clear()
    one = asyncio.create_task(harness.begin_embedding(["a"]))
    await let_tasks_run()
    await harness.exact.cut("default", "all")
    two = asyncio.create_task(harness.begin_embedding(["a"]))
    await let_tasks_run()
    gate.set()
    answers = await asyncio.gather(one, two)

    assert [each.outcome.result for each in answers] == ["MISS", "MISS"]
    assert len(harness.embedding.calls) == 2


async def test_without_single_flight_everybody_asks() -> None:
    harness = EmbeddingsHarness(policy=Policy(coalesce=False))
    gate = harness.embedding.gate
    gate.clear()

    one = asyncio.create_task(harness.begin_embedding("a"))
    two = asyncio.create_task(harness.begin_embedding("a"))
    await let_tasks_run()
    gate.set()
    await asyncio.gather(one, two)

    assert len(harness.embedding.calls) == 2


async def test_who_is_cancelled_leaves_the_asking_to_those_that_waited(
    harness: EmbeddingsHarness,
) -> None:
    gate = harness.embedding.gate
    gate.clear()
    one = asyncio.create_task(harness.begin_embedding("a"))
    await let_tasks_run()
    two = asyncio.create_task(harness.begin_embedding("a"))
    await let_tasks_run()

    one.cancel()
    await let_tasks_run()
    gate.set()
    answer = await two
    await harness.proxy.drain()

    assert answer.outcome.result == "MISS"
    assert harness.counts()["error:client_left"] == 1
