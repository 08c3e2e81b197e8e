"""What a chat completion request says that matters to the cache.

Checks only what the cache itself relies on; every other field is the upstream's to judge.
"""

from collections.abc import Callable, Mapping
from typing import cast

from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.policy import Traits
from llm_cache_proxy.domain.reasons import Reason

_HOSTED_TOOLS_EXCEPT = frozenset({"function", "custom"})


def checked(fields: JsonObject) -> JsonObject:
    """`fields` if the parts that the cache relies on have the right types.

    Raises InvalidRequest with `param` naming the field.
    """
    _require(fields, "model", str)
    if not fields["model"]:
        raise InvalidRequest("`model` must name a model.", param="model")
    _require(fields, "messages", list)
    messages = cast("list[object]", fields["messages"])
    if not messages:
        raise InvalidRequest("`messages` must hold at least one message.", param="messages")
    for index, message in enumerate(messages):
        _check_message(index, message)
    _optional(fields, "stream", bool)
    _optional(fields, "stream_options", dict)
    _optional(fields, "tools", list)
    if isinstance(fields.get("temperature"), bool):
        raise _wrong_type("temperature", float, bool)
    _optional(fields, "temperature", int, float)
    return fields


def _check_message(index: int, message: object) -> None:
    place = f"messages[{index}]"
    if not isinstance(message, dict):
        raise _wrong_type(place, dict, type(message))
    if not isinstance(message.get("role"), str):
        raise _wrong_type(f"{place}.role", str, type(message.get("role")))
    if not isinstance(message.get("content"), str | list | None):
        raise _wrong_type(f"{place}.content", str, type(message["content"]))


def _require(fields: JsonObject, name: str, kind: type) -> None:
    if name not in fields:
        raise InvalidRequest(
            f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
        )
    if not isinstance(fields[name], kind):
        raise _wrong_type(name, kind, type(fields[name]))


def _optional(fields: JsonObject, name: str, *kinds: type) -> None:
    value = fields.get(name)
    if value is not None and not isinstance(value, kinds):
        raise _wrong_type(name, kinds[-1], type(value))


_JSON_NAMES: Mapping[type, str] = {
    str: "a string",
    list: "an array",
    dict: "an object",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    type(None): "null",
}


def _wrong_type(param: str, expected: type, got: type) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid type for '{param}': expected {_JSON_NAMES[expected]}, "
        f"but got {_JSON_NAMES.get(got, 'something else')} instead.",
        param=param,
        code="invalid_type",
    )


def traits(fields: JsonObject) -> Traits:
    """What decides how far this request may be cached."""
    text, no_text = _last_user_text(fields)
    temperature = fields.get("temperature")
    return Traits(
        text=text,
        no_text=no_text,
        offers_tools=bool(fields.get("tools") or fields.get("functions")),
        temperature=float(temperature) if isinstance(temperature, int | float) else None,
        upstream_state=_leans_on_upstream(fields),
    )


def _leans_on_upstream(fields: JsonObject) -> bool:
    if fields.get("store") is True or fields.get("web_search_options") is not None:
        return True
    tools = fields.get("tools")
    return isinstance(tools, list) and any(
        isinstance(tool, dict) and tool.get("type", "function") not in _HOSTED_TOOLS_EXCEPT
        for tool in tools
    )


def _last_user_text(fields: JsonObject) -> tuple[str | None, Reason | None]:
    last = cast("list[JsonObject]", fields["messages"])[-1]
    if last.get("role") != "user":
        return None, Reason.NOT_USER_TEXT
    content = last.get("content")
    if isinstance(content, str):
        return content, None
    texts = [_part_text(part) for part in content] if isinstance(content, list) else []
    if not texts or None in texts:
        return None, Reason.NOT_TEXT_ONLY
    return "\n".join(text for text in texts if text is not None), None


def _part_text(part: object) -> str | None:
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
        return cast("str", part["text"])
    return None


def with_user_text(fields: JsonObject, change: Callable[[str], str]) -> JsonObject:
    """A copy in which `change` was applied to the last user text, if the request ends in one."""
    messages = cast("list[JsonObject]", fields["messages"])
    last = messages[-1]
    if _last_user_text(fields)[0] is None:
        return fields
    content = last["content"]
    changed: object
    if isinstance(content, str):
        changed = change(content)
    else:
        parts = cast("list[JsonObject]", content)
        changed = [{**part, "text": change(cast("str", part["text"]))} for part in parts]
    return {**fields, "messages": [*messages[:-1], {**last, "content": changed}]}


def wants_stream(fields: JsonObject) -> bool:
    """Whether the client asked for server-sent events."""
    return fields.get("stream") is True


def wants_usage(fields: JsonObject) -> bool:
    """Whether a stream is to end with the usage event (`stream_options.include_usage`)."""
    options = fields.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True
