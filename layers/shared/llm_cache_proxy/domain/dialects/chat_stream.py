"""Streams of chat completion chunks: put together into one message, and made from a stored one.

A replay sends the role first and the finish reason last, and loses nothing.
"""

from llm_cache_proxy.domain.dialects.streams.choices import Choice, ChoicesAssembler
from llm_cache_proxy.domain.dialects.streams.sse import data_event, data_events
from llm_cache_proxy.domain.json_text import JsonObject, compact_text


def chat_assembler() -> ChoicesAssembler:
    """An assembler for one stream of `chat.completion.chunk` objects."""
    return ChoicesAssembler("chat.completion", "delta", _finished)


def _finished(index: int, choice: Choice) -> JsonObject:
    whole, rest = choice.said(), dict(choice.rest)
    message = rest.pop("message", None)
    if not whole and isinstance(message, dict):
        whole = dict(message)
    if whole.get("content") == "" and whole.get("tool_calls"):
        whole["content"] = None
    whole.setdefault("content", None)
    whole.setdefault("role", "assistant")
    return {"index": index, "message": whole, "logprobs": None, **rest}


_ON_EVERY_CHUNK = ("id", "created", "model", "system_fingerprint", "service_tier")


def events(completion: JsonObject) -> str:
    """The SSE events of a whole answer, without the usage event and the terminator."""
    head = _head(completion)
    extras = {
        name: value
        for name, value in completion.items()
        if name not in {"object", "choices", "usage", *_ON_EVERY_CHUNK}
    }
    choices = completion.get("choices")
    listed = choices if isinstance(choices, list) else []
    chunks: list[JsonObject] = []
    for choice in listed:
        chunks += [{**head, "choices": [part]} for part in _opening_parts(choice)]
    for at, choice in enumerate(listed):
        last = at == len(listed) - 1
        chunks.append({**head, **(extras if last else {}), "choices": [_closing_part(choice)]})
    return data_events([compact_text(chunk) for chunk in chunks])


def usage_event(completion: JsonObject) -> str:
    """The event that `stream_options.include_usage` requests; empty where usage is not known."""
    usage = completion.get("usage")
    if not isinstance(usage, dict):
        return ""
    return data_event(compact_text({**_head(completion), "choices": [], "usage": usage}))


def _head(completion: JsonObject) -> JsonObject:
    known = {name: completion[name] for name in _ON_EVERY_CHUNK if name in completion}
    return {**known, "object": "chat.completion.chunk"}


def _opening_parts(choice: JsonObject) -> list[JsonObject]:
    message = choice.get("message")
    whole = dict(message) if isinstance(message, dict) else {}
    role = whole.pop("role", "assistant")
    opening: JsonObject = {"role": role}
    if whole.get("content") is None:
        opening["content"] = whole.pop("content", None)
    elif isinstance(whole["content"], str):
        opening["content"] = ""
    calls = whole.get("tool_calls")
    if isinstance(calls, list):
        whole["tool_calls"] = _numbered(calls)
    index = choice.get("index", 0)
    parts: list[JsonObject] = [{"index": index, "delta": opening, "finish_reason": None}]
    if whole or choice.get("logprobs") is not None:
        body: JsonObject = {"index": index, "delta": whole, "finish_reason": None}
        if choice.get("logprobs") is not None:
            body["logprobs"] = choice["logprobs"]
        parts.append(body)
    return parts


def _numbered(calls: list[object]) -> list[object]:
    """Calls by index: by their own where each has another one, else in their order."""
    own = [call.get("index") if isinstance(call, dict) else None for call in calls]
    if all(type(index) is int for index in own) and len(set(own)) == len(own):
        return calls
    return [
        {"index": at, **_without_index(call)} if isinstance(call, dict) else call
        for at, call in enumerate(calls)
    ]


def _without_index(call: JsonObject) -> JsonObject:
    return {name: value for name, value in call.items() if name != "index"}


def comparable(completion: JsonObject) -> JsonObject:
    """The answer without what a stream spells in another way than JSON does, for comparing."""
    top = {name: value for name, value in completion.items() if name != "object"}
    if top.get("usage") is None:
        top.pop("usage", None)
    choices = completion.get("choices")
    listed = choices if isinstance(choices, list) else []
    top["choices"] = [_comparable_choice(choice) for choice in listed]
    return top


def _comparable_choice(choice: JsonObject) -> JsonObject:
    message = choice.get("message")
    whole: JsonObject = {"role": "assistant", **(message if isinstance(message, dict) else {})}
    whole["content"] = whole.get("content") or None
    calls = whole.get("tool_calls")
    if isinstance(calls, list):
        whole["tool_calls"] = [
            _without_index(call) if isinstance(call, dict) else call for call in calls
        ]
    return {"index": 0, "logprobs": None, **choice, "message": whole}


def _closing_part(choice: JsonObject) -> JsonObject:
    rest = {name: value for name, value in choice.items() if name not in {"message", "logprobs"}}
    return {**rest, "delta": {}}
