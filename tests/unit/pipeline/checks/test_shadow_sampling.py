"""Facts about semantic hits that are sampled: both answers are compared, and what comes of it."""

import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from fakes.exact import MemoryExact
from fakes.upstream import SSE_HEADERS, chunk, completion, sse
from llm_cache_proxy.administration import Explanation
from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.domain.requests.shadow_rules import LEAST_SAMPLES, ShadowRules
from llm_cache_proxy.ports.exact_store.pairs import Standing
from llm_cache_proxy.ports.exact_store.store import Commit
from unit.pipeline.harness import Harness, ReceivedAnswer
from unit.pipeline.learning_harness import UNWILLING, prepared

PROMPT = "What is Rust?"
PARAPHRASE = "Tell me what Rust is"
READ_ONLY = {"x-cache-mode": "read-only"}


def sampling(**changes: Any) -> Harness:
    harness = Harness(shadow=ShadowRules(rate=0.01), **changes)
    harness.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    return harness


@pytest.fixture
def harness() -> Harness:
    return sampling()


@pytest.fixture
def frozen() -> Harness:
    """Nothing runs after an answer."""
    return sampling(frozen=True)


def says(harness: Harness, text: str, status: int = 200) -> None:
    harness.upstream.queue([json.dumps(completion(text)).encode()], status)


async def standing(harness: Harness) -> Standing:
    return await harness.exact.standing("default")


async def hit(harness: Harness, **changes: Any) -> ReceivedAnswer:
    return await harness.ask(PARAPHRASE, headers=READ_ONLY, **changes)


async def test_a_sampled_hit_is_served_and_the_upstream_called_all_the_same(
    harness: Harness,
) -> None:
    first = await harness.ask(PROMPT)

    answer = await harness.ask(PARAPHRASE)

    assert (answer.x_cache, answer.body) == ("HIT-SEMANTIC", first.body)
    assert len(harness.upstream.calls) == 2
    assert (await standing(harness)).samples == 1
    assert harness.exact.count_of("semantic_hits") == 1
    assert harness.exact.count_of("misses") == 1


async def test_only_the_share_that_was_requested_is_sampled(harness: Harness) -> None:
    await harness.ask(PROMPT)
    harness.chance = 0.01

    await hit(harness)

    assert len(harness.upstream.calls) == 1
    assert await standing(harness) == Standing()


async def test_answers_that_agree_are_right_and_others_wrong(harness: Harness) -> None:
    harness.embedder.set_similarity("a language", "one language", 0.7)
    harness.embedder.set_similarity("a language", "an oxide", 0.5)
    says(harness, "a language")
    await harness.ask(PROMPT)
    for fresh in ("a language", "one language", "an oxide"):
        says(harness, fresh)
        await hit(harness)

    assert harness.exact.count_of("shadow:right") == 2
    assert harness.exact.count_of("shadow:wrong") == 1
    assert await standing(harness) == Standing(samples=3, wrong=1)


async def test_a_verifier_decides_over_the_similarity_of_the_answers() -> None:
    harness = sampling(verified_shadow=True)
    harness.embedder.set_similarity("a language", "no language", 0.99)
    says(harness, "a language")
    await harness.ask(PROMPT)

    says(harness, "no language")
    await hit(harness)
    harness.verifier.away = True
    says(harness, "no language")
    await hit(harness)

    assert (await standing(harness)).wrong == 1
    assert harness.exact.count_of("shadow:right") == 1  # without a verdict, similarity is left
    assert harness.verifier.asked[0].kind == "answers"


async def test_what_a_sample_cost_is_counted_and_is_no_result(harness: Harness) -> None:
    await harness.ask(PROMPT)

    await hit(harness)

    assert harness.exact.count_of("model:m:prompt_used") == 20
    assert harness.exact.count_of("model:m:completion_used") == 10


@pytest.mark.parametrize("status", [429, 500])
async def test_a_sample_without_an_answer_proves_nothing(harness: Harness, status: int) -> None:
    await harness.ask(PROMPT)
    says(harness, "x", status)

    answer = await hit(harness)
    harness.upstream.unreachable = True
    again = await hit(harness)

    assert (answer.x_cache, again.x_cache) == ("HIT-SEMANTIC", "HIT-SEMANTIC")
    assert harness.exact.count_of("shadow:failed") == 2
    assert await standing(harness) == Standing()


async def test_a_cut_answer_or_a_missing_embedder_prove_nothing_either(harness: Harness) -> None:
    await harness.ask(PROMPT)
    harness.upstream.queue([json.dumps(completion("x", finish="length")).encode()])
    await hit(harness)
    answers = harness.embedder.texts
    harness.embedder.away_for = {"other words"}
    says(harness, "other words")
    await hit(harness)

    assert harness.exact.count_of("shadow:failed") == 2
    assert "other words" not in answers


async def test_a_streamed_hit_is_compared_by_what_it_says(harness: Harness) -> None:
    says(harness, "a language")
    await harness.ask(PROMPT)
    says(harness, "a language")

    answer = await hit(harness, stream=True, stream_options={"include_usage": True})

    assert answer.x_cache == "HIT-SEMANTIC"
    sent = json.loads(harness.upstream.calls[-1].body)
    assert sent.keys().isdisjoint({"stream", "stream_options"})
    assert await standing(harness) == Standing(samples=1)


async def test_where_everything_stops_after_an_answer_the_upstream_gives_it(
    frozen: Harness,
) -> None:
    await frozen.ask(PROMPT)
    says(frozen, "an oxide")

    answer = await frozen.ask(PARAPHRASE)
    again = await frozen.ask(PARAPHRASE)

    assert (answer.x_cache, answer.outcome.reason, answer.said) == ("MISS", "shadow", "an oxide")
    assert (again.x_cache, again.said) == ("HIT-EXACT", "an oxide")
    assert await standing(frozen) == Standing(samples=1, wrong=1)
    assert frozen.exact.count_of("semantic_hits") == 0
    assert frozen.exact.count_of("misses") == 2
    assert frozen.exact.count_of("model:m:hits") == 1  # the exact one


