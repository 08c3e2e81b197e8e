"""Facts about when labels are read, and what is made of what was read."""

import asyncio
import logging

import pytest

from llm_cache_proxy.domain.promise import Tally
from llm_cache_proxy.domain.promise.counters import FORGOTTEN
from llm_cache_proxy.pipeline.request.state import RequestState
from unit.pipeline.learning_harness import (
    ALWAYS,
    PARAPHRASE,
    READ_ONLY,
    HeldRead,
    explained,
    group,
    says,
    taught,
    teach,
)


async def test_labels_are_read_again_only_when_they_may_have_changed() -> None:
    harness = await taught()
    read = harness.exact.counter_reads

    await harness.ask("Something else entirely", headers=READ_ONLY)

    assert harness.exact.counter_reads == read


async def test_a_store_that_does_not_answer_leaves_the_plan_as_it_is() -> None:
    harness = await taught()
    harness.exact.time += 61
    harness.exact.failing.add("counters")

    await harness.ask("Something else entirely", headers=READ_ONLY)

    assert (await harness.ask(PARAPHRASE, headers=READ_ONLY)).outcome.reason == "learned"


async def test_labels_are_read_once_however_many_misses_find_the_plan_old() -> None:
    harness = await taught()
    learned, read = harness.pipeline.learning, harness.exact.counter_reads
    assert learned is not None
    harness.exact.time += 61

    await asyncio.gather(*(learned.refresh("default", RequestState()) for _ in range(3)))

    assert harness.exact.counter_reads == read + 1


async def test_a_refresh_that_is_cancelled_leaves_the_reading_to_the_next_miss() -> None:
    harness = await taught()
    learned, read = harness.pipeline.learning, harness.exact.counter_reads
    assert learned is not None
    harness.exact.time += 61
    harness.exact.held = held = HeldRead()
    refresh = asyncio.create_task(learned.refresh("default", RequestState()))
    await held.begun.wait()
    refresh.cancel()
    await asyncio.wait([refresh])

    await harness.ask("Something else entirely", headers=READ_ONLY)

    assert harness.exact.counter_reads == read + 2


async def test_what_was_read_before_a_check_does_not_replace_what_the_check_read() -> None:
    harness = await taught()
    learned = harness.pipeline.learning
    assert learned is not None
    harness.exact.time += 61
    harness.exact.held = held = HeldRead()
    early = asyncio.create_task(learned.refresh("default", RequestState()))
    await held.begun.wait()
    await teach(harness, accepted=Tally(1_000, 1_000, 400))
    harness.embedder.set_similarity("answer to What is Rust?", "reddish flakes of iron", 0.1)
    harness.chance = ALWAYS
    says(harness, "reddish flakes of iron")
    checked = await harness.ask(PARAPHRASE, headers=READ_ONLY)

    held.released.set()
    await early

    assert checked.outcome.reason == "learned"
    assert not learned.learned("default").part(group(harness)).plan.served


async def test_drift_forgets_what_was_learned(caplog: pytest.LogCaptureFixture) -> None:
    harness = await taught()
    await teach(harness, checks=Tally(500, 100, 30))

    with caplog.at_level(logging.WARNING):
        await harness.ask("Something else entirely", headers=READ_ONLY)
    answer = await harness.ask(PARAPHRASE, headers=READ_ONLY)

    assert answer.outcome.reason == "unproven"
    assert harness.exact.count_of(FORGOTTEN) == 1
    assert "forgotten" in caplog.text


async def test_drift_is_reported_once_however_many_requests_find_it() -> None:
    harness = await taught()
    await teach(harness, checks=Tally(500, 100, 30))
    learned, states = harness.pipeline.learning, [RequestState() for _ in range(3)]
    assert learned is not None

    await asyncio.gather(*(learned.refresh("default", state) for state in states))
    harness.exact.time += 61
    await learned.refresh("default", states[0])  # before the count was written

    assert sum(state.counts.pending.get(FORGOTTEN, 0) for state in states) == 1


async def test_to_look_at_drift_tells_nobody(caplog: pytest.LogCaptureFixture) -> None:
    harness = await taught()
    await teach(harness, checks=Tally(500, 100, 30))

    found = await explained(harness)

    assert (found["result"], found["reason"]) == ("MISS", "unproven")
    assert harness.exact.count_of(FORGOTTEN) == 0
    assert "forgotten" not in caplog.text
