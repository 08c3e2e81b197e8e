"""Facts about pairs that a verifier has to approve of."""

import asyncio
from dataclasses import replace

import pytest

from llm_cache_proxy.administration import Explanation
from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.domain.errors import NotInCache
from llm_cache_proxy.domain.requests.policy import Policy
from unit.pipeline.harness import Harness

PROMPT = "What is Rust?"
LIKELY = "Tell me what Rust is"  # the guard accepts it
GREY = "Rust, what is that?"
OPPOSITE = ("How do I enable dark mode?", "How do I disable dark mode?")
UNSTORED = {"cache-control": "no-store"}


@pytest.fixture
def harness() -> Harness:
    made = Harness(Policy(threshold=0.86, verified=True))
    made.embedder.set_similarity(PROMPT, LIKELY, 0.94)
    return made


@pytest.fixture
def grey(harness: Harness) -> Harness:
    harness.embedder.set_similarity(PROMPT, GREY, 0.88)
    return harness


async def test_a_likely_pair_is_judged_first_and_served_at_once(harness: Harness) -> None:
    harness.verifier.same(PROMPT, LIKELY)
    first = await harness.ask(PROMPT)

    hit, promoted = await harness.ask(LIKELY), await harness.ask(LIKELY)

    assert (hit.x_cache, hit.outcome.reason, hit.body) == ("HIT-SEMANTIC", "verified", first.body)
    assert (promoted.x_cache, promoted.outcome.reason) == ("HIT-EXACT", "promoted")
    assert len(harness.verifier.asked) == 1


async def test_a_likely_pair_that_is_refused_is_a_miss_and_not_judged_again(
    harness: Harness,
) -> None:
    await harness.ask(PROMPT)

    refused = [await harness.ask(LIKELY, headers=UNSTORED) for _ in range(2)]

    assert [answer.outcome.reason for answer in refused] == ["verifier", "verifier"]
    assert {answer.x_cache for answer in refused} == {"MISS"}
    assert len(harness.verifier.asked) == 1


async def test_a_grey_pair_is_a_miss_first_and_hits_next_time(grey: Harness) -> None:
    grey.verifier.same(PROMPT, GREY)
    first = await grey.ask(PROMPT)

    missed = await grey.ask(GREY, headers=UNSTORED)
    hit = await grey.ask(GREY, headers=UNSTORED)

    assert (missed.x_cache, missed.outcome.reason) == ("MISS", "unverified")
    assert (hit.x_cache, hit.outcome.reason, hit.body) == ("HIT-SEMANTIC", "verified", first.body)
    assert len(grey.verifier.asked) == 1


async def test_a_grey_miss_is_judged_beside_the_upstreams_call(grey: Harness) -> None:
    await grey.ask(PROMPT)
    released = asyncio.Event()
    grey.verifier.before = released.wait

    answer = await grey.begin(GREY, headers=UNSTORED)  # does not wait for the verifier

    await asyncio.sleep(0)
    assert isinstance(answer.body, bytes)
    assert len(grey.upstream.calls) == 2
    assert len(grey.verifier.asked) == 1
    released.set()
    await grey.proxy.drain()
    assert grey.exact.count_of("verifier:refused") == 1


async def test_background_work_has_ended_once_the_proxy_has_waited_for_it(grey: Harness) -> None:
    await grey.ask(PROMPT)

    await grey.begin(GREY, headers=UNSTORED)
    await grey.proxy.wait_for_background()

    assert len(grey.exact.verdicts_held) == 1


async def test_the_verifier_may_overrule_the_guards_veto(harness: Harness) -> None:
    harness.embedder.set_similarity(*OPPOSITE, 0.97)
    harness.verifier.same(*OPPOSITE)
    await harness.ask(OPPOSITE[0])

    missed = await harness.ask(OPPOSITE[1], headers=UNSTORED)

    assert (missed.x_cache, missed.outcome.reason) == ("MISS", "unverified")
    assert (await harness.ask(OPPOSITE[1])).x_cache == "HIT-SEMANTIC"


async def test_the_same_text_needs_no_verdict(harness: Harness) -> None:
    await harness.ask(PROMPT)
    harness.exact.forget_entries()

    assert (await harness.ask(PROMPT)).x_cache == "HIT-SEMANTIC"
    assert harness.verifier.asked == []


async def test_a_verifier_that_fails_has_not_approved_and_is_called_again(harness: Harness) -> None:
    harness.verifier.same(PROMPT, LIKELY)
    await harness.ask(PROMPT)
    harness.verifier.away = True

    missed = await harness.ask(LIKELY, headers=UNSTORED)
    harness.verifier.away = False
    hit = await harness.ask(LIKELY, headers=UNSTORED)

    assert (missed.x_cache, missed.outcome.reason) == ("MISS", "unverified")
    assert hit.x_cache == "HIT-SEMANTIC"
    assert harness.exact.count_of("verifier:failed") == 1
    assert harness.exact.count_of("error:verifier") == 1


