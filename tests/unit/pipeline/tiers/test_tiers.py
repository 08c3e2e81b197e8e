"""Facts about which tier answers what."""

from typing import Any

import pytest

from fakes.exact import FakeExact
from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.errors import InvalidRequest, NotFound, NotInCache
from llm_cache_proxy.domain.json_text import parse_object
from llm_cache_proxy.domain.requests.controls import parse_controls
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.pipeline.request.client_request import ClientRequest
from llm_cache_proxy.ports.exact_store import AliasFound, Answered, Lookup
from unit.pipeline.bench import Bench

ASKED = "What is Rust?"
ALIKE = "Tell me what Rust is"


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.embedder.alike(ASKED, ALIKE, 0.94)
    return made


async def test_the_first_ask_is_a_miss_and_the_second_an_exact_hit(bench: Bench) -> None:
    first, second = await bench.ask(), await bench.ask()

    assert (first.x_cache, second.x_cache) == ("MISS", "HIT-EXACT")
    assert second.body == first.body
    assert second.outcome.reason == "identical"
    assert len(bench.upstream.calls) == 1


async def test_other_case_and_spacing_is_an_exact_hit(bench: Bench) -> None:
    await bench.ask(ASKED)

    again = await bench.ask("  WHAT  is rust? ")

    assert (again.x_cache, again.outcome.reason) == ("HIT-EXACT", "normalised")


async def test_a_paraphrase_is_a_semantic_hit_and_then_an_exact_one(bench: Bench) -> None:
    first = await bench.ask(ASKED)

    by_meaning, promoted = await bench.ask(ALIKE), await bench.ask(ALIKE)

    assert by_meaning.x_cache == "HIT-SEMANTIC"
    assert by_meaning.outcome.similarity == pytest.approx(0.94)
    assert (promoted.x_cache, promoted.outcome.reason) == ("HIT-EXACT", "promoted")
    assert first.body == by_meaning.body == promoted.body


@pytest.mark.parametrize(
    "other",
    [
        {"model": "m2"},
        {"temperature": 0.2},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {
            "messages": [
                {"role": "system", "content": "Answer in French."},
                {"role": "user", "content": ASKED},
            ]
        },
        {"headers": {"x-cache-namespace": "other"}},
        {"tenant": "other"},
    ],
)
async def test_whatever_else_differs_is_a_miss_even_for_the_same_words(
    bench: Bench, other: dict[str, object]
) -> None:
    await bench.ask(ASKED)

    assert (await bench.ask(ASKED, **other)).x_cache == "MISS"


async def test_words_that_only_normalising_makes_alike_must_pass_the_guard_as_written(
    bench: Bench,
) -> None:
    await bench.ask("How do I polish my nails?")

    other = await bench.ask("How do I Polish my nails?")
    again = await bench.ask("How do I Polish my nails?")
    back = await bench.ask("How do I polish my nails?")

    assert (other.x_cache, other.outcome.reason) == ("MISS", "guard:case")
    assert again.x_cache == "HIT-EXACT"
    assert again.body == other.body
    assert back.said == "answer 1"
    assert bench.exact.count_of("exact_hits") == 2
    assert bench.exact.count_of("misses") == 2


async def test_who_lets_case_and_spacing_count_gets_no_other_spelling(bench: Bench) -> None:
    as_written = {"x-cache-normalize": "false", "x-cache-mode": "exact"}
    await bench.ask("what is rust?")

    other = await bench.ask("what  is rust?", headers=as_written)
    again = await bench.ask("what  is rust?", headers=as_written)
    one = await bench.ask("what is rust?", headers=as_written)

    assert (other.x_cache, other.said) == ("MISS", "answer 2")
    assert (again.x_cache, again.said) == ("HIT-EXACT", "answer 2")
    assert (one.x_cache, one.said) == ("HIT-EXACT", "answer 1")


async def test_a_text_that_is_anothers_normal_spelling_gets_no_other_spelling(
    bench: Bench,
) -> None:
    as_written = {"x-cache-normalize": "false", "x-cache-mode": "exact"}
    await bench.ask("WHAT is Rust?")

    other = await bench.ask("what is rust?", headers=as_written)
    await bench.proxy.counter_writer.drain()

    assert (other.x_cache, other.said) == ("MISS", "answer 2")
    assert (bench.exact.count_of("exact_hits"), bench.exact.count_of("misses")) == (0, 2)


async def test_a_hit_that_was_none_is_not_counted(bench: Bench) -> None:
    await bench.ask("what is rust?")

    await bench.ask(
        "WHAT is rust?", headers={"x-cache-normalize": "false", "x-cache-mode": "exact"}
    )
    await bench.ask("what is rust?")

    assert bench.exact.count_of("exact_hits") == 1
    assert bench.exact.count_of("misses") == 2


