"""Facts about exact hits that are asked again, to know how often the judge errs."""

from typing import Any

import pytest

from unit.pipeline.learning_harness import (
    ALWAYS,
    PROMPT,
    UNWILLING,
    LearningHarness,
    learning,
    prepared,
    says,
)


async def test_some_exact_hits_are_asked_again_to_know_the_judges_error(
    harness: LearningHarness,
) -> None:
    harness.embedder.set_similarity("a language by Mozilla", "reddish flakes of iron", 0.1)
    says(harness, "a language by Mozilla")
    await harness.ask(PROMPT)
    harness.chance = ALWAYS

    says(harness, "a language by Mozilla")
    answer = await harness.ask(PROMPT)
    says(harness, "reddish flakes of iron")
    await harness.ask(PROMPT)

    assert (answer.x_cache, answer.outcome.reason) == ("HIT-EXACT", "identical")
    assert harness.exact.count_of("learn:control/l") == 2
    assert harness.exact.count_of("learn:control/d") == 1


@pytest.mark.parametrize("client", UNWILLING.values(), ids=UNWILLING)
async def test_no_exact_hit_of_such_a_client_is_a_control(
    harness: LearningHarness, client: dict[str, Any]
) -> None:
    await harness.ask(PROMPT)
    await prepared(harness, client)
    calls = len(harness.upstream.calls)
    harness.chance = ALWAYS

    answer = await harness.ask(PROMPT, **client)

    assert (answer.x_cache, answer.outcome.reason) == ("HIT-EXACT", "identical")
    assert len(harness.upstream.calls) == calls


async def test_a_control_without_an_answer_or_an_entry_proves_nothing(
    harness: LearningHarness,
) -> None:
    await harness.ask(PROMPT)
    harness.chance = ALWAYS
    harness.upstream.unreachable = True
    await harness.ask(PROMPT)
    harness.upstream.unreachable = False
    harness.vectors.away = True
    await harness.ask(PROMPT)
    harness.vectors.away = False
    harness.embedder.away_for = {"other words"}
    says(harness, "other words")
    await harness.ask(PROMPT)

    assert harness.exact.count_of("learn:control/l") == 0


async def test_where_nothing_runs_after_an_answer_no_control_is_taken() -> None:
    harness = learning(frozen=True)
    await harness.ask(PROMPT)
    harness.chance = ALWAYS

    await harness.ask(PROMPT)

    assert len(harness.upstream.calls) == 1


async def test_most_exact_hits_are_not_asked_again(harness: LearningHarness) -> None:
    await harness.ask(PROMPT)

    assert (await harness.ask(PROMPT)).outcome.reason == "identical"

    await harness.proxy.drain()
    assert len(harness.upstream.calls) == 1


async def test_a_hit_in_another_spelling_is_no_control(harness: LearningHarness) -> None:
    await harness.ask(PROMPT)
    harness.chance = ALWAYS

    answer = await harness.ask("what is RUST?")

    assert (answer.x_cache, answer.outcome.reason) == ("HIT-EXACT", "normalised")
    assert len(harness.upstream.calls) == 1
