"""Facts about answers that a client called bad: they go, and their pair stays away."""

from typing import Any

import pytest

from llm_cache_proxy.administration import Explanation, Feedback
from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.domain.errors import ExactStoreUnavailable, InvalidRequest, NotFound
from llm_cache_proxy.domain.json_text import JsonObject
from unit.pipeline.harness import Harness, ReceivedAnswer

PROMPT = "What is Rust?"
PARAPHRASE = "Tell me what Rust is"


@pytest.fixture
def harness() -> Harness:
    made = Harness()
    made.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    return made


async def say(
    harness: Harness, verdict: str, answer: ReceivedAnswer, tenant: str = "default"
) -> JsonObject:
    fields = {"entry": answer.outcome.entry_id, "verdict": verdict}
    return await Feedback(harness.exact, harness.vectors).apply_fields(tenant, fields)


async def test_a_bad_answer_is_gone_from_both_tiers(harness: Harness) -> None:
    await harness.ask(PROMPT)

    answer = await say(harness, "bad", await harness.ask(PROMPT))

    assert answer["evicted"] == {"exact": 1, "semantic": 1, "aliases": 0}
    assert (harness.exact.entries, harness.vectors.held) == ({}, {})
    assert (await harness.ask(PROMPT)).x_cache == "MISS"


async def test_its_pair_never_matches_again_also_after_the_answer_is_made_anew(
    harness: Harness,
) -> None:
    await harness.ask(PROMPT)
    semantic = await harness.ask(PARAPHRASE)

    answer = await say(harness, "bad", semantic)
    again = await harness.ask(PROMPT)
    other = await harness.ask(PARAPHRASE, headers={"cache-control": "no-store"})
    later = await harness.ask(PARAPHRASE)

    assert semantic.x_cache == "HIT-SEMANTIC"
    assert answer["pair_barred"] is True
    assert again.x_cache == "MISS"
    assert (other.x_cache, other.outcome.reason) == ("MISS", "feedback")
    assert (later.x_cache, later.outcome.reason) == ("MISS", "feedback")


async def test_the_pair_is_barred_in_the_other_direction_and_in_other_surroundings(
    harness: Harness,
) -> None:
    await harness.ask(PROMPT)
    await say(harness, "bad", await harness.ask(PARAPHRASE))
    await harness.ask(PARAPHRASE, temperature=0.3)

    back = await harness.ask(PROMPT, temperature=0.3)

    assert (back.x_cache, back.outcome.reason) == ("MISS", "feedback")


async def test_an_answer_served_through_a_promotion_can_be_called_bad(harness: Harness) -> None:
    await harness.ask(PROMPT)
    await harness.ask(PARAPHRASE)

    answer = await say(harness, "bad", await harness.ask(PARAPHRASE))
    await harness.ask(PROMPT)

    assert answer["evicted"] == {"exact": 1, "semantic": 1, "aliases": 1}
    assert (await harness.ask(PARAPHRASE)).outcome.reason == "feedback"


async def test_a_promotion_that_stands_elsewhere_is_not_believed_either(harness: Harness) -> None:
    for temperature in (0.1, 0.2):
        await harness.ask(PROMPT, temperature=temperature)
        bad = await harness.ask(PARAPHRASE, temperature=temperature)
    await say(harness, "bad", bad)

    promoted = await harness.ask(PARAPHRASE, temperature=0.1)

    assert (promoted.x_cache, promoted.outcome.reason) == ("MISS", "feedback")


async def test_a_spelling_that_was_called_bad_gets_an_answer_of_its_own(harness: Harness) -> None:
    await harness.ask("What does it mean to polish?")
    shouted = await harness.ask("WHAT DOES IT MEAN TO POLISH?")
    assert shouted.outcome.reason == "normalised"

    await say(harness, "bad", shouted)
    await harness.ask("What does it mean to polish?")
    apart = await harness.ask("WHAT DOES IT MEAN TO POLISH?")
    again = await harness.ask("WHAT DOES IT MEAN TO POLISH?")
    first = await harness.ask("What does it mean to polish?")

    assert (apart.x_cache, apart.outcome.reason) == ("MISS", "feedback")
    assert (again.x_cache, again.said) == ("HIT-EXACT", apart.said)
    assert first.said != apart.said


