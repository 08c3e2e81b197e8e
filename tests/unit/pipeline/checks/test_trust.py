"""Facts about hits that are served before labels prove them: how they are watched, and stopped."""

import logging

import pytest

from llm_cache_proxy.domain.promise import Tally
from llm_cache_proxy.domain.promise.cells import BANDS
from llm_cache_proxy.domain.promise.counters import HITS, LABELS
from llm_cache_proxy.domain.promise.evidence import GROUPS
from unit.pipeline.learning_harness import (
    PARAPHRASE,
    PROMPT,
    READ_ONLY,
    SURE,
    LearningHarness,
    explained,
    group,
    learning,
    says,
    teach,
    trusting,
)

NEAR = 0.97
WRONG = Tally(1_000, 1_000, 200)


async def new_tenant() -> LearningHarness:
    """Nothing is labelled yet, and half of all hits may be checked by chance."""
    harness = learning(NEAR)
    harness.chance = 0.5
    await harness.ask(PROMPT)
    await trusting(harness)
    return harness


def rust_differs(harness: LearningHarness) -> None:
    harness.embedder.set_similarity("answer to What is Rust?", "reddish flakes of iron", 0.1)


async def asked(harness: LearningHarness, text: str = "answer to What is Rust?") -> str | None:
    says(harness, text)
    return (await harness.ask(PARAPHRASE, headers=READ_ONLY)).outcome.reason


async def test_a_near_prompt_is_served_on_trust_and_checked() -> None:
    harness = await new_tenant()

    reason = await asked(harness)

    assert reason == "trusted"
    assert harness.exact.count_of(f"{LABELS}explored") == 1


async def test_surroundings_that_are_new_to_an_old_tenant_are_checked_as_in_a_new_one() -> None:
    """Two other groups have labels; the tenant has hits enough for one check in a hundred."""
    harness = await new_tenant()
    own = group(harness)
    for other in {0, 1, 2} - {own}:
        await teach(harness, among=other, accepted=WRONG)
    await harness.exact.record("default", {HITS: 32_000})
    harness.exact.time += 61
    await harness.ask("Something else entirely", headers=READ_ONLY)  # reads the labels

    assert await asked(harness) == "trusted"
    assert harness.exact.count_of(f"{LABELS}explored") == 1


async def test_answers_that_differ_end_trust_after_a_few_hits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    harness = await new_tenant()
    rust_differs(harness)

    reasons = [await asked(harness, "reddish flakes of iron") for _ in range(8)]

    assert reasons[:2] == ["trusted", "trusted"]
    assert reasons[-3:] == ["unproven"] * 3
    assert "no semantic hit is served" in caplog.text


async def test_trust_that_labels_end_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    harness = await new_tenant()
    served = await asked(harness)
    await teach(harness, lowest=4, accepted=Tally(20, 20, 8))
    await harness.ask("Something else entirely", headers=READ_ONLY)  # reads the labels

    assert (served, await asked(harness)) == ("trusted", "unproven")
    assert "were served on trust" in caplog.text


async def test_trust_that_ends_in_one_of_several_surroundings_is_told_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    harness = await new_tenant()
    await asked(harness)
    await teach(harness, among=(group(harness) + 1) % GROUPS, lowest=4, accepted=SURE)
    await teach(harness, lowest=4, accepted=WRONG)
    await harness.ask("Something else entirely", headers=READ_ONLY)  # reads the labels

    assert await asked(harness) == "unproven"
    assert "were served on trust" in caplog.text


async def test_what_was_trusted_and_is_proven_now_is_nothing_to_warn_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    harness = await new_tenant()
    await asked(harness)
    await teach(harness, lowest=4, accepted=SURE)
    await harness.ask("Something else entirely", headers=READ_ONLY)  # reads the labels

    assert await asked(harness) == "learned"
    assert not caplog.text


async def test_after_a_change_of_the_world_nothing_is_trusted_at_first() -> None:
    harness = await new_tenant()
    served = await asked(harness)
    await teach(harness, checks=Tally(500, 100, 30))
    await harness.ask("Something else entirely", headers=READ_ONLY)  # reads the checks

    assert (served, await asked(harness)) == ("trusted", "unproven")


async def test_a_stop_that_nothing_follows_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    harness = await new_tenant()
    await teach(harness, lowest=4, accepted=Tally(20, 20, 8))
    for _ in range(2):
        await harness.ask("Something else entirely", headers=READ_ONLY)
        harness.exact.time += 61

    assert caplog.text.count("were served on trust") == 1


async def seen(harness: LearningHarness, accepted: int = 0, vetoed: int = 0) -> None:
    """So many more candidates near the first prompt, few of them labelled; then the next look."""
    tally = Tally(accepted, accepted // 10)
    await teach(harness, lowest=BANDS - 1, accepted=tally, numbers=Tally(vetoed))
    await harness.ask("Something else entirely", headers=READ_ONLY)


async def test_vetoes_that_hover_around_a_third_are_told_when_they_begin_and_when_they_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    harness = await new_tenant()
    told, served = [], []

    for accepted, vetoed in ((54, 28), (6, 0), (0, 3), (6, 0), (0, 3), (60, 0), (10, 0), (0, 40)):
        caplog.clear()
        await seen(harness, accepted, vetoed)
        told.append("".join(record.levelname for record in caplog.records))
        served.append((await explained(harness))["learning"]["trusts"])

    assert served == [False, True, False, True, False, True, True, False]
    assert told == ["WARNING", "", "", "", "", "INFO", "", "WARNING"]


async def test_hits_that_labels_prove_after_their_trust_has_ended_are_told_as_served_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    harness = await new_tenant()
    await seen(harness, vetoed=30)

    await teach(harness, lowest=4, accepted=SURE)
    await harness.ask("Something else entirely", headers=READ_ONLY)

    assert await asked(harness) == "learned"
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_an_explanation_says_that_a_candidate_would_be_served_on_trust() -> None:
    harness = await new_tenant()

    found = await explained(harness)

    assert (found["result"], found["reason"]) == ("HIT-SEMANTIC", "trusted")
    assert found["learning"]["trusts"]
    assert found["candidates"][0]["cell"]["trusted"]
