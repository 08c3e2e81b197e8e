"""What a request to the Responses API says that matters to the cache.

Checks only what the cache itself relies on; every other field is the upstream's to judge.
"""

from collections.abc import Callable
from typing import cast

from llm_cache_proxy.domain.dialects.fields import (
    check_sampling,
    optional,
    require,
    require_model,
    temperature,
    wrong_type,
)
from llm_cache_proxy.domain.dialects.upstream_state import names_a_file, offers_hosted_tools
from llm_cache_proxy.domain.dialects.user_text import user_text, with_changed_text
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests.policy import Traits
from llm_cache_proxy.domain.requests.reasons import Reason

_STATE = ("previous_response_id", "conversation", "prompt")


def checked(fields: JsonObject) -> JsonObject:
    """`fields` if the parts that the cache relies on have the right types.

    Raises InvalidRequest with `param` naming the field. A stored prompt may bring model and input.
    """
    if fields.get("prompt") is None:
        require_model(fields)
        require(fields, "input", list if isinstance(fields.get("input"), list) else str)
    else:
        optional(fields, "model", str)
        optional(fields, "input", str, list)
    check_sampling(fields)
    optional(fields, "tools", list)
    for index, item in enumerate(_items(fields)):
        if not isinstance(item, dict):
            raise wrong_type(f"input[{index}]", dict, type(item))
        if not isinstance(item.get("content"), str | list | None):
            raise InvalidRequest(
                f"Invalid type for 'input[{index}].content'.",
                param=f"input[{index}].content",
                code="invalid_type",
            )
    return fields


def traits(fields: JsonObject) -> Traits:
    """What decides how far this request may be cached."""
    text, no_text = _last_user_text(fields)
    return Traits(
        text=text,
        no_text=no_text,
        offers_tools=bool(fields.get("tools")),
        temperature=temperature(fields),
        upstream_state=_leans_on_upstream(fields),
    )


def with_user_text(fields: JsonObject, change: Callable[[str], str]) -> JsonObject:
    """A copy in which `change` was applied to the last user text, if the request ends in one."""
    if _last_user_text(fields)[0] is None:
        return fields
    asked = fields["input"]
    if isinstance(asked, str):
        return {**fields, "input": change(asked)}
    *earlier, last = cast("list[JsonObject]", asked)
    return {**fields, "input": [*earlier, with_changed_text(last, change)]}


def _items(fields: JsonObject) -> list[object]:
    asked = fields.get("input")
    return asked if isinstance(asked, list) else []


def _last_user_text(fields: JsonObject) -> tuple[str | None, Reason | None]:
    asked = fields.get("input")
    if isinstance(asked, str):
        return asked, None
    items = _items(fields)
    return user_text(items[-1] if items else None, "input_text")


def _leans_on_upstream(fields: JsonObject) -> bool:
    items = _items(fields)
    return (
        fields.get("store") is True
        or fields.get("background") is True
        or any(fields.get(name) is not None for name in _STATE)
        or offers_hosted_tools(fields)
        or names_a_file(items)
        or any(_refers_to_kept_item(item) for item in items)
    )


def _refers_to_kept_item(item: object) -> bool:
    """Whether an item stands for one that the upstream has kept; thoughts are often named only."""
    if not isinstance(item, dict):
        return False
    kind = item.get("type", "message" if "content" in item else "item_reference")
    thought = kind == "reasoning" and not (item.get("encrypted_content") or item.get("content"))
    return kind == "item_reference" or thought
