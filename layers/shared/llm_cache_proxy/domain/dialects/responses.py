"""The Responses API: what matters to the cache in a request, and which answers may be kept.

Checks only what the cache itself relies on; every other field is the upstream's to judge.
"""

from collections.abc import Callable
from typing import cast

from llm_cache_proxy.domain.dialects import responses_stream as stream
from llm_cache_proxy.domain.dialects.fields import (
    check_sampling,
    optional,
    require,
    require_model,
    temperature,
    token_count,
    user_text,
    with_last_changed,
    wrong_type,
)
from llm_cache_proxy.domain.dialects.streams import word_by_word
from llm_cache_proxy.domain.dialects.streams.choices import tells_of_error
from llm_cache_proxy.domain.dialects.streams.error_events import OpenAIErrors
from llm_cache_proxy.domain.dialects.upstream_state import names_a_file, uses_live_tools
from llm_cache_proxy.domain.entries.entry import Form, Forms
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from llm_cache_proxy.domain.requests.policy import Traits
from llm_cache_proxy.domain.requests.reasons import Reason

_STATE = ("previous_response_id", "conversation", "prompt")
_CALLS = ("function_call", "custom_tool_call")  # no sets: an upstream may send a list
_ENDED = (None, "completed")


class ResponsesDialect(OpenAIErrors):
    """The `Dialect` of `/v1/responses`; its streams always report usage, and have no `[DONE]`."""

    path = "/responses"
    generates = True
    bills_tokens = True
    terminator = ""
    id_prefix = ""
    word_by_word = staticmethod(word_by_word.response_event)
    last_events = stream.LAST_EVENTS
    assembler = stream.ResponseAssembler

    @staticmethod
    def form(fields: JsonObject) -> Form:
        """JSON or a stream, of which usage is no event of its own."""
        return Form.SSE if fields.get("stream") is True else Form.JSON

    @staticmethod
    def asking_for_usage(_: JsonObject) -> JsonObject | None:
        """No option has to be added."""
        return None

    @staticmethod
    def is_usage_only(_: JsonObject) -> bool:
        """No event is there for usage alone."""
        return False

    @staticmethod
    def checked(fields: JsonObject) -> JsonObject:
        """`fields` if the parts that the cache relies on have the right types.

        Raises InvalidRequest with `param` naming the field. A stored prompt may bring model and
        input.
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

    @staticmethod
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

    @staticmethod
    def with_user_text(fields: JsonObject, change: Callable[[str], str]) -> JsonObject:
        """A copy with `change` applied to the last user text, if the request ends in one."""
        if _last_user_text(fields)[0] is None:
            return fields
        given = fields["input"]
        if isinstance(given, str):
            return {**fields, "input": change(given)}
        return {**fields, "input": with_last_changed(given, change)}

    @staticmethod
    def is_whole(response: JsonObject) -> bool:
        """Whether response and items are completed, and it says something or calls a tool."""
        output = response.get("output")
        if response.get("status") != "completed" or tells_of_error(response):
            return False
        if not isinstance(output, list) or not all(isinstance(item, dict) for item in output):
            return False
        ended = all(item.get("status") in _ENDED for item in output)
        return ended and any(_says_something(item) for item in output)

    @staticmethod
    def has_ended(response: JsonObject) -> bool:
        """Whether it is no longer in progress."""
        return response.get("status") in ("completed", "failed", "incomplete")

    @staticmethod
    def answer_text(response: JsonObject) -> str:
        """What the messages say, one after the other; an item without text as its JSON."""
        items = cast("list[JsonObject]", response["output"])
        return "\n".join(_text(item) for item in items if item.get("type") != "reasoning")

    @staticmethod
    def forms(response: JsonObject, json_text: str) -> Forms:
        """Every form of a response; usage is part of its last event in any case."""
        return Forms(json=json_text, sse=stream.events(response), usage_event="")

    @staticmethod
    def comparable(response: JsonObject) -> JsonObject:
        """The response itself: the stream's last event holds all of it."""
        return response

    @staticmethod
    def token_counts(response: JsonObject) -> tuple[int, int]:
        """Input and output tokens as the upstream counted them; zeros where it did not."""
        usage = response.get("usage")
        if not isinstance(usage, dict):
            return 0, 0
        return token_count(usage.get("input_tokens")), token_count(usage.get("output_tokens"))


def _items(fields: JsonObject) -> list[object]:
    given = fields.get("input")
    return given if isinstance(given, list) else []


def _last_user_text(fields: JsonObject) -> tuple[str | None, Reason | None]:
    given = fields.get("input")
    if isinstance(given, str):
        return given, None
    items = _items(fields)
    return user_text(items[-1] if items else None, "input_text")


def _leans_on_upstream(fields: JsonObject) -> bool:
    items = _items(fields)
    return (
        fields.get("store") is True
        or fields.get("background") is True
        or any(fields.get(name) is not None for name in _STATE)
        or uses_live_tools(fields)
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


def _text(item: JsonObject) -> str:
    content = item.get("content")
    parts = content if isinstance(content, list) else []
    texts = [str(part.get("text") or part.get("refusal") or "") for part in parts]
    return "\n".join(texts) if any(texts) else compact_text(item)
