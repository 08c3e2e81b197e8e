"""Anthropic's Messages API: what matters to the cache in a request, and which answers may be kept.

Checks only what the cache itself relies on; every other field is the upstream's to judge. Source:
https://platform.claude.com/docs/en/api/messages.
"""

from collections.abc import Callable
from typing import cast

from llm_cache_proxy.domain.dialects.anthropic import stream
from llm_cache_proxy.domain.dialects.anthropic.errors import AnthropicErrors
from llm_cache_proxy.domain.dialects.fields import (
    check_messages,
    temperature,
    token_count,
    user_text,
    with_last_changed,
)
from llm_cache_proxy.domain.dialects.streams.choices import tells_of_error
from llm_cache_proxy.domain.dialects.upstream_state import uses_live_tools
from llm_cache_proxy.domain.entries.entry import Form, Forms
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from llm_cache_proxy.domain.requests.policy import Traits
from llm_cache_proxy.domain.requests.reasons import Reason

_WHOLE = ("end_turn", "stop_sequence", "tool_use")  # no sets: an upstream may send a list
_STATE = ("container", "diagnostics", "thread")
"""Fields that name what the upstream keeps: a machine, an earlier answer, a conversation."""

_ACTED = ("server_tool_use", "mcp_tool_use", "container_upload")
_RESULT = "_tool_result"
_INPUT_TOKENS = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class MessagesDialect(AnthropicErrors):
    """The `Dialect` of `/v1/messages`; its streams always report usage, and have no `[DONE]`."""

    path = "/messages"
    generates = True
    bills_tokens = True
    terminator = ""
    id_prefix = ""
    last_events = stream.LAST_EVENTS
    assembler = stream.MessageAssembler
    word_by_word = staticmethod(stream.word_by_word)

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

        Raises InvalidRequest with `param` naming the field.
        """
        check_messages(fields, str, list)
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
            upstream_state=leans_on_upstream(fields),
        )

    @staticmethod
    def with_user_text(fields: JsonObject, change: Callable[[str], str]) -> JsonObject:
        """A copy with `change` applied to the last user text, if the request ends in one."""
        if _last_user_text(fields)[0] is None:
            return fields
        return {**fields, "messages": with_last_changed(fields["messages"], change)}

    @staticmethod
    def is_whole(message: JsonObject) -> bool:
        """Whether the message ended of itself, says something or calls the client's tool.

        One that was cut, paused or refused is not whole, and one for which the upstream searched or
        ran something is of its day.
        """
        content = message.get("content")
        if tells_of_error(message) or message.get("stop_reason") not in _WHOLE:
            return False
        if not isinstance(content, list) or message.get("container") is not None:
            return False
        blocks = [block for block in content if isinstance(block, dict)]
        if len(blocks) != len(content) or any(map(_was_acted_on, blocks)):
            return False
        return any(map(_says_something, blocks))

    @staticmethod
    def has_ended(message: JsonObject) -> bool:
        """Whether it has a stop reason."""
        return bool(message.get("stop_reason"))

    @staticmethod
    def answer_text(message: JsonObject) -> str:
        """What the blocks say, one after the other; a tool's call as its JSON, no thoughts."""
        blocks = cast("list[JsonObject]", message["content"])
        return "\n".join(
            str(block.get("text")) if block.get("type") == "text" else compact_text(block)
            for block in blocks
            if block.get("type") in ("text", "tool_use")  # no set: an upstream may send a list
        )

    @staticmethod
    def forms(message: JsonObject, json_text: str) -> Forms:
        """Every form of a message; usage is part of its events in any case."""
        return Forms(json=json_text, sse=stream.events(message), usage_event="")

    @staticmethod
    def comparable(message: JsonObject) -> JsonObject:
        """The message without its nulls: a stream may leave out what it does not know yet."""
        return {name: value for name, value in message.items() if value is not None}

    @staticmethod
    def token_counts(message: JsonObject) -> tuple[int, int]:
        """Input tokens, those of the upstream's own cache among them, and output tokens."""
        usage = message.get("usage")
        if not isinstance(usage, dict):
            return 0, 0
        asked = sum(token_count(usage.get(name)) for name in _INPUT_TOKENS)
        return token_count(asked), token_count(usage.get("output_tokens"))


def leans_on_upstream(fields: JsonObject) -> bool:
    """Whether the answer depends on what the upstream keeps, looks up or runs."""
    return (
        any(fields.get(name) is not None for name in _STATE)
        or uses_live_tools(fields)
        or _names_a_file(fields.get("messages"))
    )


def _names_a_file(value: object) -> bool:
    """Whether a block anywhere in the messages stands for a file that the upstream keeps."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            if each.get("file_id") is not None:
                return True
            waiting += [each.get("content"), each.get("source")]
    return False


def _last_user_text(fields: JsonObject) -> tuple[str | None, Reason | None]:
    return user_text(cast("list[object]", fields["messages"])[-1], "text")


def _was_acted_on(block: JsonObject) -> bool:
    kind = block.get("type")
    return kind in _ACTED or (isinstance(kind, str) and kind.endswith(_RESULT))


def _says_something(block: JsonObject) -> bool:
    return block.get("type") == "tool_use" or (
        block.get("type") == "text" and bool(block.get("text"))
    )
