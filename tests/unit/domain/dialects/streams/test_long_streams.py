"""What a piece of a stream costs does not grow with what came before it."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from llm_cache_proxy.domain.dialects.anthropic.stream import MessageAssembler
from llm_cache_proxy.domain.dialects.chat import chat_assembler

LONG = 20_000_000
PIECES = 200

Json = dict[str, Any]


def chat(**choice: Any) -> Json:
    return {"choices": [{"index": 0, **choice}]}


def arguments(text: str) -> Json:
    call = {"index": 0, "id": "a", "function": {"name": "f", "arguments": text}}
    return chat(delta={"tool_calls": [call]})


def opened(block: Json) -> list[Json]:
    start = {"type": "message_start", "message": {"content": []}}
    return [start, {"type": "content_block_start", "index": 0, "content_block": block}]


def grown(delta: Json) -> Json:
    return {"type": "content_block_delta", "index": 0, "delta": delta}


CITED = {"type": "citations_delta", "citation": {"cited_text": "x"}}

STREAMS: dict[str, tuple[Callable[[], Any], Callable[[int], list[Json]], Json]] = {
    "text of chat": (
        chat_assembler,
        lambda length: [chat(delta={"content": "x" * length})],
        chat(delta={"content": "y"}),
    ),
    "arguments of chat": (
        chat_assembler,
        lambda length: [arguments("x" * length)],
        arguments("y"),
    ),
    "log probabilities of chat": (
        chat_assembler,
        lambda length: [chat(logprobs={"content": [1] * (length // 50 + 1)})],
        chat(logprobs={"content": [2]}),
    ),
    "tokens beside chat": (
        chat_assembler,
        lambda length: [chat(token_ids=[1] * (length // 50 + 1))],
        chat(token_ids=[2]),
    ),
    "text of a message": (
        MessageAssembler,
        lambda length: opened({"type": "text", "text": "x" * length}),
        grown({"type": "text_delta", "text": "y"}),
    ),
    "citations of a message": (
        MessageAssembler,
        lambda length: opened({"type": "text", "citations": [1] * (length // 50 + 1)}),
        grown(CITED),
    ),
}


def seconds(stream: str, length: int) -> float:
    """The processor's time for some pieces, behind a beginning of this length."""
    assembler, beginning, piece = STREAMS[stream]
    made, text = assembler(), json.dumps(piece)
    for event in (*beginning(length), piece):
        made.add(json.dumps(event))
    begun = time.thread_time()
    for _ in range(PIECES):
        made.add(text)
    return time.thread_time() - begun


@pytest.mark.parametrize("stream", STREAMS)
def test_a_piece_costs_as_much_at_the_end_as_at_the_beginning(stream: str) -> None:
    short = min(seconds(stream, 1) for _ in range(3))
    long = min(seconds(stream, LONG) for _ in range(3))

    assert long < 20 * short  # some hundred times as much where each piece copies all before it
