"""Legal messages of Anthropic's API and the streams that spell them, drawn at random."""

import json
from typing import Any

from hypothesis import strategies as st

from unit.domain.dialects.streams.completions import JSON, TEXT, pieces_of

Json = dict[str, Any]


@st.composite
def blocks(draw: st.DrawFn) -> Json:
    """A text with or without citations, a thought, a call, or a block that nobody knows."""
    match draw(st.sampled_from(["text", "cited", "thinking", "redacted", "call", "unknown"])):
        case "text":
            return {"type": "text", "text": draw(TEXT)}
        case "cited":
            cited = {"type": "char_location", "cited_text": draw(TEXT), "document_index": 0}
            citations = draw(st.none() | st.lists(st.just(cited), max_size=2))
            return {"type": "text", "text": draw(TEXT), "citations": citations}
        case "thinking":
            signed = {"signature": draw(TEXT)} if draw(st.booleans()) else {}
            return {"type": "thinking", "thinking": draw(st.just("") | TEXT), **signed}
        case "redacted":
            return {"type": "redacted_thinking", "data": draw(TEXT)}
        case "call":
            given = draw(st.dictionaries(TEXT, JSON, max_size=3))
            return {"type": "tool_use", "id": "toolu_1", "name": "f", "input": given}
        case _:
            return {"type": "block_of_tomorrow", "content": {"a": draw(TEXT)}}


@st.composite
def messages(draw: st.DrawFn) -> Json:
    """A message of one to three blocks that ended of itself, and says something."""
    said = [{"type": "text", "text": draw(TEXT)}, *draw(st.lists(blocks(), max_size=2))]
    message: Json = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": draw(st.permutations(said)),
        "stop_reason": draw(st.sampled_from(["end_turn", "stop_sequence", "tool_use"])),
        "stop_sequence": draw(st.none() | TEXT),
        "usage": {
            "input_tokens": draw(st.integers(0, 99)),
            "cache_creation_input_tokens": draw(st.none() | st.integers(0, 99)),
            "cache_read_input_tokens": 7,
            "cache_creation": {"ephemeral_5m_input_tokens": 3},
            "output_tokens": draw(st.integers(0, 99)),
            "service_tier": "standard",
        },
        "x_vendor": draw(st.dictionaries(TEXT, JSON, max_size=2)),
    }
    if draw(st.booleans()):
        message["container"] = None
        message["context_management"] = {"applied_edits": [draw(TEXT)]}
        message["usage"]["output_tokens_details"] = {"thinking_tokens": 2}
    return message


@st.composite
def streams_of(draw: st.DrawFn, message: Json) -> list[str]:
    """The data of some legal stream: blocks opened empty and in turns, texts in any pieces."""
    begun = {
        **message,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**message["usage"], "output_tokens": 1},
    }
    late = {name: begun.pop(name) for name in ("context_management",) if name in begun}
    queues = [_block_events(draw, block, at) for at, block in enumerate(message["content"])]
    events: list[Json] = [{"type": "message_start", "message": begun}]
    while any(queues):
        if draw(st.booleans()):
            events.append({"type": "ping"})
        queue = draw(st.sampled_from([queue for queue in queues if queue]))
        events.append(queue.pop(0))
    ended = {name: message[name] for name in ("stop_reason", "stop_sequence")}
    used = {"output_tokens": message["usage"]["output_tokens"], "input_tokens": None}
    events.append({"type": "message_delta", "delta": ended, "usage": used, **late})
    return [json.dumps(event) for event in [*events, {"type": "message_stop"}]]


def _block_events(draw: st.DrawFn, block: Json, index: int) -> list[Json]:
    opened, deltas = dict(block), []
    if block["type"] == "text":
        opened["text"] = ""
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces_of(draw, block["text"])]
        if block.get("citations"):
            opened["citations"] = draw(st.sampled_from([[], None]))
            deltas += [{"type": "citations_delta", "citation": each} for each in block["citations"]]
    elif block["type"] == "thinking":
        opened |= {name: "" for name in ("thinking", "signature") if name in block}
        deltas = [
            {"type": "thinking_delta", "thinking": piece}
            for piece in pieces_of(draw, block["thinking"])
        ]
        if "signature" in block:
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
    elif block["type"] == "tool_use":
        opened["input"] = {}
        spelt = json.dumps(block["input"]) if block["input"] else ""
        pieces = ["", *pieces_of(draw, spelt)]
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    place = {"index": index}
    return [
        {"type": "content_block_start", **place, "content_block": opened},
        *({"type": "content_block_delta", **place, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", **place},
    ]
