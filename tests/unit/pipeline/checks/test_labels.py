"""Facts about labels that cost nothing: where they come from, and what they are counted for."""

from llm_cache_proxy.domain.promise import Cell
from llm_cache_proxy.domain.promise.cells import BANDS
from llm_cache_proxy.domain.promise.counters import PREFIX
from llm_cache_proxy.domain.promise.evidence import owner_of
from unit.pipeline.learning_harness import (
    PARAPHRASE,
    PARAPHRASE_CELL,
    PROMPT,
    LearningHarness,
    asked_elsewhere,
    labels,
    learning,
    says,
)


async def test_a_miss_with_a_near_entry_is_a_label_at_no_cost(harness: LearningHarness) -> None:
    says(harness, "a language")
    await harness.ask(PROMPT)

    says(harness, "a language")
    await harness.ask(PARAPHRASE)

    assert labels(harness, PARAPHRASE_CELL) == (1, 1, 0)
    assert len(harness.upstream.calls) == 2


async def test_an_answer_that_clearly_differs_is_a_label_against(harness: LearningHarness) -> None:
    harness.embedder.set_similarity("a language by Mozilla", "reddish flakes of iron", 0.1)
    says(harness, "a language by Mozilla")
    await harness.ask(PROMPT)

    says(harness, "reddish flakes of iron")
    await harness.ask(PARAPHRASE)

    assert labels(harness, PARAPHRASE_CELL) == (1, 1, 1)


async def test_a_veto_is_labelled_by_its_rule() -> None:
    harness = learning()
    harness.embedder.set_similarity(PROMPT, "What is Ruby?", 0.985)
    await harness.ask(PROMPT)

    answer = await harness.ask("What is Ruby?")

    rule = answer.outcome.reason.removeprefix("guard:")
    labelled = [labels(harness, Cell(rule, band))[:2] for band in range(BANDS)]
    assert sum(seen for seen, _ in labelled) == sum(known for _, known in labelled) == 1


async def test_labels_are_counted_for_the_group_of_their_surroundings() -> None:
    harness = learning()
    await harness.ask(PROMPT)
    elsewhere, other = await asked_elsewhere(harness)

    await harness.ask(PARAPHRASE, **elsewhere)

    assert labels(harness, PARAPHRASE_CELL) == (0, 0, 0)
    assert harness.exact.count_of(f"{PREFIX}{owner_of(other, PARAPHRASE_CELL)}/l") == 1


async def test_only_the_nearest_entry_that_was_not_served_is_labelled(
    harness: LearningHarness,
) -> None:
    farther = "So what exactly is Rust?"
    harness.embedder.set_similarity(PARAPHRASE, farther, 0.9)
    await harness.ask(PROMPT)
    await harness.ask(PARAPHRASE)

    await harness.ask("Rust is what?")
    harness.embedder.set_similarity(PROMPT, "Tell me, what is Rust?", 0.94)
    await harness.ask("Tell me, what is Rust?")

    assert harness.exact.count_of("learn:labels:missed") == 2


async def test_a_comparison_that_was_not_made_is_no_label(harness: LearningHarness) -> None:
    await harness.ask(PROMPT)
    harness.embedder.away_for = {"other words"}

    says(harness, "other words")
    await harness.ask(PARAPHRASE)

    assert labels(harness, PARAPHRASE_CELL) == (1, 0, 0)