async def test_other_pairs_of_the_same_text_still_match(harness: Harness) -> None:
    harness.embedder.set_similarity(PROMPT, "Rust, what is it?", 0.95)
    harness.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    await harness.ask(PROMPT)
    await say(harness, "bad", await harness.ask(PARAPHRASE))
    await harness.ask(PROMPT)

    assert (await harness.ask("Rust, what is it?")).x_cache == "HIT-SEMANTIC"


async def test_no_tenant_can_evict_or_bar_for_another(harness: Harness) -> None:
    await harness.ask(PROMPT, tenant="one")
    hit = await harness.ask(PARAPHRASE, tenant="one")
    same = await harness.ask(PROMPT, tenant="one")

    await say(harness, "bad", hit, tenant="other")
    with pytest.raises(NotFound):
        await say(harness, "bad", same, tenant="other")

    assert (await harness.ask(PROMPT, tenant="one")).x_cache == "HIT-EXACT"
    assert (await harness.ask(PARAPHRASE, tenant="one")).outcome.reason == "promoted"


async def test_a_bad_word_can_be_taken_back(harness: Harness) -> None:
    await harness.ask(PROMPT)
    hit = await harness.ask(PARAPHRASE)
    await say(harness, "bad", hit)
    await harness.ask(PROMPT)

    answer = await say(harness, "good", hit)

    assert answer["lifted"] is True
    assert (await harness.ask(PARAPHRASE)).x_cache == "HIT-SEMANTIC"


async def test_an_answer_that_has_expired_still_bars_its_pair(harness: Harness) -> None:
    await harness.ask(PROMPT)
    hit = await harness.ask(PARAPHRASE)
    harness.exact.forget_entries()
    harness.vectors.held.clear()

    answer = await say(harness, "bad", hit)

    assert (answer["evicted"], answer["pair_barred"]) == (
        {"exact": 0, "semantic": 0, "aliases": 0},
        True,
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"entry": "0" * 24},
        {"verdict": "bad"},
        {"entry": "0" * 24, "verdict": "meh"},
        {"entry": "../x", "verdict": "bad"},
        {"entry": "0" * 24, "verdict": "bad", "tenant": "other"},
        {"entry": 3, "verdict": "bad"},
    ],
)
async def test_feedback_that_makes_no_sense_is_refused(harness: Harness, fields: Any) -> None:
    with pytest.raises(InvalidRequest):
        await Feedback(harness.exact, harness.vectors).apply("default", Fields(fields))


async def test_feedback_that_could_not_be_kept_is_reported(harness: Harness) -> None:
    await harness.ask(PROMPT)
    hit = await harness.ask(PARAPHRASE)
    harness.exact.away = True

    with pytest.raises(ExactStoreUnavailable):
        await say(harness, "bad", hit)


async def test_an_exact_hit_still_costs_one_command_and_so_does_one_in_other_spelling(
    harness: Harness,
) -> None:
    await harness.ask(PROMPT)
    await harness.proxy.counter_writer.drain()

    for text in (PROMPT, "what is  rust?"):
        before = harness.exact.calls
        await harness.begin(text)
        assert harness.exact.calls - before == 1


async def test_an_explanation_reports_feedback_and_keeps_nothing(harness: Harness) -> None:
    await harness.ask(PROMPT)
    await say(harness, "bad", await harness.ask(PARAPHRASE))
    await harness.ask(PROMPT)
    hits = harness.exact.count_of("semantic_hits")

    answer = await Explanation(harness.pipeline).explain(
        Fields({"prompt": PARAPHRASE, "model": "m"})
    )

    assert (answer["result"], answer["reason"]) == ("MISS", "feedback")
    assert harness.exact.count_of("semantic_hits") == hits


async def test_bad_feedback_on_a_pair_counts_as_one_label(harness: Harness) -> None:
    await harness.ask(PROMPT)
    semantic = await harness.ask(PARAPHRASE)

    await say(harness, "bad", semantic)
    await say(harness, "bad", semantic)

    assert harness.exact.count_of("learn:labels:feedback") == 1
    assert harness.exact.count_of("learn:check/d") == 1
