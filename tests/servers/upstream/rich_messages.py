"""Answers in which every part of Anthropic's shapes occurs, whole and as its streams.

The prompt names the answer, so that the same question always has the same one.
"""

import json
from collections.abc import Iterator
from typing import Any

from servers.upstream.scripts import Script, answer, pieces, sse, stream

Json = dict[str, Any]
CITY = {"name": "Köln", "people": 1_084_831, "twins": ["Liverpool", "Torino"]}
_CITED = {
    "type": "char_location",
    "cited_text": "Köln liegt am Rhein.",
    "document_index": 0,
    "document_title": None,
    "start_char_index": 0,
    "end_char_index": 20,
    "file_id": None,
}
_THOUGHT = {"type": "thinking", "thinking": "Six by seven, 𝄞.", "signature": "EqQBCgIYAhIM/+=="}


def _call(number: int, **given: object) -> Json:
    return {"type": "tool_use", "id": f"toolu_{number}", "name": "weather", "input": given}


MESSAGES: dict[str, tuple[str, list[Json]]] = {
    "plain": ("end_turn", [{"type": "text", "text": "Grüße 𝄞 aus\n\n dem „Rechner“."}]),
    "tools": (
        "tool_use",
        [
            {"type": "text", "text": "Let me see."},
            _call(1, city="Köln", days=3, near={"lat": 50.9375, "ids": [12345678901234567]}),
            _call(2),
        ],
    ),
    "thinking": (
        "end_turn",
        [
            _THOUGHT,
            {"type": "redacted_thinking", "data": "EmwKAhgBEgy/+=="},
            {"type": "text", "text": "42"},
        ],
    ),
    "citations": (
        "end_turn",
        [{"type": "text", "text": "On the Rhine.", "citations": [_CITED, _CITED]}],
    ),
    "schema": ("end_turn", [{"type": "text", "text": json.dumps(CITY, ensure_ascii=False)}]),
    "stopped": ("stop_sequence", [{"type": "text", "text": "One, two"}]),
}


def rich_message(name: str, *, streamed: bool) -> Script:
    """The message of that name, in pieces of three bytes where it is streamed."""
    whole = whole_message(name)
    if not streamed:
        return answer(whole)
    lines = [f"event: {event['type']}\ndata: {json.dumps(event)}" for event in _events(whole)]
    return stream(pieces(sse(lines, done=False), 3))


def whole_message(name: str) -> Json:
    """The message as the JSON endpoint sends it."""
    stop_reason, content = MESSAGES[name]
    return {
        "id": f"msg_{len(name)}",
        "type": "message",
        "role": "assistant",
        "model": "rich-2026-01-01",
        "content": content,
        "stop_reason": stop_reason,
        "stop_sequence": "three" if stop_reason == "stop_sequence" else None,
        "container": None,
        "usage": {
            "input_tokens": 12,
            "cache_creation_input_tokens": 5,
            "cache_read_input_tokens": 8,
            "cache_creation": {"ephemeral_5m_input_tokens": 5, "ephemeral_1h_input_tokens": 0},
            "output_tokens": 34,
            "output_tokens_details": {"thinking_tokens": 7},
            "service_tier": "standard",
        },
        "x_vendor": {"took": [0.25, None, 12345678901234567890]},
    }


def _events(whole: Json) -> Iterator[Json]:
    """Texts in pieces of three letters, a ping among them, what ends the message at its end."""
    usage = dict(whole["usage"])
    late = {name: usage.pop(name) for name in ("output_tokens", "output_tokens_details")}
    begun = {**whole, "content": [], "stop_reason": None, "stop_sequence": None}
    yield {"type": "message_start", "message": {**begun, "usage": {**usage, "output_tokens": 1}}}
    for index, block in enumerate(whole["content"]):
        opened, deltas = _opened(block)
        yield {"type": "content_block_start", "index": index, "content_block": opened}
        yield {"type": "ping"}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ended = {name: whole[name] for name in ("stop_reason", "stop_sequence", "container")}
    yield {"type": "message_delta", "delta": ended, "usage": {"input_tokens": 12, **late}}
    yield {"type": "message_stop"}


def _opened(block: Json) -> tuple[Json, list[Json]]:
    """A block before it said anything, and the deltas that spell it."""
    match block["type"]:
        case "text":
            cited = [
                {"type": "citations_delta", "citation": each} for each in block.get("citations", [])
            ]
            said = [{"type": "text_delta", "text": part} for part in _cut(block["text"])]
            citations: Json = {"citations": []} if cited else {}
            return {**block, "text": "", **citations}, [*said, *cited]
        case "thinking":
            said = [
                {"type": "thinking_delta", "thinking": part} for part in _cut(block["thinking"])
            ]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {**block, "thinking": "", "signature": ""}, [*said, signed]
        case "tool_use":
            spelt = json.dumps(block["input"], ensure_ascii=False) if block["input"] else ""
            parts = ["", *_cut(spelt)]
            said = [{"type": "input_json_delta", "partial_json": part} for part in parts]
            return {**block, "input": {}}, said
        case _:
            return block, []


def _cut(text: str) -> list[str]:
    return [text[at : at + 3] for at in range(0, len(text), 3)]
