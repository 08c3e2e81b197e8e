"""Legacy text completions as the pipeline sees them.

A prompt here is what the model goes on from, letter by letter: it is never normalised, and has
no semantic tier.
"""

from collections.abc import Callable
from typing import cast

from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.dialects.fields import (
    StreamOptions,
    check_sampling,
    choices_ended,
    require_model,
    temperature,
)
from llm_cache_proxy.domain.dialects.streams import word_by_word
from llm_cache_proxy.domain.dialects.streams.choices import ChoicesAssembler, tells_of_error
from llm_cache_proxy.domain.dialects.streams.error_events import OpenAIErrors
from llm_cache_proxy.domain.dialects.streams.sse import DONE_EVENT, data_event
from llm_cache_proxy.domain.dialects.upstream_state import uses_live_tools
from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from llm_cache_proxy.domain.requests.policy import Traits
from llm_cache_proxy.domain.requests.reasons import Reason


class TextDialect(StreamOptions, OpenAIErrors):
    """The `Dialect` of `/v1/completions`."""

    path = "/completions"
    generates = True
    bills_tokens = True
    terminator = DONE_EVENT
    last_events = ()
    id_prefix = "cmpl-"
    word_by_word = staticmethod(word_by_word.text_event)
    token_counts = staticmethod(ChatDialect.token_counts)
    has_ended = staticmethod(choices_ended)

    @staticmethod
    def assembler() -> ChoicesAssembler:
        """An assembler for one stream of `text_completion` objects."""
        return ChoicesAssembler("text_completion", "text", _finished)

    @staticmethod
    def checked(fields: JsonObject) -> JsonObject:
        """`fields`, or InvalidRequest; a prompt may have any form that the upstream takes."""
        require_model(fields)
        check_sampling(fields)
        return fields

    @staticmethod
    def traits(fields: JsonObject) -> Traits:
        """No text for the semantic tier."""
        return Traits(
            text=None,
            no_text=Reason.EXACT_ROUTE,
            offers_tools=False,
            temperature=temperature(fields),
            upstream_state=uses_live_tools(fields),
        )

    @staticmethod
    def with_user_text(fields: JsonObject, _: Callable[[str], str]) -> JsonObject:
        """Nothing changes."""
        return fields

    @staticmethod
    def is_whole(completion: JsonObject) -> bool:
        """Whether every choice stopped of itself and says something."""
        choices = completion.get("choices")
        if tells_of_error(completion) or not isinstance(choices, list) or not choices:
            return False
        return all(isinstance(choice, dict) and _has_ended(choice) for choice in choices)

    @staticmethod
    def answer_text(completion: JsonObject) -> str:
        """What the choices say, one after the other."""
        choices = cast("list[JsonObject]", completion["choices"])
        return "\n".join(str(choice.get("text")) for choice in choices)

    @staticmethod
    def comparable(completion: JsonObject) -> JsonObject:
        """The answer without what a stream spells in another way, for comparing."""
        top = {name: value for name, value in completion.items() if name != "object"}
        if top.get("usage") is None:
            top.pop("usage", None)
        choices = cast("list[JsonObject]", completion["choices"])
        top["choices"] = [{"index": 0, "logprobs": None, **choice} for choice in choices]
        return top

    @staticmethod
    def forms(completion: JsonObject, json_text: str) -> Forms:
        """Every form of an answer; `json_text` is its JSON body as it came."""
        return Forms(json_text, events(completion), usage_event(completion))


def _finished(index: int, said: JsonObject, beside: JsonObject) -> JsonObject:
    return {"text": "", **said, "index": index, "logprobs": None, **beside}


def _has_ended(choice: JsonObject) -> bool:
    ended = choice.get("finish_reason") == "stop" and not tells_of_error(choice)
    return ended and bool(choice.get("text"))


def events(completion: JsonObject) -> str:
    """The SSE events of a whole answer, without the usage event and the terminator."""
    head = {name: value for name, value in completion.items() if name not in {"choices", "usage"}}
    choices = completion.get("choices")
    listed = choices if isinstance(choices, list) else []
    parts = [_text_part(choice) for choice in listed] + [_closing_part(choice) for choice in listed]
    return "".join(data_event(compact_text({**head, "choices": [part]})) for part in parts)


def usage_event(completion: JsonObject) -> str:
    """The event that `stream_options.include_usage` requests; empty where usage is not known."""
    if not isinstance(completion.get("usage"), dict):
        return ""
    return data_event(compact_text({**completion, "choices": []}))


def _text_part(choice: JsonObject) -> JsonObject:
    named = ("text", "index", "logprobs")
    return {name: choice[name] for name in named if name in choice} | {"finish_reason": None}


def _closing_part(choice: JsonObject) -> JsonObject:
    return {**choice, "text": "", "logprobs": None}
