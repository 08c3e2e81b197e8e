"""Facts about what is served by what labels have shown."""

import asyncio

import pytest

from llm_cache_proxy.domain.entries.pairs import barred_pair
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.domain.promise import Tally
from llm_cache_proxy.domain.promise.cells import LOWEST
from llm_cache_proxy.domain.promise.counters import FIXED, HITS
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.pipeline.request.state import RequestState
from unit.pipeline.learning_harness import (
    ALWAYS,
    PARAPHRASE,
    PARAPHRASE_CELL,
    PROMPT,
    READ_ONLY,
    SURE,
    LearningHarness,
    asked_elsewhere,
    labels,
    learning,
    taught,
    teach,
)


async def test_nothing_is_served_by_meaning_before_labels_show_that_it_may(
    harness: LearningHarness,
) -> None:
    await harness.ask(PROMPT)

    answer = await harness.ask(PARAPHRASE)

    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "unproven")


async def test_what_labels_have_shown_is_served_and_leaves_no_promotion() -> None:
    harness = await taught()

    answers = [await harness.ask(PARAPHRASE) for _ in range(2)]

    assert [each.x_cache for each in answers] == ["HIT-SEMANTIC"] * 2
    assert [each.outcome.reason for each in answers] == ["learned"] * 2


async def test_a_learned_hit_stands_counted_as_the_requests_result() -> None:
    harness, state = await taught(), RequestState()

    await harness.ask(PARAPHRASE, state=state)

    assert state.counts.result["semantic_hits"] == 1


async def test_a_threshold_goes_below_the_presets() -> None:
    harness = learning(0.88)
    await harness.ask(PROMPT)
    await teach(harness, lowest=0, accepted=SURE)
    await harness.ask(PARAPHRASE, headers=READ_ONLY)

    assert (await harness.ask(PARAPHRASE)).outcome.reason == "learned"


async def test_what_labels_may_prove_is_searched_below_the_threshold() -> None:
    harness = await taught()

    await harness.ask(PARAPHRASE)
    await harness.ask(PARAPHRASE, headers={"x-cache-threshold": "0.97"})

    assert harness.vectors.least_searched[-2:] == [LOWEST, 0.97]


async def test_a_client_may_ask_for_more_similarity() -> None:
    harness = await taught()

    answer = await harness.ask(PARAPHRASE, headers={"x-cache-threshold": "0.97"})

    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "below-threshold")


async def test_the_same_text_needs_no_label(harness: LearningHarness) -> None:
    await harness.ask(PROMPT)
    harness.exact.forget_entries()

    answer = await harness.ask(PROMPT)

    assert (answer.x_cache, answer.outcome.reason) == ("HIT-SEMANTIC", "similar")


async def test_what_was_promoted_before_is_judged_by_the_labels() -> None:
    harness = LearningHarness()
    harness.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    await harness.ask(PROMPT)
    await harness.ask(PARAPHRASE)
    learned = learning(exact=harness.exact, vectors=harness.vectors, embedder=harness.embedder)

    answer = await learned.ask(PARAPHRASE)

    assert answer.outcome.reason == "unproven"


async def test_what_is_not_proven_any_more_is_no_longer_served_though_it_was_before() -> None:
    harness = await taught()
    served = await harness.ask(PARAPHRASE)
    await teach(harness, accepted=Tally(1_000, 1_000, 400))
    await harness.ask("Something else entirely", headers=READ_ONLY)  # reads the labels

    answer = await harness.ask(PARAPHRASE)

    assert served.outcome.reason == "learned"
    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "unproven")


async def test_what_was_promoted_before_does_not_stand_in_for_the_upstream_either() -> None:
    policy = Policy(stale_if_error_seconds=600)
    harness = LearningHarness(policy=policy)
    harness.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    await harness.ask(PROMPT)
    await harness.ask(PARAPHRASE)
    learned = learning(
        exact=harness.exact, vectors=harness.vectors, embedder=harness.embedder, policy=policy
    )
    learned.upstream.unreachable = True

    with pytest.raises(UpstreamUnreachable):
        await learned.ask(PARAPHRASE)


async def test_whoever_waits_for_a_learned_hit_is_decided_and_checked_by_itself() -> None:
    harness = await taught()
    seen, labelled, _ = labels(harness, PARAPHRASE_CELL)
    harness.chance = ALWAYS

    answers = await asyncio.gather(*(harness.ask(PARAPHRASE) for _ in range(3)))

    assert {each.outcome.reason for each in answers} == {"learned"}
    assert harness.exact.count_of("semantic_hits") == harness.exact.count_of(HITS) == 3
    assert labels(harness, PARAPHRASE_CELL)[:2] == (seen + 3, labelled + 3)


async def test_a_threshold_that_samples_have_raised_is_no_part_of_what_labels_decide() -> None:
    harness = await taught()
    await harness.exact.set_threshold("default", 0.97, before=0.0)

    assert (await harness.ask(PARAPHRASE)).outcome.reason == "learned"


async def test_a_pair_that_feedback_has_barred_is_not_served_though_its_kind_is() -> None:
    harness = await taught()
    await harness.exact.bar("default", barred_pair(PROMPT, PARAPHRASE))

    assert (await harness.ask(PARAPHRASE)).outcome.reason == "feedback"


async def test_a_learned_hit_calls_the_store_as_often_as_any_other() -> None:
    fixed = LearningHarness()
    fixed.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    await fixed.ask(PROMPT)
    learned = await taught()
    fixed.exact.called.clear()
    learned.exact.called.clear()

    answers = [await harness.ask(PARAPHRASE) for harness in (fixed, learned)]

    assert [each.outcome.reason for each in answers] == ["similar", "learned"]
    assert learned.exact.called == fixed.exact.called == ["lookup", "promote"]


async def test_a_hit_asks_the_store_for_nothing_more() -> None:
    harness = await taught()
    await harness.ask(PARAPHRASE, headers=READ_ONLY)
    read = harness.exact.counter_reads
    harness.exact.time += 600

    await harness.ask(PARAPHRASE, headers=READ_ONLY)

    assert harness.exact.counter_reads == read
    assert labels(harness, PARAPHRASE_CELL)[0] >= 1_001


async def test_surroundings_with_labels_of_their_own_are_decided_by_them() -> None:
    harness = learning()
    await harness.ask(PROMPT)
    elsewhere, other = await asked_elsewhere(harness)
    await teach(harness, accepted=Tally(1_000, 1_000, 400))
    await teach(harness, among=other, accepted=SURE)
    await harness.ask("Something else entirely", headers=READ_ONLY)  # reads the labels

    answers = [await harness.ask(PARAPHRASE), await harness.ask(PARAPHRASE, **elsewhere)]

    assert [each.outcome.reason for each in answers] == ["unproven", "learned"]


async def test_surroundings_with_few_labels_share_those_of_the_others() -> None:
    harness = await taught()
    elsewhere, _ = await asked_elsewhere(harness)

    assert (await harness.ask(PARAPHRASE, **elsewhere)).outcome.reason == "learned"


async def test_hits_are_counted_beside_those_of_a_fixed_threshold() -> None:
    harness = await taught()
    fixed = harness.exact.count_of(FIXED)

    await harness.ask(PARAPHRASE, headers=READ_ONLY)

    assert harness.exact.count_of(HITS) == 1
    assert harness.exact.count_of(FIXED) == fixed + 1


async def test_an_entry_that_was_cleared_is_not_served(harness: LearningHarness) -> None:
    harness = await taught()
    await harness.exact.cut("default", "all")

    answer = await harness.ask(PARAPHRASE, headers=READ_ONLY)

    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "cleared")
