"""Which responses are whole and may be kept, and what is kept of them."""

from typing import cast

from llm_cache_proxy.domain.dialects import responses_replay as replay
from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.domain.json_text import JsonObject, compact_text

_CALLS = frozenset({"function_call", "custom_tool_call"})


def is_whole(response: JsonObject) -> bool:
    """Whether the response was completed, every item of it, and says something or calls a tool."""
    output = response.get("output")
    if response.get("status") != "completed" or response.get("error") is not None:
        return False
    if not isinstance(output, list) or not all(isinstance(item, dict) for item in output):
        return False
    ended = all(item.get("status") in {None, "completed"} for item in output)
    return ended and any(_says_something(item) for item in output)


def _says_something(item: JsonObject) -> bool:
    if item.get("type") in _CALLS:
        return True
    content = item.get("content")
    return (
        item.get("type") == "message"
        and isinstance(content, list)
        and any(
            isinstance(part, dict) and bool(part.get("text") or part.get("refusal"))
            for part in content
        )
    )


def said(response: JsonObject) -> str:
    """What the messages say, one after the other; an item without text as its JSON."""
    items = cast("list[JsonObject]", response["output"])
    return "\n".join(_text(item) for item in items if item.get("type") != "reasoning")


def _text(item: JsonObject) -> str:
    content = item.get("content")
    parts = content if isinstance(content, list) else []
    texts = [str(part.get("text") or part.get("refusal") or "") for part in parts]
    return "\n".join(texts) if any(texts) else compact_text(item)


def forms(response: JsonObject, json_text: str) -> Forms:
    """Every form of a response; usage is part of its last event, whether asked for or not."""
    return Forms(json=json_text, sse=replay.events(response), usage_event="")


def token_counts(response: JsonObject) -> tuple[int, int]:
    """Input and output tokens as the upstream counted them; zeros where it did not."""
    usage = response.get("usage")
    if not isinstance(usage, dict):
        return 0, 0
    return _count(usage.get("input_tokens")), _count(usage.get("output_tokens"))


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
