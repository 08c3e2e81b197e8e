"""Facts about which tier answers what."""

from typing import Any

import pytest

from fakes.exact import MemoryExact
from llm_cache_proxy.domain.client_keys.key_ring import Client
from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.errors import InvalidRequest, NotFound, NotInCache
from llm_cache_proxy.domain.json_text import parse_object
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.pipeline.request.planned_request import client_request
from llm_cache_proxy.ports.exact_store.store import AliasFound, Answered, Lookup
from unit.pipeline.harness import Harness

PROMPT = "What is Rust?"
PARAPHRASE = "Tell me what Rust is"


@pytest.fixture
def harness() -> Harness:
    made = Harness()
    made.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    return made


async def test_the_first_ask_is_a_miss_and_the_second_an_exact_hit(harness: Harness) -> None:
    first, second = await harness.ask(), await harness.ask()

    assert (first.x_cache, second.x_cache) == ("MISS", "HIT-EXACT")
    assert second.body == first.body
    assert second.outcome.reason == "identical"
    assert len(harness.upstream.calls) == 1


async def test_other_case_and_spacing_is_an_exact_hit(harness: Harness) -> None:
    await harness.ask(PROMPT)

    again = await harness.ask("  WHAT  is rust? ")

    assert (again.x_cache, again.outcome.reason) == ("HIT-EXACT", "normalised")


async def test_exact_mode_serves_no_other_spelling(harness: Harness) -> None:
    exact = {"x-cache-mode": "exact"}
    await harness.ask(PROMPT)

    respelt, stored, same = (
        await harness.ask("what is rust?", headers=exact),
        await harness.ask("what is rust?", headers=exact),
        await harness.ask(PROMPT, headers=exact),
    )

    assert (respelt.x_cache, stored.x_cache, same.x_cache) == ("MISS", "HIT-EXACT", "HIT-EXACT")
    assert stored.body == respelt.body != same.body


async def test_where_spelling_counts_the_semantic_tier_serves_no_other(harness: Harness) -> None:
    respelt = "what is  rust?"
    as_written = {"x-cache-normalize": "false"}
    harness.embedder.set_similarity(PROMPT, respelt, 1.0)
    await harness.ask(PROMPT)

    counted = await harness.ask(respelt, headers=as_written)
    reworded = await harness.ask(PARAPHRASE, headers=as_written)

    assert (counted.x_cache, reworded.x_cache) == ("MISS", "HIT-SEMANTIC")


async def test_a_paraphrase_is_a_semantic_hit_and_then_an_exact_one(harness: Harness) -> None:
    first = await harness.ask(PROMPT)

    semantic, promoted = await harness.ask(PARAPHRASE), await harness.ask(PARAPHRASE)

    assert semantic.x_cache == "HIT-SEMANTIC"
    assert semantic.outcome.similarity == pytest.approx(0.94)
    assert (promoted.x_cache, promoted.outcome.reason) == ("HIT-EXACT", "promoted")
    assert first.body == semantic.body == promoted.body


@pytest.mark.parametrize(
    "other",
    [
        {"model": "m2"},
        {"temperature": 0.2},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {
            "messages": [
                {"role": "system", "content": "Answer in French."},
                {"role": "user", "content": PROMPT},
            ]
        },
        {"headers": {"x-cache-namespace": "other"}},
        {"tenant": "other"},
    ],
)
async def test_whatever_else_differs_is_a_miss_even_for_the_same_words(
    harness: Harness, other: dict[str, object]
) -> None:
    await harness.ask(PROMPT)

    assert (await harness.ask(PROMPT, **other)).x_cache == "MISS"


async def test_texts_that_are_equal_only_after_normalising_must_pass_the_guard_as_written(
    harness: Harness,
) -> None:
    await harness.ask("How do I polish my nails?")

    other = await harness.ask("How do I Polish my nails?")
    again = await harness.ask("How do I Polish my nails?")
    back = await harness.ask("How do I polish my nails?")

    assert (other.x_cache, other.outcome.reason) == ("MISS", "guard:case")
    assert again.x_cache == "HIT-EXACT"
    assert again.body == other.body
    assert back.said == "answer 1"
    assert harness.exact.count_of("exact_hits") == 2
    assert harness.exact.count_of("misses") == 2


async def test_who_lets_case_and_spacing_count_gets_no_other_spelling(harness: Harness) -> None:
    as_written = {"x-cache-normalize": "false", "x-cache-mode": "exact"}
    await harness.ask("what is rust?")

    other = await harness.ask("what  is rust?", headers=as_written)
    again = await harness.ask("what  is rust?", headers=as_written)
    one = await harness.ask("what is rust?", headers=as_written)

    assert (other.x_cache, other.said) == ("MISS", "answer 2")
    assert (again.x_cache, again.said) == ("HIT-EXACT", "answer 2")
    assert (one.x_cache, one.said) == ("HIT-EXACT", "answer 1")


