"""Batches of embeddings: what is asked for, served, reported and counted."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.embedding_upstream import embedding_answer, inputs_of, packed, vector_of
from unit.pipeline.embeddings_harness import EmbeddingsHarness, vectors_in
from unit.pipeline.harness import PRICES


async def test_a_miss_is_the_upstreams_answer_and_a_hit_the_same(
    harness: EmbeddingsHarness,
) -> None:
    miss = await harness.embed(["one", "two words"])
    hit = await harness.embed(["one", "two words"])

    assert (miss.x_cache, miss.outcome.reason) == ("MISS", "not-found")
    assert (hit.x_cache, hit.outcome.reason) == ("HIT-EXACT", "identical")
    assert json.loads(miss.body) == embedding_answer({"model": "m", "input": ["one", "two words"]})
    assert hit.body == miss.body
    assert len(harness.embedding.calls) == 1


async def test_only_what_is_missing_is_asked_for_and_the_answer_is_in_order(
    harness: EmbeddingsHarness,
) -> None:
    await harness.embed(["b", "d"])

    answer = await harness.embed(["a", "b", "c", "d"])

    assert harness.embedding.asked[-1] == ["a", "c"]
    assert vectors_in(answer) == [vector_of(text) for text in "abcd"]
    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "partly-cached")
    assert answer.outcome.items == (2, 4)


async def test_a_batch_is_one_lookup_one_call_and_one_write(harness: EmbeddingsHarness) -> None:
    texts = [f"text {at}" for at in range(100)]
    await harness.embed(texts[:99])
    before = harness.exact.calls

    await harness.begin_embedding(texts)

    assert harness.exact.calls == before + 2
    assert harness.embedding.asked[-1] == ["text 99"]


async def test_identical_inputs_are_asked_for_once(harness: EmbeddingsHarness) -> None:
    answer = await harness.embed(["a b", "c", "a b"])

    assert harness.embedding.asked == [["a b", "c"]]
    assert vectors_in(answer) == [vector_of(text) for text in ("a b", "c", "a b")]
    assert json.loads(answer.body)["usage"]["prompt_tokens"] == 5


async def test_a_single_input_and_one_in_a_batch_share_an_entry(
    harness: EmbeddingsHarness,
) -> None:
    await harness.embed(["a", "b"])

    hit = await harness.embed("b")

    assert hit.x_cache == "HIT-EXACT"
    assert hit.outcome.entry_id is not None
    assert len(harness.embedding.calls) == 1


async def test_numbers_of_a_tokenizer_are_inputs_of_their_own(harness: EmbeddingsHarness) -> None:
    await harness.embed([[1, 2], [3]])

    hit = await harness.embed([1, 2])
    other = await harness.embed("[1,2]")

    assert vectors_in(hit) == [vector_of([1, 2])]
    assert [hit.x_cache, other.x_cache] == ["HIT-EXACT", "MISS"]


async def test_both_encodings_come_from_one_entry(harness: EmbeddingsHarness) -> None:
    await harness.embed("a", encoding_format="base64")

    as_numbers = await harness.embed("a")
    as_text = await harness.embed("a", encoding_format="base64")

    assert vectors_in(as_numbers) == [vector_of("a")]
    assert vectors_in(as_text) == [packed(vector_of("a"))]
    assert len(harness.embedding.calls) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "n"},
        {"dimensions": 2},
        {"task": "query"},
        {"tenant": "other"},
        {"headers": {"x-cache-namespace": "other"}},
    ],
)
async def test_another_request_has_other_entries(
    harness: EmbeddingsHarness, changes: dict[str, Any]
) -> None:
    await harness.embed("a")

    assert (await harness.embed("a", **changes)).x_cache == "MISS"


async def test_a_field_without_effect_makes_no_other_entry(harness: EmbeddingsHarness) -> None:
    await harness.embed("a")

    assert (await harness.embed("a", user="u1")).x_cache == "HIT-EXACT"


async def test_a_hit_reports_its_age_and_saving(harness: EmbeddingsHarness) -> None:
    await harness.embed("one two")
    harness.exact.time += 10
    await harness.embed("three", headers={"x-cache-ttl": "100"})
    harness.exact.time += 5

    outcome = (await harness.embed(["one two", "three"])).outcome

    assert (outcome.age_seconds, outcome.ttl_seconds) == (15, 95)
    assert (outcome.items, outcome.saved_tokens) == ((2, 2), 3)
    assert outcome.saved_nano_dollars == PRICES.known_cost("m", 3, 0)
    assert outcome.entry_id is None
    assert outcome.usage is not None
    assert (outcome.usage.prompt_tokens, outcome.usage.saved) == (3, True)


async def test_a_partly_stored_batch_reports_the_usage_of_the_whole_and_what_was_saved(
    harness: EmbeddingsHarness,
) -> None:
    await harness.embed("one two")

    answer = await harness.embed(["one two", "three"])

    assert json.loads(answer.body)["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    assert answer.outcome.saved_tokens == 2
    assert answer.outcome.usage is not None
    assert (answer.outcome.usage.prompt_tokens, answer.outcome.usage.saved) == (1, False)


async def test_items_are_counted_by_model_and_requests_once(harness: EmbeddingsHarness) -> None:
    await harness.embed(["aa bb", "c"])
    missed = harness.counts()
    await harness.embed(["aa bb", "c"])
    await harness.embed(["c", "d"])

    assert missed == {"misses": 1, "model:m:misses": 2, "model:m:prompt_used": 3}
    assert harness.counts() == {
        "exact_hits": 1,
        "misses": 2,
        "model:m:hits": 3,
        "model:m:misses": 3,
        "model:m:prompt_saved": 4,
        "model:m:prompt_used": 4,
    }


BATCH = st.one_of(
    st.lists(st.text(max_size=4), min_size=1, max_size=6),
    st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=3), min_size=1, max_size=6),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(BATCH, st.sampled_from(["float", "base64"])), min_size=2, max_size=4))
def test_whatever_was_asked_before_a_batch_has_the_vectors_that_the_upstream_would_give(
    asked: list[tuple[list[Any], str]],
) -> None:
    async def ask_all() -> None:
        harness = EmbeddingsHarness()
        for given_inputs, encoding in asked:
            answer = await harness.embed(given_inputs, encoding_format=encoding)
            fields = {"model": "m", "input": given_inputs, "encoding_format": encoding}
            assert json.loads(answer.body)["data"] == embedding_answer(fields)["data"]
        calls = [inputs_of({"input": call}) for call in harness.embedding.asked]
        sent = [json.dumps(each) for call in calls for each in call]
        assert len(sent) == len(set(sent))

    asyncio.run(ask_all())
