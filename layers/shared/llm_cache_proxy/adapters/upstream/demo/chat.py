"""The demonstration upstream's chat and legacy completions in OpenAI's shapes, whole and as events.

Source of the shapes: OpenAI's API reference, "Chat Completions" and "Completions".
"""

from collections.abc import Iterator, Mapping

from llm_cache_proxy.adapters.upstream.demo.answer import DemoAnswer

Json = dict[str, object]


def chat_body(answer: DemoAnswer, model: str, created: int, choices: int) -> Json:
    """A `chat.completion`."""
    message: Json = {"role": "assistant", "content": answer.text, "refusal": None}
    if answer.tool is not None:
        message |= {"content": None, "tool_calls": [_tool_call(answer, answer.text)]}
    return _head(answer, "chat.completion", model, created) | {
        "choices": [
            {"index": index, "message": message, "logprobs": None, "finish_reason": reason(answer)}
            for index in range(choices)
        ],
        "usage": answer.usage(choices),
    }


def chat_events(
    answer: DemoAnswer, model: str, created: int, choices: int, *, with_usage: bool
) -> Iterator[Json]:
    """Every `chat.completion.chunk`, choices in turn; usage last, if it is wanted."""
    head = _head(answer, "chat.completion.chunk", model, created)
    tail: Json = {"usage": None} if with_usage else {}
    yield from (head | {"choices": [_delta(i, _opening(answer))]} | tail for i in range(choices))
    for piece in answer.pieces:
        for index in range(choices):
            yield head | {"choices": [_delta(index, _continuation(answer, piece))]} | tail
    for index in range(choices):
        yield head | {"choices": [_delta(index, {}, reason(answer))]} | tail
    if with_usage:
        yield head | {"choices": [], "usage": answer.usage(choices)}


def text_body(answer: DemoAnswer, model: str, created: int, choices: int) -> Json:
    """A legacy `text_completion`."""
    return _head(answer, "text_completion", model, created) | {
        "choices": [_text_choice(index, answer.text, reason(answer)) for index in range(choices)],
        "usage": answer.usage(choices),
    }


def text_events(
    answer: DemoAnswer, model: str, created: int, choices: int, *, with_usage: bool
) -> Iterator[Json]:
    """Every event of a streamed legacy completion."""
    head = _head(answer, "text_completion", model, created)
    tail: Json = {"usage": None} if with_usage else {}
    last = len(answer.pieces) - 1
    for position, piece in enumerate(answer.pieces):
        for index in range(choices):
            end = reason(answer) if position == last else None
            yield head | {"choices": [_text_choice(index, piece, end)]} | tail
    if with_usage:
        yield head | {"choices": [], "usage": answer.usage(choices)}


def reason(answer: DemoAnswer) -> str:
    """Why the answer ended."""
    if answer.cut:
        return "length"
    return "stop" if answer.tool is None else "tool_calls"


def _head(answer: DemoAnswer, kind: str, model: str, created: int) -> Json:
    prefix = "cmpl" if kind == "text_completion" else "chatcmpl"
    return {
        "id": f"{prefix}-demo-{answer.ident}",
        "object": kind,
        "created": created,
        "model": model,
        "system_fingerprint": "fp_demo",
    }


def _tool_call(answer: DemoAnswer, arguments: str) -> Json:
    return {
        "id": f"call_demo_{answer.ident[:16]}",
        "type": "function",
        "function": {"name": answer.tool, "arguments": arguments},
    }


def _opening(answer: DemoAnswer) -> Json:
    if answer.tool is None:
        return {"role": "assistant", "content": "", "refusal": None}
    call: Json = {"index": 0} | _tool_call(answer, "")
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _continuation(answer: DemoAnswer, piece: str) -> Json:
    if answer.tool is None:
        return {"content": piece}
    return {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}


def _delta(index: int, delta: Mapping[str, object], end: str | None = None) -> Json:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": end}


def _text_choice(index: int, text: str, end: str | None) -> Json:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": end}
