"""What the endpoints' requests have in common: field types, stream options, the user's text.

A wrong type is refused in OpenAI's words.
"""

import math
from collections.abc import Callable, Mapping
from typing import cast

from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests.reasons import Reason

_MOST_TOKENS = 10**12
"""Beyond what a request can hold, and, at any price, within what the stores count exactly."""

_JSON_NAMES: Mapping[type, str] = {
    str: "a string",
    list: "an array",
    dict: "an object",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    type(None): "null",
}


def token_count(value: object) -> int:
    """The count of tokens that an upstream reports; 0 where it is missing or impossible."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS:
        return value
    return 0


def require(fields: JsonObject, name: str, kind: type) -> None:
    """Refuse a request in which `name` is missing or of another type."""
    if name not in fields:
        raise InvalidRequest(
            f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
        )
    if not isinstance(fields[name], kind):
        raise wrong_type(name, kind, type(fields[name]))


def require_model(fields: JsonObject) -> None:
    """Refuse a request that names no model."""
    require(fields, "model", str)
    if not fields["model"]:
        raise InvalidRequest("`model` must name a model.", param="model")


def optional(fields: JsonObject, name: str, *kinds: type) -> None:
    """Refuse a request in which `name` is there, not null, and of another type."""
    value = fields.get(name)
    if value is None:
        return
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise wrong_type(name, kinds[-1], type(value))


def check_sampling(fields: JsonObject) -> None:
    """Refuse wrong types of the fields that all endpoints of text share."""
    optional(fields, "stream", bool)
    optional(fields, "stream_options", dict)
    optional(fields, "temperature", int, float)


def check_messages(fields: JsonObject, *content: type) -> None:
    """Refuse a conversation in which anything that the cache reads is of another type.

    A message's content may be of the types `content`.
    """
    require_model(fields)
    require(fields, "messages", list)
    check_sampling(fields)
    optional(fields, "tools", list)
    messages = cast("list[object]", fields["messages"])
    if not messages:
        raise InvalidRequest("`messages` must hold at least one message.", param="messages")
    for index, message in enumerate(messages):
        place = f"messages[{index}]"
        if not isinstance(message, dict):
            raise wrong_type(place, dict, type(message))
        if not isinstance(message.get("role"), str):
            raise wrong_type(f"{place}.role", str, type(message.get("role")))
        if not isinstance(message.get("content"), content):
            raise wrong_type(f"{place}.content", str, type(message.get("content")))


def temperature(fields: JsonObject) -> float | None:
    """The requested temperature; infinity for an integer that no float holds."""
    value = fields.get("temperature")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def wrong_type(param: str, expected: type, got: type) -> InvalidRequest:
    """The refusal of a field of another type."""
    return InvalidRequest(
        f"Invalid type for '{param}': expected {_JSON_NAMES[expected]}, "
        f"but got {_JSON_NAMES.get(got, 'something else')} instead.",
        param=param,
        code="invalid_type",
    )


class StreamOptions:
    """What a request says of its stream, where an endpoint has OpenAI's `stream_options`."""

    @staticmethod
    def form(fields: JsonObject) -> Form:
        """JSON or a stream, which ends with usage for `stream_options.include_usage`."""
        if fields.get("stream") is not True:
            return Form.JSON
        options = fields.get("stream_options")
        wants_usage = isinstance(options, dict) and options.get("include_usage") is True
        return Form.SSE_WITH_USAGE if wants_usage else Form.SSE

    @staticmethod
    def asking_for_usage(fields: JsonObject) -> JsonObject | None:
        """The `stream_options` of a stream that reports usage; None where it does already."""
        options = fields.get("stream_options")
        given = options if isinstance(options, dict) else {}
        return None if given.get("include_usage") is True else {**given, "include_usage": True}

    @staticmethod
    def is_usage_only(chunk: JsonObject) -> bool:
        """Whether a chunk is the one that `include_usage` adds, and says no more than a role."""
        return isinstance(chunk.get("usage"), dict) and _says_nothing(chunk.get("choices"))


def choices_ended(completion: JsonObject) -> bool:
    """Whether there are choices, and each has a finish reason."""
    choices = completion.get("choices")
    return (
        isinstance(choices, list)
        and bool(choices)
        and all(
            isinstance(choice, dict) and bool(choice.get("finish_reason")) for choice in choices
        )
    )


def _says_nothing(choices: object) -> bool:
    """Whether there are no choices, or none of them says more than its index."""
    return not choices or (
        isinstance(choices, list)
        and all(
            isinstance(choice, dict) and not any(map(_says_more, choice.items()))
            for choice in choices
        )
    )


def _says_more(member: tuple[str, object]) -> bool:
    name, value = member
    if name == "delta" and isinstance(value, dict):
        return any(said for member, said in value.items() if member != "role")
    return name != "index" and bool(value)


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


def with_last_changed(messages: object, change: Callable[[str], str]) -> list[JsonObject]:
    """A copy in which `change` was applied to each text of the last, which has text alone."""
    *earlier, last = cast("list[JsonObject]", messages)
    content = last["content"]
    if isinstance(content, str):
        return [*earlier, {**last, "content": change(content)}]
    parts = cast("list[JsonObject]", content)
    changed = [{**part, "text": change(cast("str", part["text"]))} for part in parts]
    return [*earlier, {**last, "content": changed}]


def _part_text(part: object, part_type: str) -> str | None:
    matches = isinstance(part, dict) and part.get("type") == part_type
    text = cast("JsonObject", part).get("text") if matches else None
    return text if isinstance(text, str) else None
