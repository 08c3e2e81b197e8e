"""Facts about batches of embeddings: what is asked for, served, reported and counted."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.embedding_upstream import embedding_answer, inputs_of, packed, vector_of
from llm_cache_proxy.domain.entries.entry import Entry, Forms
from llm_cache_proxy.domain.errors import NotInCache, UpstreamUnreachable
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.ports.exact_store.store import Commit
from llm_cache_proxy.ports.upstream import Route
from unit.pipeline.embeddings_harness import EmbeddingsHarness, vectors_in
from unit.pipeline.harness import PRICES


async def turns() -> None:
    """Let everything go on that waits for nobody."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
def harness() -> EmbeddingsHarness:
    return EmbeddingsHarness()


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


async def test_an_entry_ends_with_its_ttl(harness: EmbeddingsHarness) -> None:
    await harness.embed("a", headers={"x-cache-ttl": "60"})
    harness.exact.time += 61

    assert (await harness.embed("a")).x_cache == "MISS"


async def test_an_entry_is_cleared_by_its_tag(harness: EmbeddingsHarness) -> None:
    await harness.embed(["a", "b"], headers={"x-cache-tags": "red"})
    await harness.exact.cut("default", "tag:red")

    assert (await harness.embed(["a", "b"])).outcome.items == (0, 2)


@pytest.mark.parametrize(
    ("headers", "expected", "stored"),
    [
        ({"x-bypass-cache": "true"}, ("BYPASS", "bypass-asked"), False),
        ({"cache-control": "no-store"}, ("MISS", "not-found"), False),
        ({"cache-control": "no-cache"}, ("MISS", "no-cache"), True),
        ({"x-cache-mode": "refresh"}, ("MISS", "refresh"), True),
        ({"x-cache-mode": "write-only"}, ("MISS", "write-only"), True),
        ({"x-cache-mode": "read-only"}, ("MISS", "not-found"), False),
        ({"x-cache-ttl": "0"}, ("MISS", "not-found"), False),
    ],
)
async def test_a_client_may_narrow_what_is_read_and_stored(
    harness: EmbeddingsHarness, headers: dict[str, str], expected: tuple[str, str], stored: bool
) -> None:
    answer = await harness.embed(["a", "b"], headers=headers)

    assert (answer.x_cache, answer.outcome.reason) == expected
    assert vectors_in(answer) == [vector_of("a"), vector_of("b")]
    assert bool(harness.exact.entries) is stored


async def test_what_is_refreshed_replaces_the_entry(harness: EmbeddingsHarness) -> None:
    await harness.embed("a")
    harness.exact.time += 100

    await harness.embed("a", headers={"x-cache-mode": "refresh"})
    hit = await harness.embed("a")

    assert (len(harness.embedding.calls), hit.outcome.age_seconds) == (2, 0)


async def test_only_if_cached_calls_no_upstream(harness: EmbeddingsHarness) -> None:
    await harness.embed("a")
    headers = {"cache-control": "only-if-cached"}

    assert (await harness.embed("a", headers=headers)).x_cache == "HIT-EXACT"
    with pytest.raises(NotInCache):
        await harness.embed(["a", "b"], headers=headers)
    assert len(harness.embedding.calls) == 1


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


async def test_batches_that_overlap_ask_for_what_they_share_once(
    harness: EmbeddingsHarness,
) -> None:
    gate = harness.embedding.gate
    gate.clear()
    one = asyncio.create_task(harness.begin_embedding(["a", "c"]))
    two = asyncio.create_task(harness.begin_embedding(["c", "d"]))
    three = asyncio.create_task(harness.begin_embedding(["c"]))
    await turns()
    gate.set()
    answers = await asyncio.gather(one, two, three)
    await harness.proxy.drain()

    assert harness.embedding.asked == [["a", "c"], ["d"]]
    expected = [(one.outcome.result, one.outcome.reason, one.outcome.items) for one in answers]
    assert expected == [
        ("MISS", "not-found", (0, 2)),
        ("MISS", "partly-cached", (1, 2)),
        ("COALESCED", "coalesced", (1, 1)),
    ]
    assert answers[2].outcome.saved_tokens == 1
    assert harness.counts() == {
        "misses": 2,
        "coalesced": 1,
        "model:m:misses": 3,
        "model:m:prompt_used": 3,
        "model:m:hits": 2,
        "model:m:prompt_saved": 2,
    }


async def test_where_the_first_fails_those_that_waited_ask_themselves(
    harness: EmbeddingsHarness,
) -> None:
    gate = harness.embedding.gate
    gate.clear()
    harness.embedding.queue([UpstreamUnreachable("It broke off.", upstream="fake")])
    one = asyncio.create_task(harness.begin_embedding(["a"]))
    await turns()
    two = asyncio.create_task(harness.begin_embedding(["a", "b"]))
    await turns()
    gate.set()
    failed, answer = await asyncio.gather(one, two, return_exceptions=True)

    assert isinstance(failed, UpstreamUnreachable)
    assert not isinstance(answer, BaseException)
    assert answer.outcome.items == (0, 2)
    assert harness.embedding.asked == [["a"], ["b"], ["a"]]


async def test_after_a_clear_no_batch_waits_for_earlier_requests(
    harness: EmbeddingsHarness,
) -> None:
    gate = harness.embedding.gate
    gate.clear()
    one = asyncio.create_task(harness.begin_embedding(["a"]))
    await turns()
    await harness.exact.cut("default", "all")
    two = asyncio.create_task(harness.begin_embedding(["a"]))
    await turns()
    gate.set()
    answers = await asyncio.gather(one, two)

    assert [each.outcome.result for each in answers] == ["MISS", "MISS"]
    assert len(harness.embedding.calls) == 2


async def test_without_single_flight_everybody_asks() -> None:
    harness = EmbeddingsHarness(policy=Policy(coalesce=False))
    gate = harness.embedding.gate
    gate.clear()

    one = asyncio.create_task(harness.begin_embedding("a"))
    two = asyncio.create_task(harness.begin_embedding("a"))
    await turns()
    gate.set()
    await asyncio.gather(one, two)

    assert len(harness.embedding.calls) == 2


async def test_who_is_cancelled_leaves_the_asking_to_those_that_waited(
    harness: EmbeddingsHarness,
) -> None:
    gate = harness.embedding.gate
    gate.clear()
    one = asyncio.create_task(harness.begin_embedding("a"))
    await turns()
    two = asyncio.create_task(harness.begin_embedding("a"))
    await turns()

    one.cancel()
    await turns()
    gate.set()
    answer = await two
    await harness.proxy.drain()

    assert answer.outcome.result == "MISS"
    assert harness.counts()["error:client_left"] == 1


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
