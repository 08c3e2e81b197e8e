"""Facts about the Responses API on a miss and on a hit."""

import json
from typing import Any

import pytest

from fakes.upstream import SSE_HEADERS
from llm_cache_proxy.domain.dialects.responses import ResponsesDialect
from unit.pipeline.harness import Harness, ReceivedAnswer

RESPONSES = ResponsesDialect()


@pytest.fixture
def harness() -> Harness:
    return Harness()


def response(text: str = "A language.", **changes: Any) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [part],
    }
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    head = {"id": "resp_1", "object": "response", "status": "completed", "error": None}
    return {**head, "output": [message], "usage": usage, **changes}


def sse(*events: dict[str, Any]) -> list[bytes]:
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


def stream(whole: dict[str, Any], last: str = "response.completed") -> list[bytes]:
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    text = whole["output"][0]["content"][0]["text"] if whole["output"] else ""
    place = {"output_index": 0, "content_index": 0}
    delta = {"type": "response.output_text.delta", **place, "delta": text}
    return sse(
        {"type": "response.created", "response": begun}, delta, {"type": last, "response": whole}
    )


async def ask(harness: Harness, text: str = "What is Rust?", **changes: Any) -> ReceivedAnswer:
    return await harness.ask(text, dialect=RESPONSES, **changes)


def last_event(answer: ReceivedAnswer) -> dict[str, Any]:
    data = answer.body.decode().strip().split("\n\n")[-1].split("\n")[-1]
    event: dict[str, Any] = json.loads(data.removeprefix("data: "))
    return event


async def test_a_plain_response_answers_plain_and_streamed(harness: Harness) -> None:
    harness.upstream.queue([json.dumps(response()).encode()])

    first, plain, streamed = await ask(harness), await ask(harness), await ask(harness, stream=True)

    assert [answer.x_cache for answer in (first, plain, streamed)] == [
        "MISS",
        "HIT-EXACT",
        "HIT-EXACT",
    ]
    assert first.body == plain.body
    assert last_event(streamed)["response"] == response()
    assert b"[DONE]" not in streamed.body


async def test_a_streamed_response_answers_plain_and_streamed(harness: Harness) -> None:
    pieces = stream(response())
    harness.upstream.queue(pieces, headers=SSE_HEADERS)

    first, streamed = await ask(harness, stream=True), await ask(harness, stream=True)
    plain = await ask(harness)

    assert first.body == b"".join(pieces)
    assert json.loads(plain.body) == last_event(streamed)["response"] == response()
    assert (streamed.x_cache, plain.x_cache) == ("HIT-EXACT", "HIT-EXACT")
    assert harness.exact.count_of("model:m:prompt_used") == 10


async def test_the_last_event_is_sent_after_the_response_was_stored(harness: Harness) -> None:
    harness.upstream.queue(stream(response()), headers=SSE_HEADERS)
    answer = await harness.begin(stream=True, dialect=RESPONSES)
    assert not isinstance(answer.body, bytes)

    async for piece in answer.body:
        assert bool(harness.exact.entries) == (b"response.completed" in piece)

    assert b"response.completed" in piece


async def test_a_request_goes_out_as_it_was_written(harness: Harness) -> None:
    await ask(harness, stream=True, temperature=1.0)

    assert harness.upstream.calls[0].body == (
        b'{"model": "m", "input": "What is Rust?", "stream": true, "temperature": 1.0}'
    )


async def test_the_semantic_tier_works_as_in_a_chat(harness: Harness) -> None:
    harness.upstream.queue([json.dumps(response()).encode()])
    one, other = "What is the capital of France?", "What's the capital of France?"
    harness.embedder.set_similarity(one, other, 0.97)
    await ask(harness, one)

    answer = await ask(harness, other)

    assert answer.x_cache == "HIT-SEMANTIC"


@pytest.mark.parametrize(
    "changes",
    [
        {"store": True},
        {"previous_response_id": "resp_0"},
        {"background": True},
        {"conversation": "conv_1"},
        {"tools": [{"type": "web_search"}]},
    ],
)
async def test_what_leans_on_the_upstream_passes_uncached(
    harness: Harness, changes: dict[str, Any]
) -> None:
    for _ in range(2):
        harness.upstream.queue([json.dumps(response()).encode()])

    answer = [await ask(harness, **changes) for _ in range(2)]

    assert [t.x_cache for t in answer] == ["BYPASS", "BYPASS"]
    assert answer[0].outcome.reason == "upstream-state"
    assert harness.exact.entries == {}


@pytest.mark.parametrize(
    "pieces",
    [
        stream(response(status="incomplete"), "response.incomplete"),
        stream(response(status="failed", error={"code": "x"}), "response.failed"),
        stream(response())[:-1],
        [*stream(response())[:-1], *sse({"type": "error", "message": "overloaded"})],
        [*sse({"type": "error", "message": "overloaded"}), *stream(response())],
        stream(response(output=[])),
    ],
)
async def test_what_is_not_whole_is_passed_on_and_never_stored(
    harness: Harness, pieces: list[bytes]
) -> None:
    harness.upstream.queue(pieces, headers=SSE_HEADERS)

    answer = await ask(harness, stream=True)

    assert answer.body == b"".join(pieces)
    assert harness.exact.entries == {}
    assert harness.exact.count_of("misses") == 1


async def test_a_terminator_that_no_client_expects_is_passed_on(harness: Harness) -> None:
    *pieces, last = stream(response())
    pieces.append(last + b"data: [DONE]\n\n")
    harness.upstream.queue(pieces, headers=SSE_HEADERS)

    answer = await ask(harness, stream=True)

    assert answer.body == b"".join(pieces)
    assert len(harness.exact.entries) == 1
