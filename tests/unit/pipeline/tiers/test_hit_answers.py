"""Facts about how a stored answer is sent."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from fakes.upstream import SSE_HEADERS, completion
from llm_cache_proxy.domain.dialects.responses import ResponsesDialect
from llm_cache_proxy.domain.dialects.streams.sse import DONE, EventSplitter
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.pipeline.tiers.hit_answers import HitAnswers
from unit.pipeline.harness import PRICES, Harness, ReceivedAnswer
from unit.pipeline.test_responses_api import response, stream


def datas(body: bytes) -> list[dict[str, Any]]:
    answer = [event.data for event in EventSplitter().feed(body)]
    return [json.loads(data) for data in answer if data and data != DONE]


async def hit(harness: Harness, **changes: Any) -> ReceivedAnswer:
    await harness.ask()
    answer = await harness.ask(**changes)
    assert answer.x_cache == "HIT-EXACT"
    return answer


async def test_a_hit_reports_what_it_saved_and_a_miss_does_not() -> None:
    harness = Harness()

    miss = await harness.ask()
    answer = await harness.ask(stream=True)

    assert (miss.outcome.saved_tokens, miss.outcome.saved_nano_dollars) == (None, None)
    assert (answer.outcome.saved_tokens, answer.outcome.saved_nano_dollars) == (
        15,
        10 * 100 + 5 * 2000,
    )


async def test_an_unknown_price_and_unknown_usage_are_not_guessed() -> None:
    unpriced = await hit(Harness(hits=HitAnswers(PriceList({}, {}))))
    harness = Harness()
    harness.upstream.queue([json.dumps({**completion("x"), "usage": None}).encode()])
    untold = await hit(harness)

    assert (unpriced.outcome.saved_tokens, unpriced.outcome.saved_nano_dollars) == (15, None)
    assert (untold.outcome.saved_tokens, untold.outcome.saved_nano_dollars) == (None, None)


async def test_an_answer_keeps_its_id_unless_a_fresh_one_is_requested() -> None:
    harness = Harness()
    first = json.loads((await harness.ask()).body)

    again = json.loads((await harness.ask()).body)
    fresh = json.loads((await harness.ask(headers={"x-cache-fresh-id": "true"})).body)

    assert again == first
    assert fresh["id"] != first["id"]
    assert fresh["id"].startswith("chatcmpl-")
    assert fresh["created"] == int(harness.exact.time)
    assert {**fresh, "id": 0, "created": 0} == {**first, "id": 0, "created": 0}


async def test_a_fresh_id_is_the_same_in_every_event_of_a_stream() -> None:
    harness = Harness(hits=HitAnswers(PRICES, fresh_ids=True))

    answer = await hit(harness, stream=True, stream_options={"include_usage": True})
    kept = await harness.ask(stream=True, headers={"x-cache-fresh-id": "false"})

    events = datas(answer.body)
    assert len({event["id"] for event in events}) == 1
    assert {event["created"] for event in events} == {int(harness.exact.time)}
    assert events[0]["id"] != "chatcmpl-1"
    assert datas(kept.body)[0]["id"] == "chatcmpl-1"
    assert answer.body.endswith(b"data: [DONE]\n\n")


async def test_a_response_keeps_the_id_that_the_upstream_knows() -> None:
    harness = Harness(hits=HitAnswers(PRICES, fresh_ids=True))
    harness.upstream.queue([json.dumps(response()).encode()])
    asked: dict[str, Any] = {"dialect": ResponsesDialect()}
    await harness.ask(**asked)

    answer = await harness.ask(**asked)

    assert (answer.x_cache, json.loads(answer.body)) == ("HIT-EXACT", response())


LONG = "Rust is  a language.\nIt compiles. "


def said(events: list[dict[str, Any]]) -> list[str]:
    deltas = [event["choices"][0]["delta"].get("content") for event in events if event["choices"]]
    return [delta for delta in deltas if delta]


@pytest.mark.parametrize("reasoning", [None, "Let me think."])
async def test_a_paced_stream_comes_word_by_word_and_says_the_same(reasoning: str | None) -> None:
    harness = Harness(hits=HitAnswers(PRICES, words_per_second=500))
    message: dict[str, Any] = {} if reasoning is None else {"reasoning_content": reasoning}
    harness.upstream.queue([json.dumps(completion(LONG, **message)).encode()])
    await harness.ask()
    begun = time.perf_counter()

    answer = await harness.ask(stream=True)

    assert time.perf_counter() - begun >= 6 / 500
    pieces = said(datas(answer.body))
    assert (len(pieces), "".join(pieces)) == (6, LONG)
    thoughts = [e["choices"][0]["delta"].get("reasoning_content") for e in datas(answer.body)]
    assert "".join(t for t in thoughts if t) == (reasoning or "")
    assert datas(answer.body)[-1]["choices"][0]["finish_reason"] == "stop"
    assert answer.body.endswith(b"data: [DONE]\n\n")


async def test_a_paced_response_keeps_its_numbers_in_order() -> None:
    harness = Harness(hits=HitAnswers(PRICES, words_per_second=1000))
    harness.upstream.queue(stream(response(LONG)), headers=SSE_HEADERS)
    asked: dict[str, Any] = {"dialect": ResponsesDialect(), "stream": True}
    await harness.ask(**asked)

    events = datas((await harness.ask(**asked)).body)

    deltas = [e["delta"] for e in events if e["type"] == "response.output_text.delta"]
    assert (len(deltas), "".join(deltas)) == (6, LONG)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["response"] == response(LONG)


async def test_a_client_that_leaves_a_paced_stream_ends_it() -> None:
    harness = Harness(hits=HitAnswers(PRICES, words_per_second=1))
    await harness.ask()
    answer = await harness.begin(stream=True)
    assert isinstance(answer.body, AsyncGenerator)

    async with asyncio.timeout(5), aclosing(answer.body) as pieces:
        first = await anext(pieces)

    assert b"chat.completion.chunk" in first
