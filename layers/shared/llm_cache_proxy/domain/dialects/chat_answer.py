"""Which answers are whole and may be kept, and what is kept of them."""

from typing import cast

from llm_cache_proxy.domain.dialects import chat_replay as replay
from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.domain.json_text import JsonObject, compact_text

_WHOLE = frozenset({"stop", "tool_calls", "function_call"})


def is_whole(completion: JsonObject) -> bool:
    """Whether every choice ended of itself and says something.

    `length`, `content_filter`, an error, an empty answer or an unknown end is not whole.
    """
    choices = completion.get("choices")
    if "error" in completion or not isinstance(choices, list) or not choices:
        return False
    return all(
        isinstance(choice, dict)
        and choice.get("finish_reason") in _WHOLE
        and _says_something(choice.get("message"))
        for choice in choices
    )


def _says_something(message: object) -> bool:
    return isinstance(message, dict) and any(
        message.get(name) for name in ("content", "tool_calls", "function_call", "audio", "refusal")
    )


def said(completion: JsonObject) -> str:
    """What the choices say, one after the other; a message without text as its JSON."""
    choices = cast("list[JsonObject]", completion["choices"])
    messages = [cast("JsonObject", choice["message"]) for choice in choices]
    texts = [message.get("content") or message.get("refusal") for message in messages]
    return "\n".join(
        text if isinstance(text, str) else compact_text(message)
        for text, message in zip(texts, messages, strict=True)
    )


def forms(completion: JsonObject, json_text: str) -> Forms:
    """Every form of an answer; `json_text` is its JSON body as it came."""
    return Forms(
        json=json_text, sse=replay.events(completion), usage_event=replay.usage_event(completion)
    )


def token_counts(completion: JsonObject) -> tuple[int, int]:
    """Prompt and completion tokens as the upstream counted them; zeros where it did not."""
    usage = completion.get("usage")
    if not isinstance(usage, dict):
        return 0, 0
    return _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