async def test_a_text_that_is_anothers_normal_spelling_gets_no_other_spelling(
    harness: Harness,
) -> None:
    as_written = {"x-cache-normalize": "false", "x-cache-mode": "exact"}
    await harness.ask("WHAT is Rust?")

    other = await harness.ask("what is rust?", headers=as_written)
    await harness.proxy.counter_writer.drain()

    assert (other.x_cache, other.said) == ("MISS", "answer 2")
    assert (harness.exact.count_of("exact_hits"), harness.exact.count_of("misses")) == (0, 2)


async def test_a_hit_that_was_none_is_not_counted(harness: Harness) -> None:
    await harness.ask("what is rust?")

    await harness.ask(
        "WHAT is rust?", headers={"x-cache-normalize": "false", "x-cache-mode": "exact"}
    )
    await harness.ask("what is rust?")

    assert harness.exact.count_of("exact_hits") == 1
    assert harness.exact.count_of("misses") == 2


async def test_a_near_prompt_that_means_something_else_is_vetoed(harness: Harness) -> None:
    harness.embedder.set_similarity(
        "How do I enable dark mode?", "How do I disable dark mode?", 0.97
    )
    await harness.ask("How do I enable dark mode?")

    other = await harness.ask("How do I disable dark mode?")

    assert other.x_cache == "MISS"
    assert other.outcome.reason.startswith("guard:")
    assert sum(n for name, n in harness.exact.counted().items() if "veto:" in name) == 1


async def test_the_next_candidate_is_considered_when_the_nearest_is_vetoed(
    harness: Harness,
) -> None:
    right, wrong, asked = "What is Rust?", "What is not Rust?", "Tell me what Rust is"
    harness.embedder.set_similarity(asked, wrong, 0.99)
    harness.embedder.set_similarity(asked, right, 0.92)
    await harness.ask(wrong, headers={"x-cache-mode": "write-only"})
    await harness.ask(right, headers={"x-cache-mode": "write-only"})

    hit = await harness.ask(asked)

    assert hit.x_cache == "HIT-SEMANTIC"
    assert hit.said == "answer 2"


async def test_no_candidate_is_searched_that_the_threshold_forbids(harness: Harness) -> None:
    await harness.ask(PROMPT)
    await harness.ask(PARAPHRASE, headers={"x-cache-threshold": "0.95"})

    assert harness.vectors.least_searched == [harness.policy.threshold, 0.95]


async def test_below_the_threshold_is_a_miss_and_a_client_may_raise_it(harness: Harness) -> None:
    await harness.ask(PROMPT)

    tight = await harness.ask(PARAPHRASE, headers={"x-cache-threshold": "0.95"})

    assert (tight.x_cache, tight.outcome.reason) == ("MISS", "below-threshold")


class ForgettingExact(MemoryExact):
    """Loses every entry once a promotion to it has been found."""

    async def lookup(self, query: Lookup) -> Answered:
        found = await super().lookup(query)
        if isinstance(found, AliasFound):
            self.forget_entries()
        return found


async def test_a_promotion_whose_entry_is_deleted_meanwhile_is_found_semantically_again() -> None:
    harness = Harness(exact=ForgettingExact())
    harness.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    await harness.ask(PROMPT)
    await harness.ask(PARAPHRASE)

    answer = await harness.ask(PARAPHRASE)

    assert answer.x_cache == "HIT-SEMANTIC"


async def test_a_promotion_is_judged_again_by_a_stricter_threshold(harness: Harness) -> None:
    await harness.ask(PROMPT)
    await harness.ask(PARAPHRASE)

    strict = await harness.ask(PARAPHRASE, headers={"x-cache-threshold": "0.99"})
    exact_only = await harness.ask(PARAPHRASE, headers={"x-cache-mode": "exact"})

    assert strict.x_cache == "MISS"
    assert exact_only.said == strict.said


async def test_a_text_longer_than_the_window_is_never_compared(harness: Harness) -> None:
    harness.embedder.longest = 5

    first = await harness.ask("one two three four five six")

    assert first.outcome.reason == "too-long"
    assert harness.vectors.held == {}
    assert (await harness.ask("one two three four five six")).x_cache == "HIT-EXACT"


async def test_a_text_too_long_for_the_guard_costs_the_embedder_nothing(harness: Harness) -> None:
    harness.embedder.longest = 1_000_000

    answer = await harness.ask("word " * 2_000)

    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "too-long")
    assert harness.embedder.texts == []


async def test_a_bypass_reads_nothing_and_writes_nothing(harness: Harness) -> None:
    await harness.ask(PROMPT)

    passed = await harness.ask(PROMPT, headers={"x-bypass-cache": "true"})
    other = await harness.ask("Something else entirely", headers={"x-bypass-cache": "true"})

    assert (passed.x_cache, passed.said) == ("BYPASS", "answer 2")
    assert other.x_cache == "BYPASS"
    assert (await harness.ask("Something else entirely")).x_cache == "MISS"
    assert harness.exact.count_of("bypasses") == 2


async def test_read_only_serves_and_leaves_nothing_behind(harness: Harness) -> None:
    await harness.ask(PROMPT)
    held = dict(harness.exact.entries)
    read_only = {"x-cache-mode": "read-only"}

    hit = await harness.ask(PARAPHRASE, headers=read_only)
    miss = await harness.ask("Something else entirely", headers=read_only)

    assert (hit.x_cache, miss.x_cache) == ("HIT-SEMANTIC", "MISS")
    assert harness.exact.entries == held


