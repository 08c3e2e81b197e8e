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
from llm_cache_proxy.domain.dialects.sse import DONE, EventSplitter
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.pipeline.tiers.hit_answers import HitAnswers
from unit.pipeline.bench import PRICES, Bench, Told
from unit.pipeline.test_responses_api import response, stream


def datas(body: bytes) -> list[dict[str, Any]]:
    told = [event.data for event in EventSplitter().feed(body)]
    return [json.loads(data) for data in told if data and data != DONE]


async def hit(bench: Bench, **changes: Any) -> Told:
    await bench.ask()
    told = await bench.ask(**changes)
    assert told.x_cache == "HIT-EXACT"
    return told


async def test_a_hit_tells_what_it_saved_and_a_miss_does_not() -> None:
    bench = Bench()

    miss = await bench.ask()
    told = await bench.ask(stream=True)

    assert (miss.outcome.saved_tokens, miss.outcome.saved_nano_dollars) == (None, None)
    assert (told.outcome.saved_tokens, told.outcome.saved_nano_dollars) == (15, 10 * 100 + 5 * 2000)


async def test_an_unknown_price_and_unknown_usage_are_not_guessed() -> None:
    unpriced = await hit(Bench(hits=HitAnswers(PriceList({}, {}))))
    bench = Bench()
    bench.upstream.queue([json.dumps({**completion("x"), "usage": None}).encode()])
    untold = await hit(bench)

    assert (unpriced.outcome.saved_tokens, unpriced.outcome.saved_nano_dollars) == (15, None)
    assert (untold.outcome.saved_tokens, untold.outcome.saved_nano_dollars) == (None, None)


async def test_an_answer_keeps_its_id_unless_a_fresh_one_is_asked_for() -> None:
    bench = Bench()
    first = json.loads((await bench.ask()).body)

    again = json.loads((await bench.ask()).body)
    fresh = json.loads((await bench.ask(headers={"x-cache-fresh-id": "true"})).body)

    assert again == first
    assert fresh["id"] != first["id"]
    assert fresh["id"].startswith("chatcmpl-")
    assert fresh["created"] == int(bench.exact.time)
    assert {**fresh, "id": 0, "created": 0} == {**first, "id": 0, "created": 0}


async def test_a_fresh_id_is_the_same_in_every_event_of_a_stream() -> None:
    bench = Bench(hits=HitAnswers(PRICES, fresh_ids=True))

    told = await hit(bench, stream=True, stream_options={"include_usage": True})
    kept = await bench.ask(stream=True, headers={"x-cache-fresh-id": "false"})

    events = datas(told.body)
    assert len({event["id"] for event in events}) == 1
    assert {event["created"] for event in events} == {int(bench.exact.time)}
    assert events[0]["id"] != "chatcmpl-1"
    assert datas(kept.body)[0]["id"] == "chatcmpl-1"
    assert told.body.endswith(b"data: [DONE]\n\n")


async def test_a_response_keeps_the_id_that_the_upstream_knows() -> None:
    bench = Bench(hits=HitAnswers(PRICES, fresh_ids=True))
    bench.upstream.queue([json.dumps(response()).encode()])
    asked: dict[str, Any] = {"dialect": ResponsesDialect()}
    await bench.ask(**asked)

    told = await bench.ask(**asked)

    assert (told.x_cache, json.loads(told.body)) == ("HIT-EXACT", response())


LONG = "Rust is  a language.\nIt compiles. "


def said(events: list[dict[str, Any]]) -> list[str]:
    deltas = [event["choices"][0]["delta"].get("content") for event in events if event["choices"]]
    return [delta for delta in deltas if delta]


@pytest.mark.parametrize("reasoning", [None, "Let me think."])
async def test_a_paced_stream_comes_word_by_word_and_says_the_same(reasoning: str | None) -> None:
    bench = Bench(hits=HitAnswers(PRICES, words_per_second=500))
    message: dict[str, Any] = {} if reasoning is None else {"reasoning_content": reasoning}
    bench.upstream.queue([json.dumps(completion(LONG, **message)).encode()])
    await bench.ask()
    begun = time.perf_counter()

    told = await bench.ask(stream=True)

    assert time.perf_counter() - begun >= 6 / 500
    pieces = said(datas(told.body))
    assert (len(pieces), "".join(pieces)) == (6, LONG)
    thoughts = [e["choices"][0]["delta"].get("reasoning_content") for e in datas(told.body)]
    assert "".join(t for t in thoughts if t) == (reasoning or "")
    assert datas(told.body)[-1]["choices"][0]["finish_reason"] == "stop"
    assert told.body.endswith(b"data: [DONE]\n\n")


async def test_a_paced_response_keeps_its_numbers_in_order() -> None:
    bench = Bench(hits=HitAnswers(PRICES, words_per_second=1000))
    bench.upstream.queue(stream(response(LONG)), headers=SSE_HEADERS)
    asked: dict[str, Any] = {"dialect": ResponsesDialect(), "stream": True}
    await bench.ask(**asked)

    events = datas((await bench.ask(**asked)).body)

    deltas = [e["delta"] for e in events if e["type"] == "response.output_text.delta"]
    assert (len(deltas), "".join(deltas)) == (6, LONG)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["response"] == response(LONG)


async def test_a_client_that_leaves_a_paced_stream_ends_it() -> None:
    bench = Bench(hits=HitAnswers(PRICES, words_per_second=1))
    await bench.ask()
    answer = await bench.begin(stream=True)
    assert isinstance(answer.body, AsyncGenerator)

    async with asyncio.timeout(5), aclosing(answer.body) as pieces:
        first = await anext(pieces)

    assert b"chat.completion.chunk" in first
