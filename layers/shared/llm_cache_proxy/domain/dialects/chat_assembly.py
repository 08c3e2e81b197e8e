"""A stream of chat completion chunks put together into the one message that it spells."""

from llm_cache_proxy.domain.dialects.choices import Choice, ChoicesAssembler
from llm_cache_proxy.domain.json_text import JsonObject


def chat_assembler() -> ChoicesAssembler:
    """An assembler for one stream of `chat.completion.chunk` objects."""
    return ChoicesAssembler("chat.completion", "delta", _finished)


def _finished(index: int, choice: Choice) -> JsonObject:
    whole = dict(choice.said)
    calls = whole.get("tool_calls")
    if isinstance(calls, list):
        whole["tool_calls"] = [_without_index(call) for call in calls]
    if whole.get("content") == "" and whole.get("tool_calls"):
        whole["content"] = None
    whole.setdefault("content", None)
    whole.setdefault("role", "assistant")
    return {"index": index, "message": whole, "logprobs": None, **choice.rest}


def _without_index(call: object) -> object:
    if not isinstance(call, dict):
        return call
    return {name: value for name, value in call.items() if name != "index"}