async def test_a_verdict_holds_for_both_directions_and_not_in_other_surroundings(
    harness: Harness,
) -> None:
    harness.verifier.same(PROMPT, LIKELY)
    await harness.ask(PROMPT)
    await harness.ask(LIKELY)
    harness.exact.forget_entries()
    harness.vectors.held.clear()

    await harness.ask(LIKELY)
    back = await harness.ask(PROMPT)
    await harness.ask(PROMPT, temperature=0.3)
    await harness.ask(LIKELY, temperature=0.3)

    assert back.x_cache == "HIT-SEMANTIC"
    assert len(harness.verifier.asked) == 2


async def test_one_candidate_is_judged_while_the_client_waits_and_one_beside(
    harness: Harness,
) -> None:
    for number, similarity in enumerate((0.99, 0.98, 0.97)):
        other = f"{PROMPT}{' ' * (number + 1)}Please."
        harness.embedder.set_similarity(LIKELY, other, similarity)
        await harness.ask(
            other, headers={"x-cache-mode": "write-only", "x-cache-normalize": "false"}
        )

    missed = await harness.ask(LIKELY, headers=UNSTORED)

    assert missed.x_cache == "MISS"
    assert len(harness.verifier.asked) == 2


async def test_a_promotion_that_the_guard_alone_decided_is_not_believed(harness: Harness) -> None:
    lax = Harness(Policy(), exact=harness.exact, vectors=harness.vectors, embedder=harness.embedder)
    await lax.ask(PROMPT)
    assert (await lax.ask(LIKELY)).x_cache == "HIT-SEMANTIC"

    refused = await harness.ask(LIKELY)

    assert (refused.x_cache, refused.outcome.reason) == ("MISS", "verifier")


async def test_a_promotion_that_overruled_the_guard_is_not_believed_without_the_verifier(
    harness: Harness,
) -> None:
    lax = Harness(Policy(), exact=harness.exact, vectors=harness.vectors, embedder=harness.embedder)
    harness.embedder.set_similarity(*OPPOSITE, 0.97)
    harness.verifier.same(*OPPOSITE)
    await harness.ask(OPPOSITE[0])
    await harness.ask(OPPOSITE[1], headers=UNSTORED)
    assert (await harness.ask(OPPOSITE[1])).x_cache == "HIT-SEMANTIC"

    judged = await lax.ask(OPPOSITE[1])

    assert judged.x_cache == "MISS"
    assert judged.outcome.reason.startswith("guard:")


async def test_feedback_outdoes_an_approval(harness: Harness) -> None:
    harness.verifier.same(PROMPT, LIKELY)
    await harness.ask(PROMPT)
    hit = await harness.ask(LIKELY)
    assert hit.outcome.entry_id is not None
    await harness.exact.bar("default", hit.outcome.entry_id.partition("-")[2])

    assert (await harness.ask(LIKELY)).outcome.reason == "feedback"


async def test_below_the_presets_threshold_the_verifier_is_not_called(harness: Harness) -> None:
    harness.embedder.set_similarity(PROMPT, GREY, 0.85)
    await harness.ask(PROMPT)

    assert (await harness.ask(GREY)).outcome.reason == "below-threshold"
    assert harness.verifier.asked == []


async def test_a_client_that_tightens_is_held_to_it(harness: Harness) -> None:
    harness.verifier.same(PROMPT, LIKELY)
    await harness.ask(PROMPT)

    tight = await harness.ask(LIKELY, headers={"x-cache-threshold": "0.95"})

    assert tight.x_cache == "MISS"
    assert harness.verifier.asked == []


async def test_where_only_the_cache_may_answer_nothing_is_judged_for_later(grey: Harness) -> None:
    await grey.ask(PROMPT)

    with pytest.raises(NotInCache):
        await grey.ask(GREY, headers={"cache-control": "only-if-cached"})

    assert grey.verifier.asked == []


async def test_what_a_verdict_cost_is_counted_with_its_model(harness: Harness) -> None:
    await harness.ask(PROMPT)

    await harness.ask(LIKELY)

    assert harness.exact.count_of("verifier:refused") == 1
    assert harness.exact.count_of("model:small:prompt_used") == 100
    assert harness.exact.count_of("model:small:completion_used") == 1
    assert harness.exact.count_of("verifier:nano_dollars") == 102


async def test_without_a_memory_the_verifier_is_called_and_its_word_still_holds(
    harness: Harness,
) -> None:
    harness.verifier.same(PROMPT, LIKELY)
    await harness.ask(PROMPT)
    harness.exact.failing.add("verdicts")

    assert (await harness.ask(LIKELY)).x_cache == "HIT-SEMANTIC"


async def test_an_explanation_calls_no_verifier(harness: Harness) -> None:
    await harness.ask(PROMPT)
    explaining = Explanation(harness.pipeline)

    answer = await explaining.explain(Fields({"prompt": LIKELY, "model": "m"}))

    assert (answer["result"], answer["reason"]) == ("MISS", "unverified")
    assert harness.verifier.asked == []


async def test_a_policy_that_needs_a_verifier_fails_without_one(
    harness: Harness,
) -> None:
    semantic = replace(harness.proxy.semantic, pair_verifier=None)
    harness.proxy = replace(harness.proxy, semantic=semantic)

    with pytest.raises(ValueError, match="verifier"):
        await harness.ask(PROMPT)