async def test_refresh_replaces_what_was_stored(harness: Harness) -> None:
    await harness.ask(PROMPT)

    fresh = await harness.ask(PROMPT, headers={"x-cache-mode": "refresh"})

    assert (fresh.x_cache, fresh.said) == ("MISS", "answer 2")
    assert (await harness.ask(PROMPT)).said == "answer 2"


async def test_only_if_cached_never_calls_the_upstream(harness: Harness) -> None:
    only = {"cache-control": "only-if-cached"}

    with pytest.raises(NotInCache):
        await harness.ask(PROMPT, headers=only)
    await harness.ask(PROMPT)

    assert (await harness.ask(PROMPT, headers=only)).x_cache == "HIT-EXACT"
    assert len(harness.upstream.calls) == 1


async def test_a_requested_ttl_holds_in_both_tiers(harness: Harness) -> None:
    await harness.ask(PROMPT, headers={"x-cache-ttl": "60"})

    harness.exact.time += 59
    young = await harness.ask(PROMPT)
    harness.exact.time += 1

    assert (young.x_cache, young.outcome.age_seconds, young.outcome.ttl_seconds) == (
        "HIT-EXACT",
        59,
        1,
    )
    assert (await harness.ask(PARAPHRASE)).x_cache == "MISS"


async def test_a_promotion_never_outlives_its_entry(harness: Harness) -> None:
    await harness.ask(PROMPT, headers={"x-cache-ttl": "60"})
    harness.exact.time += 50
    await harness.ask(PARAPHRASE)
    harness.exact.time += 10

    assert (await harness.ask(PARAPHRASE)).x_cache == "MISS"


async def test_max_age_leaves_older_answers_alone(harness: Harness) -> None:
    await harness.ask(PROMPT)
    harness.exact.time += 31

    assert (await harness.ask(PROMPT, headers={"cache-control": "max-age=30"})).x_cache == "MISS"


async def test_an_entry_that_the_exact_tier_lost_comes_back_with_its_expiry(
    harness: Harness,
) -> None:
    first = await harness.ask(PROMPT)
    harness.exact.forget_entries()
    harness.exact.time += 100

    same, again = await harness.ask(PROMPT), await harness.ask(PROMPT)

    assert (same.x_cache, same.body) == ("HIT-SEMANTIC", first.body)
    assert same.outcome.age_seconds == 100
    assert again.x_cache == "HIT-EXACT"


async def test_what_is_too_old_for_one_client_takes_no_newer_answers_place(
    harness: Harness,
) -> None:
    await harness.ask(PROMPT)
    harness.exact.time += 50
    harness.vectors.away = True
    newer = await harness.ask(PROMPT, headers={"x-cache-mode": "refresh"})
    harness.vectors.away = False
    harness.exact.time += 40

    strict = await harness.ask(PARAPHRASE, headers={"cache-control": "max-age=30, no-store"})

    assert strict.x_cache == "MISS"
    assert (await harness.ask(PROMPT)).body == newer.body


async def test_what_was_cleared_is_not_served_semantically(harness: Harness) -> None:
    await harness.ask(PROMPT)
    await harness.exact.cut("default", "all")

    assert (await harness.ask(PARAPHRASE)).x_cache == "MISS"


async def test_an_answer_in_flight_during_a_clear_is_not_written_back(harness: Harness) -> None:
    answer = await harness.begin(PROMPT, stream=True)
    await harness.exact.cut("default", "all")
    assert not isinstance(answer.body, bytes)
    async for _ in answer.body:
        pass

    assert (await harness.ask(PROMPT)).x_cache == "MISS"
    assert len(harness.vectors.held) == 1  # the second ask's own


async def test_a_model_without_an_upstream_is_refused(harness: Harness) -> None:
    harness.upstream.route_list = []

    with pytest.raises(NotFound, match="'m'"):
        await harness.ask()


async def test_the_semantic_tier_can_be_switched_off() -> None:
    harness = Harness(Policy(semantic=False))
    harness.embedder.set_similarity(PROMPT, PARAPHRASE, 0.99)
    await harness.ask(PROMPT)

    other = await harness.ask(PARAPHRASE)

    assert (other.x_cache, other.outcome.reason) == ("MISS", "semantic-off")
    assert harness.embedder.texts == []


async def test_an_exact_hit_costs_one_command(harness: Harness) -> None:
    await harness.ask(PROMPT)
    before = harness.exact.calls

    await harness.begin(PROMPT)

    assert harness.exact.calls - before == 1
    assert harness.embedder.texts == [PROMPT]


async def test_a_body_that_is_nested_too_deeply_for_a_key_is_refused(harness: Harness) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    body = b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}'
    request = client_request(
        Client("default"),
        ChatDialect(),
        {**parse_object(body), "extra": deep},
        body=body,
        headers={},
    )

    with pytest.raises(InvalidRequest) as refused:
        await harness.proxy.answer(request)

    assert refused.value.code == "invalid_json"
