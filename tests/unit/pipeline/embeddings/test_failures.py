"""Batches of embeddings while a store or the upstream fails, or answers strangely."""

import json
from dataclasses import replace

import pytest

from fakes.embedding_upstream import embedding_answer, vector_of
from llm_cache_proxy.domain.entries.entry import Entry, Forms
from llm_cache_proxy.domain.errors import UpstreamUnreachable
from llm_cache_proxy.ports.exact_store.store import Commit
from llm_cache_proxy.ports.upstream import Route
from unit.pipeline.embeddings_harness import EmbeddingsHarness, vectors_in


async def test_a_store_that_is_away_is_a_miss(harness: EmbeddingsHarness) -> None:
    await harness.embed("a")
    harness.exact.away = True

    answer = await harness.embed("a")
    harness.exact.away = False
    await harness.proxy.drain()

    assert (answer.x_cache, answer.outcome.reason) == ("MISS", "exact-unavailable")
    assert vectors_in(answer) == [vector_of("a")]
    assert harness.counts()["error:exact"] == 1
    assert harness.counts()["misses"] == 2


async def test_batches_that_fail_leave_the_exact_tier_to_others(
    harness: EmbeddingsHarness,
) -> None:
    harness.exact.away = True
    for text in ("a", "b", "c"):
        await harness.embed(text)
    harness.exact.away = False

    resting = await harness.embed("a")
    other = await harness.ask()
    harness.exact.time += 3
    again = await harness.embed("a")

    assert resting.outcome.reason == "exact-unavailable"
    assert other.outcome.reason != "exact-unavailable"
    assert again.outcome.reason == "not-found"


async def test_a_store_that_fails_at_the_write_loses_no_counts(
    harness: EmbeddingsHarness,
) -> None:
    await harness.embed("other")
    harness.embedding.meanwhile = lambda: setattr(harness.exact, "away", True)

    answer = await harness.begin_embedding("a")
    harness.exact.away = False
    await harness.proxy.drain()

    assert answer.outcome.result == "MISS"
    assert harness.counts()["model:m:misses"] == 2
    assert harness.counts()["error:exact"] == 1


async def test_more_entries_than_one_write_holds_are_stored(harness: EmbeddingsHarness) -> None:
    texts = [str(at) for at in range(300)]
    await harness.embed(texts)

    assert len(harness.exact.entries) == 300
    assert harness.counts()["model:m:misses"] == 300


async def test_a_malformed_entry_is_asked_for_again(harness: EmbeddingsHarness) -> None:
    await harness.embed(["a", "b"])
    place, held = next(iter(harness.exact.entries.items()))
    assert isinstance(held, Entry)
    await harness.exact.commit(Commit("default", replace(held, forms=Forms("{}", "", ""))))

    answer = await harness.embed(["a", "b"])

    assert len(harness.embedding.asked[-1]) == 1
    assert vectors_in(answer) == [vector_of("a"), vector_of("b")]
    assert harness.exact.entries[place] == held


async def test_the_upstreams_error_is_passed_on_and_nothing_stored(
    harness: EmbeddingsHarness,
) -> None:
    await harness.embed("a")
    harness.embedding.queue([b'{"error":{"message":"too long"}}'], 400)

    answer = await harness.embed(["a", "b"])

    assert (answer.status, answer.x_cache) == (400, "ERROR")
    assert answer.body == b'{"error":{"message":"too long"}}'
    assert len(harness.exact.entries) == 1
    assert harness.counts()["error"] == 1


async def test_an_upstream_without_an_answer_is_an_error_and_counted(
    harness: EmbeddingsHarness,
) -> None:
    harness.embedding.unreachable = True

    with pytest.raises(UpstreamUnreachable):
        await harness.embed("a")
    await harness.proxy.drain()

    assert harness.counts()["error"] == 1


@pytest.mark.parametrize("body", [b'{"data": []}', b"[]", b"vectors"])
async def test_an_answer_that_cannot_be_taken_apart_is_passed_on_as_it_came(
    harness: EmbeddingsHarness, body: bytes
) -> None:
    harness.embedding.queue([body])

    answer = await harness.embed(["a", "b"])

    assert (answer.status, answer.body, answer.x_cache) == (200, body, "MISS")
    assert not harness.exact.entries


async def test_where_a_part_cannot_be_taken_apart_the_whole_is_asked_for(
    harness: EmbeddingsHarness,
) -> None:
    await harness.embed("a")
    harness.embedding.queue([b'{"data": []}'])

    answer = await harness.embed(["a", "b"])

    assert harness.embedding.asked == ["a", ["b"], ["a", "b"]]
    assert json.loads(answer.body) == embedding_answer({"model": "m", "input": ["a", "b"]})
    assert len(harness.exact.entries) == 1


async def test_an_answer_that_is_no_200_is_passed_on_and_not_stored(
    harness: EmbeddingsHarness,
) -> None:
    body = json.dumps(embedding_answer({"model": "m", "input": "a"})).encode()
    harness.embedding.queue([body], 206)

    answer = await harness.embed("a")

    assert (answer.status, answer.body) == (206, body)
    assert not harness.exact.entries


async def test_what_another_upstream_answered_is_stored_as_its_own(
    harness: EmbeddingsHarness,
) -> None:
    first, second = Route("one", "m"), Route("two", "n")
    harness.embedding.route_list = [first, second]
    harness.embedding.answering_route = second

    await harness.embed(["a", "b"])
    again = await harness.embed(["a", "b"])
    harness.embedding.route_list = [second]
    hit = await harness.embed(["a", "b"])

    assert [again.x_cache, hit.x_cache] == ["MISS", "HIT-EXACT"]


async def test_an_answer_without_usage_is_kept_without_tokens(harness: EmbeddingsHarness) -> None:
    harness.embedding.queue([b'{"data":[{"embedding":[0.5]}]}'])

    await harness.embed("a")
    hit = await harness.embed("a")

    assert json.loads(hit.body) == {"data": [{"embedding": [0.5]}]}
    assert hit.outcome.saved_tokens is None


async def test_an_answer_beyond_what_is_taken_apart_is_asked_for_again_and_passed_on(
    harness: EmbeddingsHarness,
) -> None:
    embeddings = harness.pipeline.embeddings
    small = replace(embeddings, asking=replace(embeddings.asking, most_bytes=10))
    harness.pipeline = replace(harness.pipeline, embeddings=small)

    answer = await harness.embed("a")

    assert vectors_in(answer) == [vector_of("a")]
    assert len(harness.embedding.calls) == 2
    assert not harness.exact.entries
