"""Facts about pairs that a verifier has to approve of."""

import asyncio
from dataclasses import replace

import pytest

from llm_cache_proxy.administration import Explanation
from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.domain.errors import NotInCache
from llm_cache_proxy.domain.requests.policy import Policy
from unit.pipeline.bench import Bench

ASKED = "What is Rust?"
LIKELY = "Tell me what Rust is"  # the guard accepts it
GREY = "Rust, what is that?"
OPPOSITE = ("How do I enable dark mode?", "How do I disable dark mode?")
UNSTORED = {"cache-control": "no-store"}


@pytest.fixture
def bench() -> Bench:
    made = Bench(Policy(threshold=0.86, verified=True))
    made.embedder.alike(ASKED, LIKELY, 0.94)
    return made


@pytest.fixture
def grey(bench: Bench) -> Bench:
    bench.embedder.alike(ASKED, GREY, 0.88)
    return bench


async def test_a_likely_pair_is_asked_about_first_and_served_at_once(bench: Bench) -> None:
    bench.verifier.same(ASKED, LIKELY)
    first = await bench.ask(ASKED)

    hit, promoted = await bench.ask(LIKELY), await bench.ask(LIKELY)

    assert (hit.x_cache, hit.outcome.reason, hit.body) == ("HIT-SEMANTIC", "verified", first.body)
    assert (promoted.x_cache, promoted.outcome.reason) == ("HIT-EXACT", "promoted")
    assert len(bench.verifier.asked) == 1


async def test_a_likely_pair_that_is_refused_is_a_miss_and_not_asked_about_again(
    bench: Bench,
) -> None:
    await bench.ask(ASKED)

    refused = [await bench.ask(LIKELY, headers=UNSTORED) for _ in range(2)]

    assert [told.outcome.reason for told in refused] == ["verifier", "verifier"]
    assert {told.x_cache for told in refused} == {"MISS"}
    assert len(bench.verifier.asked) == 1


async def test_a_grey_pair_is_a_miss_first_and_hits_next_time(grey: Bench) -> None:
    grey.verifier.same(ASKED, GREY)
    first = await grey.ask(ASKED)

    missed = await grey.ask(GREY, headers=UNSTORED)
    hit = await grey.ask(GREY, headers=UNSTORED)

    assert (missed.x_cache, missed.outcome.reason) == ("MISS", "unverified")
    assert (hit.x_cache, hit.outcome.reason, hit.body) == ("HIT-SEMANTIC", "verified", first.body)
    assert len(grey.verifier.asked) == 1


async def test_a_grey_miss_is_judged_beside_the_upstreams_call(grey: Bench) -> None:
    await grey.ask(ASKED)
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


async def test_what_runs_beside_has_ended_once_the_proxy_is_settled(grey: Bench) -> None:
    await grey.ask(ASKED)

    await grey.begin(GREY, headers=UNSTORED)
    await grey.proxy.wait_for_background()

    assert len(grey.exact.judged) == 1


async def test_the_verifier_may_overrule_the_guards_veto(bench: Bench) -> None:
    bench.embedder.alike(*OPPOSITE, 0.97)
    bench.verifier.same(*OPPOSITE)
    await bench.ask(OPPOSITE[0])

    missed = await bench.ask(OPPOSITE[1], headers=UNSTORED)

    assert (missed.x_cache, missed.outcome.reason) == ("MISS", "unverified")
    assert (await bench.ask(OPPOSITE[1])).x_cache == "HIT-SEMANTIC"


async def test_the_same_text_needs_no_verdict(bench: Bench) -> None:
    await bench.ask(ASKED)
    bench.exact.entries.clear()

    assert (await bench.ask(ASKED)).x_cache == "HIT-SEMANTIC"
    assert bench.verifier.asked == []


async def test_a_verifier_that_fails_has_not_approved_and_is_asked_again(bench: Bench) -> None:
    bench.verifier.same(ASKED, LIKELY)
    await bench.ask(ASKED)
    bench.verifier.away = True

    missed = await bench.ask(LIKELY, headers=UNSTORED)
    bench.verifier.away = False
    hit = await bench.ask(LIKELY, headers=UNSTORED)

    assert (missed.x_cache, missed.outcome.reason) == ("MISS", "unverified")
    assert hit.x_cache == "HIT-SEMANTIC"
    assert bench.exact.count_of("verifier:failed") == 1
    assert bench.exact.count_of("error:verifier") == 1


async def test_a_verdict_holds_for_both_directions_and_not_in_other_surroundings(
    bench: Bench,
) -> None:
    bench.verifier.same(ASKED, LIKELY)
    await bench.ask(ASKED)
    await bench.ask(LIKELY)
    bench.exact.entries.clear()
    bench.vectors.held.clear()

    await bench.ask(LIKELY)
    back = await bench.ask(ASKED)
    await bench.ask(ASKED, temperature=0.3)
    await bench.ask(LIKELY, temperature=0.3)

    assert back.x_cache == "HIT-SEMANTIC"
    assert len(bench.verifier.asked) == 2


