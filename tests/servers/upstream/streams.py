"""Legal but awkward chat streams: choices and tool calls that arrive in turns."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

Event = dict[str, object]


def chat_event(
    index: int, delta: Mapping[str, object], reason: str | None = None, **more: object
) -> Event:
    """One `chat.completion.chunk`; `more` are fields that OpenAI does not have."""
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}
    return {
        "id": "chatcmpl-awkward",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "scripted-model",
        "choices": [choice],
        **more,
    }


def interleaved_choices(*texts: str) -> list[Event]:
    """A choice a text, their words in turns, the last choice first."""
    order = list(range(len(texts)))[::-1]
    events = [chat_event(index, {"role": "assistant", "content": ""}) for index in order]
    for words in zip_longest(*(text.split(" ") for text in texts)):
        events += [
            chat_event(index, {"content": f"{words[index]} "})
            for index in order
            if words[index] is not None
        ]
    return [*events, *(chat_event(index, {}, "stop") for index in order)]


def interleaved_tool_calls(calls: Sequence[tuple[str, str]], *, size: int = 3) -> list[Event]:
    """Parallel calls of (name, arguments) in one choice, their arguments in turns of `size`."""
    opening = [
        {
            "index": i,
            "id": f"call_{i}",
            "type": "function",
            "function": {"name": n, "arguments": ""},
        }
        for i, (n, _) in enumerate(calls)
    ]
    events = [chat_event(0, {"role": "assistant", "content": None, "tool_calls": opening})]
    parts = [[text[at : at + size] for at in range(0, len(text), size)] for _, text in calls]
    for turn in zip_longest(*parts):
        events += [
            chat_event(0, {"tool_calls": [{"index": i, "function": {"arguments": part}}]})
            for i, part in enumerate(turn)
            if part is not None
        ]
    return [*events, chat_event(0, {}, "tool_calls")]
