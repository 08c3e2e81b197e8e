"""The demonstration upstream's answers in the shape of OpenAI's Responses API, whole and as events.

Source of the shapes: OpenAI's API reference, "Responses" and "Streaming events".
"""

from collections.abc import Iterator, Mapping

from llm_cache_proxy.adapters.upstream.demo.answer import DemoAnswer

Json = dict[str, object]


def response_body(
    answer: DemoAnswer, fields: Mapping[str, object], model: str, created: int
) -> Json:
    """A finished `response`."""
    return _response(answer, fields, model, created) | {
        "status": "incomplete" if answer.cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if answer.cut else None,
        "output": [_item(answer, "completed")],
        "usage": {
            "input_tokens": answer.prompt_tokens,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": len(answer.pieces),
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": answer.prompt_tokens + len(answer.pieces),
        },
    }


def response_events(
    answer: DemoAnswer, fields: Mapping[str, object], model: str, created: int
) -> Iterator[Json]:
    """Every event of a streamed response, numbered from 0."""
    for number, event in enumerate(_events(answer, fields, model, created)):
        yield event | {"sequence_number": number}


def _events(
    answer: DemoAnswer, fields: Mapping[str, object], model: str, created: int
) -> Iterator[Json]:
    started = _response(answer, fields, model, created)
    yield {"type": "response.created", "response": started}
    yield {"type": "response.in_progress", "response": started}
    opened = _item(answer, "in_progress")
    yield {"type": "response.output_item.added", "output_index": 0, "item": opened}
    yield from _tool_events(answer) if answer.tool is not None else _text_events(answer)
    done = _item(answer, "completed")
    yield {"type": "response.output_item.done", "output_index": 0, "item": done}
    final = response_body(answer, fields, model, created)
    yield {"type": f"response.{final['status']}", "response": final}


def _text_events(answer: DemoAnswer) -> Iterator[Json]:
    place: Json = {"item_id": _item_id(answer), "output_index": 0, "content_index": 0}
    yield {"type": "response.content_part.added"} | place | {"part": _part("")}
    for piece in answer.pieces:
        delta: Json = {"delta": piece, "logprobs": []}
        yield {"type": "response.output_text.delta"} | place | delta
    whole: Json = {"text": answer.text, "logprobs": []}
    yield {"type": "response.output_text.done"} | place | whole
    yield {"type": "response.content_part.done"} | place | {"part": _part(answer.text)}


def _tool_events(answer: DemoAnswer) -> Iterator[Json]:
    place: Json = {"item_id": _item_id(answer), "output_index": 0}
    for piece in answer.pieces:
        yield {"type": "response.function_call_arguments.delta"} | place | {"delta": piece}
    whole: Json = {"name": answer.tool, "arguments": answer.text}
    yield {"type": "response.function_call_arguments.done"} | place | whole


def _response(answer: DemoAnswer, fields: Mapping[str, object], model: str, created: int) -> Json:
    """A response that has just begun; what the request said is repeated in it."""
    return {
        "id": f"resp_demo_{answer.ident}",
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": fields.get("instructions"),
        "max_output_tokens": fields.get("max_output_tokens"),
        "model": model,
        "output": [],
        "parallel_tool_calls": fields.get("parallel_tool_calls", True),
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": False,
        "temperature": fields.get("temperature", 1.0),
        "text": fields.get("text", {"format": {"type": "text"}}),
        "tool_choice": fields.get("tool_choice", "auto"),
        "tools": fields.get("tools", []),
        "top_p": fields.get("top_p", 1.0),
        "truncation": fields.get("truncation", "disabled"),
        "usage": None,
        "metadata": fields.get("metadata", {}),
    }


def _item(answer: DemoAnswer, status: str) -> Json:
    done = status == "completed"
    head: Json = {"id": _item_id(answer), "status": status}
    if answer.tool is not None:
        return head | {
            "type": "function_call",
            "call_id": f"call_demo_{answer.ident[:16]}",
            "name": answer.tool,
            "arguments": answer.text if done else "",
        }
    content = [_part(answer.text)] if done else []
    return head | {"type": "message", "role": "assistant", "content": content}


def _item_id(answer: DemoAnswer) -> str:
    return f"{'msg' if answer.tool is None else 'fc'}_demo_{answer.ident}"


def _part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
