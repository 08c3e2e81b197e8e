"""Chat completions: what matters to the cache in a request, which answers are kept, their streams.

Checks only what the cache itself relies on; every other field is the upstream's to judge. A stream
that is replayed sends the role first and the finish reason last, and loses nothing.
"""

from collections.abc import Callable
from typing import cast

from llm_cache_proxy.domain.dialects.fields import (
    StreamOptions,
    check_messages,
    choices_ended,
    temperature,
    token_count,
    user_text,
    with_last_changed,
)
from llm_cache_proxy.domain.dialects.streams import word_by_word
from llm_cache_proxy.domain.dialects.streams.choices import ChoicesAssembler, tells_of_error
from llm_cache_proxy.domain.dialects.streams.error_events import OpenAIErrors
from llm_cache_proxy.domain.dialects.streams.sse import DONE_EVENT, data_events
from llm_cache_proxy.domain.dialects.upstream_state import names_a_file, uses_live_tools
from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from llm_cache_proxy.domain.requests.policy import Traits
from llm_cache_proxy.domain.requests.reasons import Reason

_WHOLE = ("stop", "tool_calls", "function_call")  # no set: an upstream may send a list


def chat_assembler() -> ChoicesAssembler:
    """An assembler for one stream of `chat.completion.chunk` objects."""
    return ChoicesAssembler("chat.completion", "delta", _finished)


def _finished(index: int, whole: JsonObject, beside: JsonObject) -> JsonObject:
    rest = dict(beside)
    message = rest.pop("message", None)
    if not whole and isinstance(message, dict):
        whole = dict(message)
    if whole.get("content") == "" and whole.get("tool_calls"):
        whole["content"] = None
    whole.setdefault("content", None)
    whole.setdefault("role", "assistant")
    return {"index": index, "message": whole, "logprobs": None, **rest}


_ON_EVERY_CHUNK = ("id", "created", "model", "system_fingerprint", "service_tier")


def chat_forms(completion: JsonObject, json_text: str) -> Forms:
    """Every form of an answer; `json_text` is its JSON body as it came."""
    *texts, usage = [compact_text(chunk) for chunk in [*_chunks(completion), _usage(completion)]]
    known = isinstance(completion.get("usage"), dict)
    return Forms(json_text, data_events(texts), data_events([usage]) if known else "")


def _usage(completion: JsonObject) -> JsonObject:
    """The chunk that `stream_options.include_usage` requests."""
    return {**_head(completion), "choices": [], "usage": completion.get("usage")}


def _chunks(completion: JsonObject) -> list[JsonObject]:
    """The chunks of a whole answer, without the one with its usage."""
    head = _head(completion)
    extras = {
        name: value
        for name, value in completion.items()
        if name not in {"object", "choices", "usage", *_ON_EVERY_CHUNK}
    }
    choices = completion.get("choices")
    listed = choices if isinstance(choices, list) else []
    chunks: list[JsonObject] = []
    for choice in listed:
        chunks += [{**head, "choices": [part]} for part in _opening_parts(choice)]
    for at, choice in enumerate(listed):
        last = at == len(listed) - 1
        chunks.append({**head, **(extras if last else {}), "choices": [_closing_part(choice)]})
    return chunks


def _head(completion: JsonObject) -> JsonObject:
    known = {name: completion[name] for name in _ON_EVERY_CHUNK if name in completion}
    return {**known, "object": "chat.completion.chunk"}


def _opening_parts(choice: JsonObject) -> list[JsonObject]:
    message = choice.get("message")
    whole = dict(message) if isinstance(message, dict) else {}
    role = whole.pop("role", "assistant")
    opening: JsonObject = {"role": role}
    if whole.get("content") is None:
        opening["content"] = whole.pop("content", None)
    elif isinstance(whole["content"], str):
        opening["content"] = ""
    calls = whole.get("tool_calls")
    if isinstance(calls, list):
        whole["tool_calls"] = _numbered(calls)
    index = choice.get("index", 0)
    parts: list[JsonObject] = [{"index": index, "delta": opening, "finish_reason": None}]
    if whole or choice.get("logprobs") is not None:
        body: JsonObject = {"index": index, "delta": whole, "finish_reason": None}
        if choice.get("logprobs") is not None:
            body["logprobs"] = choice["logprobs"]
        parts.append(body)
    return parts


