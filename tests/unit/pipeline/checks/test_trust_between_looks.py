"""Facts about how much is served on trust before labels are looked at again."""

import asyncio

import pytest

from llm_cache_proxy.domain.promise.counters import LABELS
from llm_cache_proxy.pipeline.request.state import RequestState
from unit.pipeline.learning_harness import (
    NEVER,
    PARAPHRASE,
    PROMPT,
    READ_ONLY,
    HeldRead,
    LearningHarness,
    learning,
    says,
    trusting,
)

SAME = "answer to What is Rust?"
ANOTHER = "reddish flakes of iron"


async def new_tenant(*, chance: float, frozen: bool = False) -> LearningHarness:
    harness = learning(0.97, frozen=frozen)
    harness.chance = chance
    harness.embedder.set_similarity(SAME, ANOTHER, 0.1)
    says(harness, SAME)
    await harness.ask(PROMPT)
    await trusting(harness)
    return harness


async def reasons(harness: LearningHarness, times: int, said: str = SAME) -> list[str | None]:
    """What near requests are answered by, one after the other; no time passes."""
    found: list[str | None] = []
    for _ in range(times):
        says(harness, said)
        found.append((await harness.ask(PARAPHRASE, headers=READ_ONLY)).outcome.reason)
    return found


async def test_hits_that_nobody_checks_are_served_on_trust_only_a_few_times() -> None:
    """As where all clients bring keys of their own, and all that they ask is near something."""
    harness = await new_tenant(chance=NEVER)

    found = await reasons(harness, 25)

    assert found == ["trusted"] * 20 + ["unproven"] * 5


async def test_labels_that_speak_for_it_bring_trust_back_at_the_next_look() -> None:
    harness = await new_tenant(chance=NEVER)
    await reasons(harness, 25)
    harness.exact.time += 61

    found = await reasons(harness, 2)

    assert found == ["unproven", "trusted"]


async def test_where_hits_are_checked_the_labels_are_read_in_time() -> None:
    """Ever more may be served between two looks, so that few are needed."""
    harness = await new_tenant(chance=0.5)
    read_before = harness.exact.counter_reads

    found = await reasons(harness, 100)

    assert found == ["trusted"] * 100
    assert harness.exact.count_of(f"{LABELS}explored") == 100
    assert harness.exact.counter_reads - read_before <= 6


async def test_labels_that_are_being_read_are_not_read_again_for_that() -> None:
    harness = await new_tenant(chance=NEVER)
    await reasons(harness, 10)
    learned, read_before = harness.pipeline.learning, harness.exact.counter_reads
    assert learned is not None
    harness.exact.time += 61
    harness.exact.held = held = HeldRead()
    early = asyncio.create_task(learned.refresh("default", RequestState()))
    await held.begun.wait()
    harness.chance = 0.5
    checked = await reasons(harness, 1)
    held.released.set()
    await early

    assert checked == ["trusted"]
    assert harness.exact.counter_reads - read_before == 1


@pytest.mark.parametrize(("frozen", "served"), [(False, "trusted"), (True, "explored")])
async def test_checks_that_differ_end_trust_without_a_minutes_delay(
    *, frozen: bool, served: str
) -> None:
    """Also where nothing runs behind an answer, and the upstream answers in the hit's place."""
    harness = await new_tenant(chance=0.25, frozen=frozen)

    found = await reasons(harness, 8, ANOTHER)

    assert found[0] == served
    assert found[-3:] == ["unproven"] * 3