async def test_a_near_prompt_that_means_something_else_is_vetoed(bench: Bench) -> None:
    bench.embedder.alike("How do I enable dark mode?", "How do I disable dark mode?", 0.97)
    await bench.ask("How do I enable dark mode?")

    other = await bench.ask("How do I disable dark mode?")

    assert other.x_cache == "MISS"
    assert other.outcome.reason.startswith("guard:")
    assert sum(n for name, n in bench.exact.counted["default"].items() if "veto:" in name) == 1


async def test_the_next_candidate_is_considered_when_the_nearest_is_vetoed(bench: Bench) -> None:
    right, wrong, asked = "What is Rust?", "What is not Rust?", "Tell me what Rust is"
    bench.embedder.alike(asked, wrong, 0.99)
    bench.embedder.alike(asked, right, 0.92)
    await bench.ask(wrong, headers={"x-cache-mode": "write-only"})
    await bench.ask(right, headers={"x-cache-mode": "write-only"})

    hit = await bench.ask(asked)

    assert hit.x_cache == "HIT-SEMANTIC"
    assert hit.said == "answer 2"


async def test_below_the_threshold_is_a_miss_and_a_client_may_raise_it(bench: Bench) -> None:
    await bench.ask(ASKED)

    tight = await bench.ask(ALIKE, headers={"x-cache-threshold": "0.95"})

    assert (tight.x_cache, tight.outcome.reason) == ("MISS", "below-threshold")


class ForgettingExact(FakeExact):
    """Loses every entry once a promotion to it has been found."""

    async def lookup(self, query: Lookup) -> Answered:
        found = await super().lookup(query)
        if isinstance(found, AliasFound):
            self.entries.clear()
        return found


async def test_a_promotion_whose_entry_goes_away_meanwhile_is_found_by_meaning_again() -> None:
    bench = Bench(exact=ForgettingExact())
    bench.embedder.alike(ASKED, ALIKE, 0.94)
    await bench.ask(ASKED)
    await bench.ask(ALIKE)

    told = await bench.ask(ALIKE)

    assert told.x_cache == "HIT-SEMANTIC"


async def test_a_promotion_is_judged_again_by_a_stricter_threshold(bench: Bench) -> None:
    await bench.ask(ASKED)
    await bench.ask(ALIKE)

    strict = await bench.ask(ALIKE, headers={"x-cache-threshold": "0.99"})
    exact_only = await bench.ask(ALIKE, headers={"x-cache-mode": "exact"})

    assert strict.x_cache == "MISS"
    assert exact_only.said == strict.said


async def test_a_text_longer_than_the_window_is_never_compared(bench: Bench) -> None:
    bench.embedder.longest = 5

    first = await bench.ask("one two three four five six")

    assert first.outcome.reason == "too-long"
    assert bench.vectors.held == {}
    assert (await bench.ask("one two three four five six")).x_cache == "HIT-EXACT"


async def test_a_text_too_long_for_the_guard_costs_the_embedder_nothing(bench: Bench) -> None:
    bench.embedder.longest = 1_000_000

    told = await bench.ask("word " * 2_000)

    assert (told.x_cache, told.outcome.reason) == ("MISS", "too-long")
    assert bench.embedder.texts == []


async def test_a_bypass_reads_nothing_and_writes_nothing(bench: Bench) -> None:
    await bench.ask(ASKED)

    passed = await bench.ask(ASKED, headers={"x-bypass-cache": "true"})
    other = await bench.ask("Something else entirely", headers={"x-bypass-cache": "true"})

    assert (passed.x_cache, passed.said) == ("BYPASS", "answer 2")
    assert other.x_cache == "BYPASS"
    assert (await bench.ask("Something else entirely")).x_cache == "MISS"
    assert bench.exact.count_of("bypasses") == 2


async def test_read_only_serves_and_leaves_nothing_behind(bench: Bench) -> None:
    await bench.ask(ASKED)
    held = dict(bench.exact.entries)
    read_only = {"x-cache-mode": "read-only"}

    hit = await bench.ask(ALIKE, headers=read_only)
    miss = await bench.ask("Something else entirely", headers=read_only)

    assert (hit.x_cache, miss.x_cache) == ("HIT-SEMANTIC", "MISS")
    assert bench.exact.entries == held


async def test_refresh_replaces_what_was_stored(bench: Bench) -> None:
    await bench.ask(ASKED)

    fresh = await bench.ask(ASKED, headers={"x-cache-mode": "refresh"})

    assert (fresh.x_cache, fresh.said) == ("MISS", "answer 2")
    assert (await bench.ask(ASKED)).said == "answer 2"