def _numbered(calls: list[object]) -> list[object]:
    """Calls by index: by their own where each has another one, else in their order."""
    own = [call.get("index") if isinstance(call, dict) else None for call in calls]
    if all(type(index) is int for index in own) and len(set(own)) == len(own):
        return calls
    return [
        {"index": at, **_without_index(call)} if isinstance(call, dict) else call
        for at, call in enumerate(calls)
    ]


def _without_index(call: JsonObject) -> JsonObject:
    return {name: value for name, value in call.items() if name != "index"}


def comparable_chat(completion: JsonObject) -> JsonObject:
    """The answer without what a stream spells in another way than JSON does, for comparing."""
    top = {name: value for name, value in completion.items() if name != "object"}
    if top.get("usage") is None:
        top.pop("usage", None)
    choices = completion.get("choices")
    listed = choices if isinstance(choices, list) else []
    top["choices"] = [_comparable_choice(choice) for choice in listed]
    return top


def _comparable_choice(choice: JsonObject) -> JsonObject:
    message = choice.get("message")
    whole: JsonObject = {"role": "assistant", **(message if isinstance(message, dict) else {})}
    whole["content"] = whole.get("content") or None
    calls = whole.get("tool_calls")
    if isinstance(calls, list):
        whole["tool_calls"] = [
            _without_index(call) if isinstance(call, dict) else call for call in calls
        ]
    return {"index": 0, "logprobs": None, **choice, "message": whole}


def _closing_part(choice: JsonObject) -> JsonObject:
    rest = {name: value for name, value in choice.items() if name not in {"message", "logprobs"}}
    return {**rest, "delta": {}}


class ChatDialect(StreamOptions, OpenAIErrors):
    """The `Dialect` of `/v1/chat/completions`."""

    path = "/chat/completions"
    generates = True
    bills_tokens = True
    terminator = DONE_EVENT
    last_events = ()
    id_prefix = "chatcmpl-"
    word_by_word = staticmethod(word_by_word.chat_event)
    assembler = staticmethod(chat_assembler)
    comparable = staticmethod(comparable_chat)
    has_ended = staticmethod(choices_ended)
    forms = staticmethod(chat_forms)

    @staticmethod
    def checked(fields: JsonObject) -> JsonObject:
        """`fields` if the parts that the cache relies on have the right types.

        Raises InvalidRequest with `param` naming the field.
        """
        check_messages(fields, str, list, type(None))
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
        return {**fields, "messages": with_last_changed(fields["messages"], change)}

    @staticmethod
    def is_whole(completion: JsonObject) -> bool:
        """Whether every choice ended of itself and says something.

        `length`, `content_filter`, an error, an empty answer or an unknown end is not whole.
        """
        choices = completion.get("choices")
        if tells_of_error(completion) or not isinstance(choices, list) or not choices:
            return False
        return all(
            isinstance(choice, dict)
            and not tells_of_error(choice)
            and choice.get("finish_reason") in _WHOLE
            and _says_something(choice.get("message"))
            for choice in choices
        )

    @staticmethod
    def answer_text(completion: JsonObject) -> str:
        """What the choices say, one after the other; a message without text as its JSON."""
        choices = cast("list[JsonObject]", completion["choices"])
        messages = [cast("JsonObject", choice["message"]) for choice in choices]
        texts = [message.get("content") or message.get("refusal") for message in messages]
        return "\n".join(
            text if isinstance(text, str) else compact_text(message)
            for text, message in zip(texts, messages, strict=True)
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
        message.get(name)
        for name in ("content", "tool_calls", "function_call", "audio", "images", "refusal")
    )
