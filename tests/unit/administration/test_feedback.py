"""Facts about answers that a client called bad: they go, and their pair stays away."""

from typing import Any

import pytest

from llm_cache_proxy.administration import Explanation, Feedback
from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.domain.errors import ExactStoreUnavailable, InvalidRequest, NotFound
from llm_cache_proxy.domain.json_text import JsonObject
from unit.pipeline.bench import Bench, Told

ASKED = "What is Rust?"
ALIKE = "Tell me what Rust is"


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.embedder.alike(ASKED, ALIKE, 0.94)
    return made


async def say(bench: Bench, verdict: str, told: Told, tenant: str = "default") -> JsonObject:
    fields = Fields({"entry": told.outcome.entry_id, "verdict": verdict})
    return await Feedback(bench.exact, bench.vectors).give(tenant, fields)


async def test_a_bad_answer_is_gone_from_both_tiers(bench: Bench) -> None:
    await bench.ask(ASKED)

    told = await say(bench, "bad", await bench.ask(ASKED))

    assert told["evicted"] == {"exact": 1, "semantic": 1, "aliases": 0}
    assert (bench.exact.entries, bench.vectors.held) == ({}, {})
    assert (await bench.ask(ASKED)).x_cache == "MISS"


async def test_its_pair_never_matches_again_also_after_the_answer_is_made_anew(
    bench: Bench,
) -> None:
    await bench.ask(ASKED)
    by_meaning = await bench.ask(ALIKE)

    told = await say(bench, "bad", by_meaning)
    again = await bench.ask(ASKED)
    other = await bench.ask(ALIKE, headers={"cache-control": "no-store"})
    later = await bench.ask(ALIKE)

    assert by_meaning.x_cache == "HIT-SEMANTIC"
    assert told["pair_barred"] is True
    assert again.x_cache == "MISS"
    assert (other.x_cache, other.outcome.reason) == ("MISS", "feedback")
    assert (later.x_cache, later.outcome.reason) == ("MISS", "feedback")


async def test_the_pair_is_barred_in_the_other_direction_and_in_other_surroundings(
    bench: Bench,
) -> None:
    await bench.ask(ASKED)
    await say(bench, "bad", await bench.ask(ALIKE))
    await bench.ask(ALIKE, temperature=0.3)

    back = await bench.ask(ASKED, temperature=0.3)

    assert (back.x_cache, back.outcome.reason) == ("MISS", "feedback")


async def test_an_answer_served_through_a_promotion_can_be_called_bad(bench: Bench) -> None:
    await bench.ask(ASKED)
    await bench.ask(ALIKE)

    told = await say(bench, "bad", await bench.ask(ALIKE))
    await bench.ask(ASKED)

    assert told["evicted"] == {"exact": 1, "semantic": 1, "aliases": 1}
    assert (await bench.ask(ALIKE)).outcome.reason == "feedback"


async def test_a_promotion_that_stands_elsewhere_is_not_believed_either(bench: Bench) -> None:
    for temperature in (0.1, 0.2):
        await bench.ask(ASKED, temperature=temperature)
        bad = await bench.ask(ALIKE, temperature=temperature)
    await say(bench, "bad", bad)

    promoted = await bench.ask(ALIKE, temperature=0.1)

    assert (promoted.x_cache, promoted.outcome.reason) == ("MISS", "feedback")


async def test_a_spelling_that_was_called_bad_gets_an_answer_of_its_own(bench: Bench) -> None:
    await bench.ask("What does it mean to polish?")
    shouted = await bench.ask("WHAT DOES IT MEAN TO POLISH?")
    assert shouted.outcome.reason == "normalised"

    await say(bench, "bad", shouted)
    await bench.ask("What does it mean to polish?")
    apart = await bench.ask("WHAT DOES IT MEAN TO POLISH?")
    again = await bench.ask("WHAT DOES IT MEAN TO POLISH?")
    first = await bench.ask("What does it mean to polish?")

    assert (apart.x_cache, apart.outcome.reason) == ("MISS", "feedback")
    assert (again.x_cache, again.said) == ("HIT-EXACT", apart.said)
    assert first.said != apart.said


async def test_other_pairs_of_the_same_text_still_match(bench: Bench) -> None:
    bench.embedder.alike(ASKED, "Rust, what is it?", 0.95)
    bench.embedder.alike(ASKED, ALIKE, 0.94)
    await bench.ask(ASKED)
    await say(bench, "bad", await bench.ask(ALIKE))
    await bench.ask(ASKED)

    assert (await bench.ask("Rust, what is it?")).x_cache == "HIT-SEMANTIC"


async def test_no_tenant_can_evict_or_bar_for_another(bench: Bench) -> None:
    await bench.ask(ASKED, tenant="one")
    hit = await bench.ask(ALIKE, tenant="one")
    same = await bench.ask(ASKED, tenant="one")

    await say(bench, "bad", hit, tenant="other")
    with pytest.raises(NotFound):
        await say(bench, "bad", same, tenant="other")

    assert (await bench.ask(ASKED, tenant="one")).x_cache == "HIT-EXACT"
    assert (await bench.ask(ALIKE, tenant="one")).outcome.reason == "promoted"


async def test_a_bad_word_can_be_taken_back(bench: Bench) -> None:
    await bench.ask(ASKED)
    hit = await bench.ask(ALIKE)
    await say(bench, "bad", hit)
    await bench.ask(ASKED)

    told = await say(bench, "good", hit)

    assert told["lifted"] is True
    assert (await bench.ask(ALIKE)).x_cache == "HIT-SEMANTIC"


async def test_an_answer_that_has_expired_still_bars_its_pair(bench: Bench) -> None:
    await bench.ask(ASKED)
    hit = await bench.ask(ALIKE)
    bench.exact.entries.clear()
    bench.vectors.held.clear()

    told = await say(bench, "bad", hit)

    assert (told["evicted"], told["pair_barred"]) == (
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
async def test_feedback_that_makes_no_sense_is_refused(bench: Bench, fields: Any) -> None:
    with pytest.raises(InvalidRequest):
        await Feedback(bench.exact, bench.vectors).give("default", Fields(fields))


async def test_feedback_that_could_not_be_kept_is_told(bench: Bench) -> None:
    await bench.ask(ASKED)
    hit = await bench.ask(ALIKE)
    bench.exact.away = True

    with pytest.raises(ExactStoreUnavailable):
        await say(bench, "bad", hit)


async def test_an_exact_hit_still_costs_one_command_and_so_does_one_in_other_spelling(
    bench: Bench,
) -> None:
    await bench.ask(ASKED)
    await bench.proxy.counter_writer.drain()

    for text in (ASKED, "what is  rust?"):
        before = bench.exact.commands
        await bench.begin(text)
        assert bench.exact.commands - before == 1


async def test_an_explanation_tells_of_feedback_and_keeps_nothing(bench: Bench) -> None:
    await bench.ask(ASKED)
    await say(bench, "bad", await bench.ask(ALIKE))
    await bench.ask(ASKED)
    hits = bench.exact.count_of("semantic_hits")

    told = await Explanation(bench.proxy).explain(Fields({"prompt": ALIKE, "model": "m"}))

    assert (told["result"], told["reason"]) == ("MISS", "feedback")
    assert bench.exact.count_of("semantic_hits") == hits
