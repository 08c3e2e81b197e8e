"""Facts about hits that are asked again, and about what stops the cache."""

from typing import Any

import pytest

from llm_cache_proxy.domain.promise.counters import HITS, SPENT
from unit.pipeline.learning_harness import (
    ALWAYS,
    PARAPHRASE,
    PARAPHRASE_CELL,
    PROMPT,
    READ_ONLY,
    SURE,
    UNWILLING,
    labels,
    learning,
    prepared,
    says,
    taught,
    teach,
)


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
