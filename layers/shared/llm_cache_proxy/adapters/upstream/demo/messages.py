"""The demonstration upstream's answers in the shape of Anthropic's Messages API.

Source of the shapes: Anthropic's API reference, "Messages" and "Streaming messages".
"""

import json
from collections.abc import Iterator

from llm_cache_proxy.adapters.upstream.demo.answer import DemoAnswer

Json = dict[str, object]


def message_body(answer: DemoAnswer, model: str) -> Json:
    """A finished `message`."""
    return _message(answer, model) | {
        "content": [_block(answer)],
        "stop_reason": _stop_reason(answer),
        "usage": _usage(answer, len(answer.pieces)),
    }


def message_events(answer: DemoAnswer, model: str) -> Iterator[Json]:
    """Every event of a streamed message."""
    yield {"type": "message_start", "message": _message(answer, model)}
    empty: Json = {"text": ""} if answer.tool is None else {"input": {}}
    opened = _block(answer) | empty
    yield {"type": "content_block_start", "index": 0, "content_block": opened}
    yield {"type": "ping"}
    kind, name = (
        ("text_delta", "text") if answer.tool is None else ("input_json_delta", "partial_json")
    )
    for piece in answer.pieces:
        delta = {"type": kind, name: piece}
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    ended = {"stop_reason": _stop_reason(answer), "stop_sequence": None}
    used = {"output_tokens": len(answer.pieces)}
    yield {"type": "message_delta", "delta": ended, "usage": used}
    yield {"type": "message_stop"}


def token_count(answer: DemoAnswer) -> Json:
    """What the request is said to hold."""
    return {"input_tokens": answer.prompt_tokens}


def _message(answer: DemoAnswer, model: str) -> Json:
    """A message that has just begun."""
    return {
        "id": f"msg_demo_{answer.ident}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(answer, 0),
    }


def _usage(answer: DemoAnswer, output_tokens: int) -> Json:
    return {
        "input_tokens": answer.prompt_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output_tokens,
    }


def _stop_reason(answer: DemoAnswer) -> str:
    if answer.cut:
        return "max_tokens"
    return "end_turn" if answer.tool is None else "tool_use"


def _block(answer: DemoAnswer) -> Json:
    if answer.tool is None:
        return {"type": "text", "text": answer.text}
    ident = f"toolu_demo_{answer.ident[:16]}"
    # Cut by the token limit, it is no JSON any more.
    given = {} if answer.cut else json.loads(answer.text)
    return {"type": "tool_use", "id": ident, "name": answer.tool, "input": given}
