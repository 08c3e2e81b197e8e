"""Facts about learned thresholds: what is served, what is explored, and where labels come from."""

import asyncio
import json
import logging
from typing import Any

import pytest

from fakes.upstream import completion
from llm_cache_proxy.administration import Explanation
from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.domain.entries.pairs import barred_pair
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.domain.promise import Cell, Tally
from llm_cache_proxy.domain.promise.cells import BANDS
from llm_cache_proxy.domain.promise.counters import FIXED, FORGOTTEN, HITS, PREFIX, SPENT
from llm_cache_proxy.domain.promise.evidence import GROUPS, owner_of
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.pipeline.request.state import RequestState
from unit.pipeline.learning_harness import (
    ALWAYS,
    PARAPHRASE,
    PARAPHRASE_CELL,
    PROMPT,
    READ_ONLY,
    SURE,
    UNWILLING,
    HeldRead,
    LearningHarness,
    asked_elsewhere,
    group,
    learning,
    owner,
    prepared,
    taught,
    teach,
)


@pytest.fixture
def harness() -> LearningHarness:
    return learning()


def says(harness: LearningHarness, text: str) -> None:
    harness.upstream.queue([json.dumps(completion(text)).encode()])


def labels(harness: LearningHarness, cell: Cell) -> tuple[int, int, int]:
    seen, labelled, differing = (
        harness.exact.count_of(f"{PREFIX}{owner(harness, cell)}/{part}") for part in ("s", "l", "d")
    )
    return seen, labelled, differing


async def explained(harness: LearningHarness) -> Any:
    fields = Fields({"prompt": PARAPHRASE, "model": "m"})
    return await Explanation(harness.pipeline).explain(fields)


async def test_nothing_is_served_by_meaning_before_labels_show_that_it_may(
    harness: LearningHarness,
) -> None:
    await harness.ask(PROMPT)

    answer = await harness.ask(PARAPHRASE)

    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "unproven")


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


async def test_labels_are_counted_for_the_group_of_their_surroundings() -> None:
    harness = learning()
    await harness.ask(PROMPT)
    elsewhere, other = await asked_elsewhere(harness)

    await harness.ask(PARAPHRASE, **elsewhere)

    assert labels(harness, PARAPHRASE_CELL) == (0, 0, 0)
    assert harness.exact.count_of(f"{PREFIX}{owner_of(other, PARAPHRASE_CELL)}/l") == 1


async def test_an_explanation_shows_the_evidence_of_the_requests_own_surroundings() -> None:
    harness = await taught()
    await teach(harness, among=(group(harness) + 1) % GROUPS, accepted=Tally(1_000, 1_000, 400))

    found = await explained(harness)

    assert found["learning"]["group"] == found["candidates"][0]["cell"]["group"] == group(harness)
    assert found["learning"]["serves"]
    assert found["candidates"][0]["cell"]["differing"] == 9


async def test_a_hit_asks_the_store_for_nothing_more() -> None:
    harness = await taught()
    await harness.ask(PARAPHRASE, headers=READ_ONLY)
    read = harness.exact.counter_reads
    harness.exact.time += 600

    await harness.ask(PARAPHRASE, headers=READ_ONLY)

    assert harness.exact.counter_reads == read
    assert labels(harness, PARAPHRASE_CELL)[0] >= 1_001


@pytest.mark.parametrize(
    ("frozen", "expected"), [(False, ("HIT-SEMANTIC", "learned")), (True, ("MISS", "explored"))]
)
async def test_a_checked_hit_is_asked_again_behind_its_answer_or_in_its_place(
    *, frozen: bool, expected: tuple[str, str]
) -> None:
    harness = await taught(frozen=frozen)
    before = labels(harness, PARAPHRASE_CELL)[1]
    harness.chance = ALWAYS

    answer = await harness.ask(PARAPHRASE, headers=READ_ONLY)

    assert (answer.x_cache, answer.outcome.reason) == expected
    assert labels(harness, PARAPHRASE_CELL)[1] == before + 1
    assert harness.exact.count_of("learn:labels:explored") == 1
    assert harness.exact.count_of("learn:check/l") == 1
    assert harness.exact.count_of(SPENT) > 0


@pytest.mark.parametrize(("hits", "checked"), [(0, 1), (64_000, 0)])
async def test_the_more_was_served_the_fewer_hits_are_checked(hits: int, checked: int) -> None:
    harness = learning()
    await harness.ask(PROMPT)
    await harness.exact.record("default", {HITS: hits} if hits else {})
    await teach(harness, accepted=SURE)
    await harness.ask(PARAPHRASE, headers=READ_ONLY)
    harness.chance = 0.2

    await harness.ask(PARAPHRASE, headers=READ_ONLY)

    assert harness.exact.count_of("learn:check/l") == checked


async def test_a_check_that_got_no_answer_proves_nothing() -> None:
    harness = await taught()
    harness.chance = ALWAYS
    harness.upstream.unreachable = True

    answer = await harness.ask(PARAPHRASE, headers=READ_ONLY)

    assert answer.outcome.reason == "learned"
    assert harness.exact.count_of("learn:check/l") == 0


async def test_checks_that_differ_stop_the_cache_at_once(caplog: pytest.LogCaptureFixture) -> None:
    harness = await taught()
    harness.embedder.set_similarity("answer to What is Rust?", "reddish flakes of iron", 0.1)
    harness.chance = ALWAYS

    reasons = []
    for _ in range(8):
        says(harness, "reddish flakes of iron")
        reasons.append((await harness.ask(PARAPHRASE, headers=READ_ONLY)).outcome.reason)

    assert reasons[0] == "learned"
    assert reasons[-1] == "unproven"
    assert "no semantic hit is served" in caplog.text


async def test_hits_are_counted_beside_those_of_a_fixed_threshold() -> None:
    harness = await taught()
    fixed = harness.exact.count_of(FIXED)

    await harness.ask(PARAPHRASE, headers=READ_ONLY)

    assert harness.exact.count_of(HITS) == 1
    assert harness.exact.count_of(FIXED) == fixed + 1


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("client", UNWILLING.values(), ids=UNWILLING)
async def test_no_hit_of_a_client_that_should_pay_nothing_is_checked(
    client: dict[str, Any], *, frozen: bool
) -> None:
    harness = await taught(frozen=frozen)
    await prepared(harness, client)
    calls = len(harness.upstream.calls)
    harness.chance = ALWAYS

    answer = await harness.ask(PARAPHRASE, **client)

    assert (answer.x_cache, answer.outcome.reason) == ("HIT-SEMANTIC", "learned")
    assert len(harness.upstream.calls) == calls


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


async def test_an_explanation_shows_what_was_learned() -> None:
    harness = await taught()

    found = await explained(harness)

    assert (found["result"], found["reason"]) == ("HIT-SEMANTIC", "learned")
    assert found["learning"]["estimate"] <= found["learning"]["bound"] <= 0.05
    assert found["candidates"][0]["cell"] == {
        "group": None,
        "band": "0.850-0.900",
        "served": True,
        "trusted": False,
        "seen": 1_001,
        "labelled": 1_001,
        "differing": 9,
    }


async def test_an_explanation_reads_the_labels_once() -> None:
    harness = await taught()
    read = harness.exact.counter_reads

    await explained(harness)

    assert harness.exact.counter_reads == read + 1


async def test_an_entry_that_was_cleared_is_not_served(harness: LearningHarness) -> None:
    harness = await taught()
    await harness.exact.cut("default", "all")

    answer = await harness.ask(PARAPHRASE, headers=READ_ONLY)

    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "cleared")


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
