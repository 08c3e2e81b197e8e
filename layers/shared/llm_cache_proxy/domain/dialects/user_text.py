"""The text of a user's message, where it has text alone: one string, or parts of one type."""

from collections.abc import Callable
from typing import cast

from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests.reasons import Reason


def user_text(message: object, part_type: str) -> tuple[str | None, Reason | None]:
    """The message's text, its parts in lines of their own; or None, and why there is none."""
    if not isinstance(message, dict) or message.get("role") != "user":
        return None, Reason.NOT_USER_TEXT
    content = message.get("content")
    if isinstance(content, str):
        return content, None
    parts = content if isinstance(content, list) else []
    texts = [_part_text(part, part_type) for part in parts]
    if not texts or None in texts:
        return None, Reason.NOT_TEXT_ONLY
    return "\n".join(text for text in texts if text is not None), None


def with_changed_text(message: JsonObject, change: Callable[[str], str]) -> JsonObject:
    """A copy in which `change` was applied to each text of a message that has text alone."""
    content = message["content"]
    if isinstance(content, str):
        return {**message, "content": change(content)}
    parts = cast("list[JsonObject]", content)
    changed = [{**part, "text": change(cast("str", part["text"]))} for part in parts]
    return {**message, "content": changed}


def _part_text(part: object, part_type: str) -> str | None:
    told = isinstance(part, dict) and part.get("type") == part_type
    text = cast("JsonObject", part).get("text") if told else None
    return text if isinstance(text, str) else None
