"""Chat completions: what matters to the cache in a request, and which answers may be kept.

Checks only what the cache itself relies on; every other field is the upstream's to judge.
"""

from collections.abc import Callable
from typing import cast

from llm_cache_proxy.domain.dialects import chat_stream as stream
from llm_cache_proxy.domain.dialects.fields import (
    StreamOptions,
    check_sampling,
    optional,
    require,
    require_model,
    temperature,
    token_count,
    user_text,
    with_changed_text,
    wrong_type,
)
from llm_cache_proxy.domain.dialects.streams import word_by_word
from llm_cache_proxy.domain.dialects.streams.choices import NO_ERROR
from llm_cache_proxy.domain.dialects.streams.sse import DONE_EVENT
from llm_cache_proxy.domain.dialects.upstream_state import names_a_file, uses_live_tools
from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from llm_cache_proxy.domain.requests.policy import Traits
from llm_cache_proxy.domain.requests.reasons import Reason

_WHOLE = ("stop", "tool_calls", "function_call")  # no set: an upstream may send a list


class ChatDialect(StreamOptions):
    """The `Dialect` of `/v1/chat/completions`."""

    path = "/chat/completions"
    terminator = DONE_EVENT
    last_events = ()
    id_prefix = "chatcmpl-"
    word_by_word = staticmethod(word_by_word.chat_event)
    assembler = staticmethod(stream.chat_assembler)
    comparable = staticmethod(stream.comparable)

    @staticmethod
    def checked(fields: JsonObject) -> JsonObject:
        """`fields` if the parts that the cache relies on have the right types.

        Raises InvalidRequest with `param` naming the field.
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
            if not isinstance(message.get("content"), str | list | None):
                raise wrong_type(f"{place}.content", str, type(message["content"]))
        return fields

    @staticmethod
    def traits(fields: JsonObject) -> Traits:
        """What decides how far this request may be cached."""
        text, no_text = _last_user_text(fields)
        return Traits(
            text=text,
            no_text=no_text,
            offers_tools=bool(fields.get("tools") or fields.get("functions")),
            temperature=temperature(fields),
            upstream_state=fields.get("store") is True
            or uses_live_tools(fields)
            or names_a_file(fields["messages"]),
        )

    @staticmethod
    def with_user_text(fields: JsonObject, change: Callable[[str], str]) -> JsonObject:
        """A copy with `change` applied to the last user text, if the request ends in one."""
        if _last_user_text(fields)[0] is None:
            return fields
        *earlier, last = cast("list[JsonObject]", fields["messages"])
        return {**fields, "messages": [*earlier, with_changed_text(last, change)]}

    @staticmethod
    def is_whole(completion: JsonObject) -> bool:
        """Whether every choice ended of itself and says something.

        `length`, `content_filter`, an error, an empty answer or an unknown end is not whole.
        """
        choices = completion.get("choices")
        if completion.get("error") not in NO_ERROR or not isinstance(choices, list) or not choices:
            return False
        return all(
            isinstance(choice, dict)
            and choice.get("finish_reason") in _WHOLE
            and _says_something(choice.get("message"))
            for choice in choices
        )

    @staticmethod
    def said(completion: JsonObject) -> str:
        """What the choices say, one after the other; a message without text as its JSON."""
        choices = cast("list[JsonObject]", completion["choices"])
        messages = [cast("JsonObject", choice["message"]) for choice in choices]
        texts = [message.get("content") or message.get("refusal") for message in messages]
        return "\n".join(
            text if isinstance(text, str) else compact_text(message)
            for text, message in zip(texts, messages, strict=True)
        )

    @staticmethod
    def forms(completion: JsonObject, json_text: str) -> Forms:
        """Every form of an answer; `json_text` is its JSON body as it came."""
        return Forms(
            json=json_text,
            sse=stream.events(completion),
            usage_event=stream.usage_event(completion),
        )

    @staticmethod
    def token_counts(completion: JsonObject) -> tuple[int, int]:
        """Prompt and completion tokens as the upstream counted them; zeros where it did not."""
        usage = completion.get("usage")
        if not isinstance(usage, dict):
            return 0, 0
        return token_count(usage.get("prompt_tokens")), token_count(usage.get("completion_tokens"))


def _last_user_text(fields: JsonObject) -> tuple[str | None, Reason | None]:
    return user_text(cast("list[object]", fields["messages"])[-1], "text")


def _says_something(message: object) -> bool:
    return isinstance(message, dict) and any(
        message.get(name) for name in ("content", "tool_calls", "function_call", "audio", "refusal")
    )
