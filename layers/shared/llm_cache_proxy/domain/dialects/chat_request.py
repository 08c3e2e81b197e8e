"""What a chat completion request says that matters to the cache.

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


def checked(fields: JsonObject) -> JsonObject:
    """`fields` if the parts that the cache relies on have the right types.

    Raises InvalidRequest with `param` naming the field.
    """
    require_model(fields)
    require(fields, "messages", list)
    messages = cast("list[object]", fields["messages"])
    if not messages:
        raise InvalidRequest("`messages` must hold at least one message.", param="messages")
    for index, message in enumerate(messages):
        _check_message(index, message)
    check_sampling(fields)
    optional(fields, "tools", list)
    return fields


def _check_message(index: int, message: object) -> None:
    place = f"messages[{index}]"
    if not isinstance(message, dict):
        raise wrong_type(place, dict, type(message))
    if not isinstance(message.get("role"), str):
        raise wrong_type(f"{place}.role", str, type(message.get("role")))
    if not isinstance(message.get("content"), str | list | None):
        raise wrong_type(f"{place}.content", str, type(message["content"]))


def traits(fields: JsonObject) -> Traits:
    """What decides how far this request may be cached."""
    text, no_text = _last_user_text(fields)
    return Traits(
        text=text,
        no_text=no_text,
        offers_tools=bool(fields.get("tools") or fields.get("functions")),
        temperature=temperature(fields),
        upstream_state=_leans_on_upstream(fields),
    )


def _leans_on_upstream(fields: JsonObject) -> bool:
    return (
        fields.get("store") is True
        or fields.get("web_search_options") is not None
        or offers_hosted_tools(fields)
        or names_a_file(fields["messages"])
    )


def with_user_text(fields: JsonObject, change: Callable[[str], str]) -> JsonObject:
    """A copy in which `change` was applied to the last user text, if the request ends in one."""
    if _last_user_text(fields)[0] is None:
        return fields
    *earlier, last = cast("list[JsonObject]", fields["messages"])
    return {**fields, "messages": [*earlier, with_changed_text(last, change)]}


def _last_user_text(fields: JsonObject) -> tuple[str | None, Reason | None]:
    return user_text(cast("list[object]", fields["messages"])[-1], "text")
