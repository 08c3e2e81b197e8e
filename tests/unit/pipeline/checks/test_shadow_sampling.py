"""Facts about semantic hits that are sampled: both answers are compared, and what comes of it."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from fakes.upstream import SSE_HEADERS, chunk, completion, sse
from llm_cache_proxy.administration import Explanation
from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.domain.evaluation.shadow_rules import LEAST_SAMPLES, ShadowRules
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.ports.pair_memory import Standing
from unit.pipeline.bench import Bench, Told

ASKED = "What is Rust?"
ALIKE = "Tell me what Rust is"
READ_ONLY = {"x-cache-mode": "read-only"}


def sampling(**changes: Any) -> Bench:
    bench = Bench(shadow=ShadowRules(rate=0.01), **changes)
    bench.embedder.alike(ASKED, ALIKE, 0.94)
    return bench


@pytest.fixture
def bench() -> Bench:
    return sampling()


@pytest.fixture
def frozen() -> Bench:
    """Nothing runs after an answer."""
    return sampling(frozen=True)


def says(bench: Bench, text: str, status: int = 200) -> None:
    bench.upstream.queue([json.dumps(completion(text)).encode()], status)


async def standing(bench: Bench) -> Standing:
    return await bench.exact.standing("default")


async def hit(bench: Bench, **changes: Any) -> Told:
    return await bench.ask(ALIKE, headers=READ_ONLY, **changes)


async def test_a_sampled_hit_is_served_and_the_upstream_asked_all_the_same(bench: Bench) -> None:
    first = await bench.ask(ASKED)

    told = await bench.ask(ALIKE)

    assert (told.x_cache, told.body) == ("HIT-SEMANTIC", first.body)
    assert len(bench.upstream.calls) == 2
    assert (await standing(bench)).samples == 1
    assert bench.exact.count_of("semantic_hits") == 1
    assert bench.exact.count_of("misses") == 1


async def test_only_the_share_that_was_asked_for_is_sampled(bench: Bench) -> None:
    await bench.ask(ASKED)
    bench.chance = 0.01

    await hit(bench)

    assert len(bench.upstream.calls) == 1
    assert await standing(bench) == Standing()


async def test_answers_that_agree_are_right_and_others_wrong(bench: Bench) -> None:
    bench.embedder.alike("a language", "one language", 0.81)
    bench.embedder.alike("a language", "an oxide", 0.79)
    says(bench, "a language")
    await bench.ask(ASKED)
    for fresh in ("a language", "one language", "an oxide"):
        says(bench, fresh)
        await hit(bench)

    assert bench.exact.count_of("shadow:right") == 2
    assert bench.exact.count_of("shadow:wrong") == 1
    assert await standing(bench) == Standing(samples=3, wrong=1)


async def test_a_verifier_decides_over_the_similarity_of_the_answers() -> None:
    bench = sampling(verified_shadow=True)
    bench.embedder.alike("a language", "no language", 0.99)
    says(bench, "a language")
    await bench.ask(ASKED)

    says(bench, "no language")
    await hit(bench)
    bench.verifier.away = True
    says(bench, "no language")
    await hit(bench)

    assert (await standing(bench)).wrong == 1
    assert bench.exact.count_of("shadow:right") == 1  # without a verdict, similarity is left
    assert bench.verifier.asked[0].kind == "answers"


async def test_what_a_sample_cost_is_counted_and_is_no_result(bench: Bench) -> None:
    await bench.ask(ASKED)

    await hit(bench)

    assert bench.exact.count_of("model:m:prompt_used") == 20
    assert bench.exact.count_of("model:m:completion_used") == 10


@pytest.mark.parametrize("status", [429, 500])
async def test_a_sample_without_an_answer_proves_nothing(bench: Bench, status: int) -> None:
    await bench.ask(ASKED)
    says(bench, "x", status)

    told = await hit(bench)
    bench.upstream.unreachable = True
    again = await hit(bench)

    assert (told.x_cache, again.x_cache) == ("HIT-SEMANTIC", "HIT-SEMANTIC")
    assert bench.exact.count_of("shadow:failed") == 2
    assert await standing(bench) == Standing()


async def test_a_cut_answer_or_a_missing_embedder_prove_nothing_either(bench: Bench) -> None:
    await bench.ask(ASKED)
    bench.upstream.queue([json.dumps(completion("x", finish="length")).encode()])
    await hit(bench)
    answers = bench.embedder.texts
    bench.embedder.away_for = {"other words"}
    says(bench, "other words")
    await hit(bench)

    assert bench.exact.count_of("shadow:failed") == 2
    assert "other words" not in answers


async def test_a_streamed_hit_is_compared_by_what_it_says(bench: Bench) -> None:
    says(bench, "a language")
    await bench.ask(ASKED)
    says(bench, "a language")

    told = await hit(bench, stream=True, stream_options={"include_usage": True})

    assert told.x_cache == "HIT-SEMANTIC"
    sent = json.loads(bench.upstream.calls[-1].body)
    assert sent.keys().isdisjoint({"stream", "stream_options"})
    assert await standing(bench) == Standing(samples=1)


async def test_where_everything_stops_after_an_answer_the_upstream_gives_it(frozen: Bench) -> None:
    await frozen.ask(ASKED)
    says(frozen, "an oxide")

    told = await frozen.ask(ALIKE)
    again = await frozen.ask(ALIKE)

    assert (told.x_cache, told.outcome.reason, told.said) == ("MISS", "shadow", "an oxide")
    assert (again.x_cache, again.said) == ("HIT-EXACT", "an oxide")
    assert await standing(frozen) == Standing(samples=1, wrong=1)
    assert frozen.exact.count_of("semantic_hits") == 0
    assert frozen.exact.count_of("misses") == 2
    assert frozen.exact.count_of("model:m:hits") == 1  # the exact one


async def test_there_a_streamed_answer_is_compared_before_it_ends(frozen: Bench) -> None:
    await frozen.ask(ASKED)
    frozen.upstream.queue(sse(chunk("an oxide"), chunk(finish="stop")), headers=SSE_HEADERS)

    answer = await frozen.begin(ALIKE, stream=True)
    assert not isinstance(answer.body, bytes)
    at_the_end = [await standing(frozen) async for piece in answer.body if b"[DONE]" in piece]

    assert at_the_end == [Standing(samples=1, wrong=1)]


async def test_there_an_upstream_without_an_answer_leaves_the_cached_one(frozen: Bench) -> None:
    first = await frozen.ask(ASKED)
    says(frozen, "slow down", 429)
    busy = await frozen.ask(ALIKE, headers=READ_ONLY)
    frozen.upstream.unreachable = True

    away = await frozen.ask(ALIKE, headers=READ_ONLY)

    assert (busy.x_cache, busy.status, busy.body) == ("HIT-SEMANTIC", 200, first.body)
    assert (away.x_cache, away.body) == ("HIT-SEMANTIC", first.body)


async def test_there_a_client_that_wants_only_the_cache_is_not_sampled(frozen: Bench) -> None:
    await frozen.ask(ASKED)

    told = await frozen.ask(ALIKE, headers={"cache-control": "only-if-cached"})

    assert told.x_cache == "HIT-SEMANTIC"
    assert len(frozen.upstream.calls) == 1


async def test_too_many_wrong_samples_raise_the_threshold_for_good(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await bench.ask(ASKED)
    with caplog.at_level(logging.WARNING):
        for _ in range(LEAST_SAMPLES):
            says(bench, "an oxide")
            assert (await hit(bench)).x_cache == "HIT-SEMANTIC"
    bench.embedder.alike(ASKED, "What, pray, is Rust?", 0.915)

    near = await bench.ask("What, pray, is Rust?")
    nearer = await hit(bench)

    assert await standing(bench) == Standing(raised_threshold=0.92, samples=1, wrong=1)
    assert (near.x_cache, near.outcome.reason) == ("MISS", "threshold-raised")
    assert nearer.x_cache == "HIT-SEMANTIC"
    assert bench.exact.count_of("shadow:threshold_raised") == 1
    assert "semantic threshold raised to 0.92 for tenant 'default'" in caplog.text


async def test_a_raised_threshold_holds_for_promotions_and_other_instances(bench: Bench) -> None:
    await bench.ask(ASKED)
    assert (await bench.ask(ALIKE)).x_cache == "HIT-SEMANTIC"
    await bench.exact.set_threshold("default", 0.96, before=0.0)

    told = await bench.ask(ALIKE)

    assert (told.x_cache, told.outcome.reason) == ("MISS", "threshold-raised")


async def test_one_tenants_samples_raise_nothing_for_another(bench: Bench) -> None:
    await bench.exact.set_threshold("other", 0.99, before=0.0)
    await bench.ask(ASKED)

    assert (await bench.ask(ALIKE)).x_cache == "HIT-SEMANTIC"


async def test_samples_that_cannot_be_kept_harm_nobody(bench: Bench) -> None:
    await bench.ask(ASKED)
    bench.exact.keeps_samples = False

    assert (await hit(bench)).x_cache == "HIT-SEMANTIC"
    assert bench.exact.count_of("error:exact") == 1


async def test_an_explanation_is_not_sampled() -> None:
    bench = sampling(policy=Policy())
    await bench.ask(ASKED)

    told = await Explanation(bench.proxy).explain(Fields({"prompt": ALIKE, "model": "m"}))
    await bench.proxy.drain()

    assert told["result"] == "HIT-SEMANTIC"
    assert len(bench.upstream.calls) == 1


@pytest.mark.parametrize(
    ("stream", "body"),
    [
        (False, "no json"),
        (False, "[1]"),
        (False, '{"choices": []}'),
        (True, "data: rubbish\n\n"),
        (True, ": only a comment\n\n"),
    ],
)
async def test_an_entry_that_says_nothing_readable_is_served_and_not_sampled(
    bench: Bench, body: str, *, stream: bool
) -> None:
    await bench.ask(ASKED)
    for place, entry in bench.exact.entries.items():
        assert not isinstance(entry, tuple)
        forms = replace(entry.forms, json=body, sse=body)
        bench.exact.entries[place] = replace(entry, forms=forms)

    told = await hit(bench, stream=stream)

    assert told.x_cache == "HIT-SEMANTIC"
    assert len(bench.upstream.calls) == 1


async def test_an_answer_that_is_no_json_proves_nothing(bench: Bench) -> None:
    await bench.ask(ASKED)
    bench.upstream.queue([b"<html>"])

    await hit(bench)

    assert bench.exact.count_of("shadow:failed") == 1


async def test_of_two_instances_that_would_raise_one_does(bench: Bench) -> None:
    await bench.ask(ASKED)
    for _ in range(LEAST_SAMPLES):
        await bench.exact.sampled("default", wrong=True)
    bench.exact.raises = False  # another instance was quicker
    says(bench, "an oxide")

    await hit(bench)

    assert bench.exact.count_of("shadow:threshold_raised") == 0