async def test_only_if_cached_never_asks_the_upstream(bench: Bench) -> None:
    only = {"cache-control": "only-if-cached"}

    with pytest.raises(NotInCache):
        await bench.ask(ASKED, headers=only)
    await bench.ask(ASKED)

    assert (await bench.ask(ASKED, headers=only)).x_cache == "HIT-EXACT"
    assert len(bench.upstream.calls) == 1


async def test_a_life_asked_for_ends_in_both_tiers(bench: Bench) -> None:
    await bench.ask(ASKED, headers={"x-cache-ttl": "60"})

    bench.exact.time += 59
    young = await bench.ask(ASKED)
    bench.exact.time += 1

    assert (young.x_cache, young.outcome.age_seconds, young.outcome.ttl_seconds) == (
        "HIT-EXACT",
        59,
        1,
    )
    assert (await bench.ask(ALIKE)).x_cache == "MISS"


async def test_a_promotion_never_outlives_its_entry(bench: Bench) -> None:
    await bench.ask(ASKED, headers={"x-cache-ttl": "60"})
    bench.exact.time += 50
    await bench.ask(ALIKE)
    bench.exact.time += 10

    assert (await bench.ask(ALIKE)).x_cache == "MISS"


async def test_max_age_leaves_older_answers_alone(bench: Bench) -> None:
    await bench.ask(ASKED)
    bench.exact.time += 31

    assert (await bench.ask(ASKED, headers={"cache-control": "max-age=30"})).x_cache == "MISS"


async def test_an_entry_that_the_exact_tier_lost_comes_back_with_its_life(bench: Bench) -> None:
    first = await bench.ask(ASKED)
    bench.exact.entries.clear()
    bench.exact.time += 100

    same, again = await bench.ask(ASKED), await bench.ask(ASKED)

    assert (same.x_cache, same.body) == ("HIT-SEMANTIC", first.body)
    assert same.outcome.age_seconds == 100
    assert again.x_cache == "HIT-EXACT"


async def test_what_is_too_old_for_one_client_takes_no_newer_answers_place(bench: Bench) -> None:
    await bench.ask(ASKED)
    bench.exact.time += 50
    bench.vectors.away = True
    newer = await bench.ask(ASKED, headers={"x-cache-mode": "refresh"})
    bench.vectors.away = False
    bench.exact.time += 40

    strict = await bench.ask(ALIKE, headers={"cache-control": "max-age=30, no-store"})

    assert strict.x_cache == "MISS"
    assert (await bench.ask(ASKED)).body == newer.body


async def test_what_was_cleared_is_not_served_by_meaning(bench: Bench) -> None:
    await bench.ask(ASKED)
    await bench.exact.cut("default", "all")

    assert (await bench.ask(ALIKE)).x_cache == "MISS"


async def test_an_answer_in_flight_during_a_clear_is_not_written_back(bench: Bench) -> None:
    answer = await bench.begin(ASKED, stream=True)
    await bench.exact.cut("default", "all")
    assert not isinstance(answer.body, bytes)
    async for _ in answer.body:
        pass

    assert (await bench.ask(ASKED)).x_cache == "MISS"
    assert len(bench.vectors.held) == 1  # the second ask's own


async def test_a_model_nobody_serves_is_refused(bench: Bench) -> None:
    bench.upstream.route_list = []

    with pytest.raises(NotFound, match="'m'"):
        await bench.ask()


async def test_meaning_can_be_switched_off() -> None:
    bench = Bench(Policy(semantic=False))
    bench.embedder.alike(ASKED, ALIKE, 0.99)
    await bench.ask(ASKED)

    other = await bench.ask(ALIKE)

    assert (other.x_cache, other.outcome.reason) == ("MISS", "semantic-off")
    assert bench.embedder.texts == []


async def test_an_exact_hit_costs_one_command(bench: Bench) -> None:
    await bench.ask(ASKED)
    before = bench.exact.commands

    await bench.begin(ASKED)

    assert bench.exact.commands - before == 1
    assert bench.embedder.texts == [ASKED]


async def test_a_body_that_is_nested_too_deeply_for_a_key_is_refused(bench: Bench) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    body = b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}'
    request = ClientRequest(
        tenant="default",
        query="",
        headers={},
        body=body,
        fields={**parse_object(body), "extra": deep},
        controls=parse_controls({}),
        dialect=ChatDialect(),
    )

    with pytest.raises(InvalidRequest) as refused:
        await bench.proxy.answer(request)

    assert refused.value.code == "invalid_json"