async def test_one_candidate_is_judged_while_the_client_waits_and_one_beside(
    bench: Bench,
) -> None:
    for number, similarity in enumerate((0.99, 0.98, 0.97)):
        other = f"{ASKED}{' ' * (number + 1)}Please."
        bench.embedder.alike(LIKELY, other, similarity)
        await bench.ask(other, headers={"x-cache-mode": "write-only", "x-cache-normalize": "false"})

    missed = await bench.ask(LIKELY, headers=UNSTORED)

    assert missed.x_cache == "MISS"
    assert len(bench.verifier.asked) == 2


async def test_a_promotion_that_the_guard_alone_decided_is_not_believed(bench: Bench) -> None:
    lax = Bench(Policy(), exact=bench.exact, vectors=bench.vectors, embedder=bench.embedder)
    await lax.ask(ASKED)
    assert (await lax.ask(LIKELY)).x_cache == "HIT-SEMANTIC"

    refused = await bench.ask(LIKELY)

    assert (refused.x_cache, refused.outcome.reason) == ("MISS", "verifier")


async def test_a_promotion_that_overruled_the_guard_is_not_believed_without_the_verifier(
    bench: Bench,
) -> None:
    lax = Bench(Policy(), exact=bench.exact, vectors=bench.vectors, embedder=bench.embedder)
    bench.embedder.alike(*OPPOSITE, 0.97)
    bench.verifier.same(*OPPOSITE)
    await bench.ask(OPPOSITE[0])
    await bench.ask(OPPOSITE[1], headers=UNSTORED)
    assert (await bench.ask(OPPOSITE[1])).x_cache == "HIT-SEMANTIC"

    judged = await lax.ask(OPPOSITE[1])

    assert judged.x_cache == "MISS"
    assert judged.outcome.reason.startswith("guard:")


async def test_feedback_outdoes_an_approval(bench: Bench) -> None:
    bench.verifier.same(ASKED, LIKELY)
    await bench.ask(ASKED)
    hit = await bench.ask(LIKELY)
    assert hit.outcome.entry_id is not None
    await bench.exact.bar("default", hit.outcome.entry_id.partition("-")[2])

    assert (await bench.ask(LIKELY)).outcome.reason == "feedback"


async def test_below_the_presets_threshold_nobody_is_asked(bench: Bench) -> None:
    bench.embedder.alike(ASKED, GREY, 0.85)
    await bench.ask(ASKED)

    assert (await bench.ask(GREY)).outcome.reason == "below-threshold"
    assert bench.verifier.asked == []


async def test_a_client_that_tightens_is_held_to_it(bench: Bench) -> None:
    bench.verifier.same(ASKED, LIKELY)
    await bench.ask(ASKED)

    tight = await bench.ask(LIKELY, headers={"x-cache-threshold": "0.95"})

    assert tight.x_cache == "MISS"
    assert bench.verifier.asked == []


async def test_where_only_the_cache_may_answer_nothing_is_judged_for_later(grey: Bench) -> None:
    await grey.ask(ASKED)

    with pytest.raises(NotInCache):
        await grey.ask(GREY, headers={"cache-control": "only-if-cached"})

    assert grey.verifier.asked == []


async def test_what_a_verdict_cost_is_counted_with_its_model(bench: Bench) -> None:
    await bench.ask(ASKED)

    await bench.ask(LIKELY)

    assert bench.exact.count_of("verifier:refused") == 1
    assert bench.exact.count_of("model:small:prompt_used") == 100
    assert bench.exact.count_of("model:small:completion_used") == 1
    assert bench.exact.count_of("verifier:nano_dollars") == 102


async def test_without_a_memory_the_verifier_is_asked_and_its_word_still_holds(
    bench: Bench,
) -> None:
    bench.verifier.same(ASKED, LIKELY)
    await bench.ask(ASKED)
    bench.exact.forgets = True

    assert (await bench.ask(LIKELY)).x_cache == "HIT-SEMANTIC"


async def test_an_explanation_asks_nobody(bench: Bench) -> None:
    await bench.ask(ASKED)
    explaining = Explanation(bench.proxy)

    told = await explaining.explain(Fields({"prompt": LIKELY, "model": "m"}))

    assert (told["result"], told["reason"]) == ("MISS", "unverified")
    assert bench.verifier.asked == []


async def test_a_proxy_composed_without_the_verifier_that_its_policy_asks_for_says_so(
    bench: Bench,
) -> None:
    semantic = replace(bench.proxy.semantic, pair_verifier=None)
    bench.proxy = replace(bench.proxy, semantic=semantic)

    with pytest.raises(ValueError, match="verifier"):
        await bench.ask(ASKED)
