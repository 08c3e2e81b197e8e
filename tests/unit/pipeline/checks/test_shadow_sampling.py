"""Facts about semantic hits that are sampled: both answers are compared, and what comes of it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from fakes.upstream import completion
from llm_cache_proxy.administration import Explanation
from llm_cache_proxy.administration.action_fields import Fields
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.ports.exact_store.pairs import Standing
from llm_cache_proxy.ports.exact_store.store import Commit
from unit.pipeline.harness import Harness
from unit.pipeline.learning_harness import UNWILLING, prepared
from unit.pipeline.sampling_harness import (
    PARAPHRASE,
    PROMPT,
    hit,
    sampling,
    says,
    standing,
)


@pytest.fixture
def harness() -> Harness:
    return sampling()


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
