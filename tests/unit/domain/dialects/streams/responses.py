"""Legal responses and the streams that spell them, drawn at random."""

import json
from typing import Any

from hypothesis import strategies as st

from unit.domain.dialects.streams.completions import TEXT, pieces_of

Json = dict[str, Any]


@st.composite
def parts(draw: st.DrawFn) -> Json:
    """A part of a message: text with annotations and log probabilities, or a refusal."""
    if draw(st.booleans()):
        return {"type": "refusal", "refusal": draw(TEXT)}
    note = {"type": "url_citation", "url": "u", "title": draw(TEXT)}
    return {
        "type": "output_text",
        "text": draw(TEXT),
        "annotations": draw(st.lists(st.just(note), max_size=2)),
        "logprobs": draw(st.lists(st.just({"token": "t", "logprob": -1.5}), max_size=2)),
    }


@st.composite
def items(draw: st.DrawFn) -> Json:
    """A message, a call, a thought, or an item that nobody knows."""
    head = {"id": f"item_{draw(st.integers(0, 999))}", "status": "completed"}
    match draw(st.sampled_from(["message", "call", "custom", "reasoning", "unknown"])):
        case "message":
            content = draw(st.lists(parts(), min_size=1, max_size=3))
            return head | {"type": "message", "role": "assistant", "content": content}
        case "call":
            return head | {
                "type": "function_call",
                "call_id": "c",
                "name": "f",
                "arguments": draw(TEXT),
            }
        case "custom":
            return head | {
                "type": "custom_tool_call",
                "call_id": "c",
                "name": "f",
                "input": draw(TEXT),
            }
        case "reasoning":
            summary = [{"type": "summary_text", "text": draw(TEXT)}]
            content = [{"type": "reasoning_text", "text": draw(TEXT)}]
            thought: Json = {"type": "reasoning", "summary": summary, "encrypted_content": "e"}
            more: Json = {"content": content} if draw(st.booleans()) else {}
            return head | thought | more
        case _:
            return head | {"type": "item_of_tomorrow", "content": {"a": draw(TEXT)}}


@st.composite
def whole_responses(draw: st.DrawFn) -> Json:
    """A completed response of one to three items."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        "error": None,
        "model": "m",
        "output": draw(st.lists(items(), min_size=1, max_size=3)),
        "usage": {"input_tokens": draw(st.integers(0, 99)), "output_tokens": 5, "total_tokens": 9},
        "x_vendor": draw(TEXT),
    }


@st.composite
def streams_of(draw: st.DrawFn, response: Json) -> list[str]:
    """The data of some legal stream: texts in any pieces, the last event with or without output."""
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    events: list[Json] = [{"type": "response.created", "response": begun}]
    for index, item in enumerate(response["output"]):
        place = {"output_index": index}
        events.append({"type": "response.output_item.added", **place, "item": {"type": "x"}})
        said = {"type": "response.anything.delta", **place}
        events += [{**said, "delta": piece} for piece in pieces_of(draw, json.dumps(item))]
        events.append({"type": "response.output_item.done", **place, "item": item})
    output = draw(st.sampled_from([response["output"], [], None]))
    events.append({"type": "response.completed", "response": {**response, "output": output}})
    return [json.dumps({**event, "sequence_number": at}) for at, event in enumerate(events)]
