"""Legal chat completions and the streams that spell them, drawn at random."""

import itertools
import json
from typing import Any

from hypothesis import strategies as st

Message = dict[str, Any]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def tool_calls(draw: st.DrawFn) -> list[Message]:
    """One to three calls, as the JSON endpoint shows them."""
    return [
        {
            "id": f"call_{index}_{draw(st.integers(0, 999))}",
            "type": "function",
            "function": {"name": f"tool_{index}", "arguments": draw(TEXT)},
        }
        for index in range(draw(st.integers(1, 3)))
    ]


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """An assistant's message with text, tool calls, reasoning and fields nobody knows."""
    message: Message = {"role": "assistant", "content": draw(TEXT)}
    if draw(st.booleans()):
        message["tool_calls"] = draw(tool_calls())
        if draw(st.booleans()):
            message["content"] = None
    if draw(st.booleans()):
        message["reasoning_content"] = draw(TEXT)
    if draw(st.booleans()):
        message["tomorrows_object"] = {"a": draw(TEXT), "b": {"text": draw(TEXT)}}
    return message


@st.composite
def completions(draw: st.DrawFn) -> Message:
    """A whole answer, one to three choices."""
    choices = []
    for index in range(draw(st.integers(1, 3))):
        message = draw(messages())
        reason = "tool_calls" if "tool_calls" in message else "stop"
        tokens = [{"token": word, "logprob": -0.5} for word in draw(st.lists(TEXT, max_size=3))]
        logprobs = {"content": tokens} if tokens else None
        choices.append(
            {"index": index, "message": message, "logprobs": logprobs, "finish_reason": reason}
        )
    usage = {"prompt_tokens": draw(st.integers(0, 99)), "completion_tokens": 5, "total_tokens": 9}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "m",
        "system_fingerprint": "fp",
        "choices": choices,
        "usage": usage,
        "x_vendor": draw(st.dictionaries(TEXT, JSON, max_size=2)),
    }


@st.composite
def streams_of(draw: st.DrawFn, completion: Message) -> list[str]:
    """The data of each event of some legal stream of `completion`, choices interleaved."""
    head = {name: completion[name] for name in ("id", "created", "model", "system_fingerprint")}
    head["object"] = "chat.completion.chunk"
    queues = [_deltas(draw, choice) for choice in completion["choices"]]
    chunks = []
    while any(queues):
        queue = draw(st.sampled_from([queue for queue in queues if queue]))
        chunks.append({**head, "choices": [queue.pop(0)]})
    chunks[-1]["x_vendor"] = completion["x_vendor"]
    chunks.append({**head, "choices": [], "usage": completion["usage"]})
    return [json.dumps(chunk) for chunk in chunks]


def _deltas(draw: st.DrawFn, choice: Message) -> list[Message]:
    index, message = choice["index"], choice["message"]
    deltas: list[Message] = [{"role": "assistant", "content": None}]
    for name in ("reasoning_content", "content"):
        if message.get(name):
            deltas += [{name: piece} for piece in pieces_of(draw, message[name])]
    if "tomorrows_object" in message:
        inner = message["tomorrows_object"]
        deltas.append({"tomorrows_object": {"a": inner["a"]}})
        deltas += [
            {"tomorrows_object": {"b": {"text": p}}} for p in pieces_of(draw, inner["b"]["text"])
        ]
    deltas += _call_deltas(draw, message.get("tool_calls", []))
    parts: list[Message] = [{"index": index, "delta": d, "finish_reason": None} for d in deltas]
    parts += [
        {"index": index, "delta": {}, "logprobs": {"content": [token]}}
        for token in (choice["logprobs"] or {}).get("content", [])
    ]
    return [*parts, {"index": index, "delta": {}, "finish_reason": choice["finish_reason"]}]


def _call_deltas(draw: st.DrawFn, calls: list[Message]) -> list[Message]:
    queues = []
    for index, call in enumerate(calls):
        function = {"name": call["function"]["name"], "arguments": ""}
        opening = {"index": index, "id": call["id"], "type": "function", "function": function}
        pieces = pieces_of(draw, call["function"]["arguments"])
        queues.append([opening, *({"index": index, "function": {"arguments": p}} for p in pieces)])
    deltas = []
    while any(queues):
        queue = draw(st.sampled_from([queue for queue in queues if queue]))
        deltas.append({"tool_calls": [queue.pop(0)]})
    return deltas


def pieces_of(draw: st.DrawFn, text: str) -> list[str]:
    """`text` cut anywhere."""
    places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=4)) | {0, len(text)})
    return [text[start:end] for start, end in itertools.pairwise(places)]