async def test_there_a_streamed_answer_is_compared_before_it_ends(frozen: Harness) -> None:
    await frozen.ask(PROMPT)
    frozen.upstream.queue(sse(chunk("an oxide"), chunk(finish="stop")), headers=SSE_HEADERS)

    answer = await frozen.begin(PARAPHRASE, stream=True)
    assert not isinstance(answer.body, bytes)
    at_the_end = [await standing(frozen) async for piece in answer.body if b"[DONE]" in piece]

    assert at_the_end == [Standing(samples=1, wrong=1)]


async def test_there_an_upstream_without_an_answer_leaves_the_cached_one(frozen: Harness) -> None:
    first = await frozen.ask(PROMPT)
    says(frozen, "slow down", 429)
    busy = await frozen.ask(PARAPHRASE, headers=READ_ONLY)
    frozen.upstream.unreachable = True

    away = await frozen.ask(PARAPHRASE, headers=READ_ONLY)

    assert (busy.x_cache, busy.status, busy.body) == ("HIT-SEMANTIC", 200, first.body)
    assert (away.x_cache, away.body) == ("HIT-SEMANTIC", first.body)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("client", UNWILLING.values(), ids=UNWILLING)
async def test_no_hit_of_a_client_that_should_pay_nothing_is_sampled(
    client: dict[str, Any], *, frozen: bool
) -> None:
    harness = sampling(frozen=frozen)
    await harness.ask(PROMPT)
    await prepared(harness, client)
    calls = len(harness.upstream.calls)

    answer = await harness.ask(PARAPHRASE, **client)

    assert answer.x_cache == "HIT-SEMANTIC"
    assert len(harness.upstream.calls) == calls


async def test_too_many_wrong_samples_raise_the_threshold_for_good(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    await harness.ask(PROMPT)
    with caplog.at_level(logging.WARNING):
        for _ in range(LEAST_SAMPLES):
            says(harness, "an oxide")
            assert (await hit(harness)).x_cache == "HIT-SEMANTIC"
    harness.embedder.set_similarity(PROMPT, "What, pray, is Rust?", 0.915)

    near = await harness.ask("What, pray, is Rust?")
    nearer = await hit(harness)

    assert await standing(harness) == Standing(raised_threshold=0.92, samples=1, wrong=1)
    assert (near.x_cache, near.outcome.reason) == ("MISS", "threshold-raised")
    assert nearer.x_cache == "HIT-SEMANTIC"
    assert harness.exact.count_of("shadow:threshold_raised") == 1
    assert "semantic threshold raised to 0.92 for tenant 'default'" in caplog.text


async def test_a_raised_threshold_holds_for_promotions_and_other_instances(
    harness: Harness,
) -> None:
    await harness.ask(PROMPT)
    assert (await harness.ask(PARAPHRASE)).x_cache == "HIT-SEMANTIC"
    await harness.exact.set_threshold("default", 0.96, before=0.0)

    answer = await harness.ask(PARAPHRASE)

    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "threshold-raised")


async def test_one_tenants_samples_raise_nothing_for_another(harness: Harness) -> None:
    await harness.exact.set_threshold("other", 0.99, before=0.0)
    await harness.ask(PROMPT)

    assert (await harness.ask(PARAPHRASE)).x_cache == "HIT-SEMANTIC"


async def test_samples_that_cannot_be_kept_harm_no_request(harness: Harness) -> None:
    await harness.ask(PROMPT)
    harness.exact.failing.add("sampled")

    assert (await hit(harness)).x_cache == "HIT-SEMANTIC"
    assert harness.exact.count_of("error:exact") == 1


async def test_an_explanation_is_not_sampled() -> None:
    harness = sampling(policy=Policy())
    await harness.ask(PROMPT)

    answer = await Explanation(harness.pipeline).explain(
        Fields({"prompt": PARAPHRASE, "model": "m"})
    )
    await harness.proxy.drain()

    assert answer["result"] == "HIT-SEMANTIC"
    assert len(harness.upstream.calls) == 1


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
    harness: Harness, body: str, *, stream: bool
) -> None:
    await harness.ask(PROMPT)
    [entry] = harness.exact.entries.values()
    assert isinstance(entry, Entry)
    forms = replace(entry.forms, json=body, sse=body)
    await harness.exact.commit(Commit("default", replace(entry, forms=forms)))

    answer = await hit(harness, stream=stream)

    assert answer.x_cache == "HIT-SEMANTIC"
    assert len(harness.upstream.calls) == 1


async def test_an_answer_that_is_no_json_proves_nothing(harness: Harness) -> None:
    await harness.ask(PROMPT)
    harness.upstream.queue([b"<html>"])

    await hit(harness)

    assert harness.exact.count_of("shadow:failed") == 1


class RaisedElsewhere(MemoryExact):
    """In which another instance is always first to raise the threshold."""

    async def set_threshold(self, tenant: str, threshold: float, *, before: float) -> bool:
        await super().set_threshold(tenant, threshold, before=before)
        return await super().set_threshold(tenant, threshold, before=before)


async def test_of_two_instances_that_would_raise_one_does() -> None:
    harness = sampling(exact=RaisedElsewhere())
    await harness.ask(PROMPT)
    for _ in range(LEAST_SAMPLES):
        await harness.exact.sampled("default", wrong=True)
    says(harness, "an oxide")

    await hit(harness)

    assert harness.exact.count_of("shadow:threshold_raised") == 0
