"""Facts about word-by-word streams: their events add up to what was stored."""

import json
from dataclasses import astuple
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from llm_cache_proxy.domain.dialects import chat, responses_stream, text
from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.dialects.dialect import Dialect
from llm_cache_proxy.domain.dialects.responses import ResponsesDialect
from llm_cache_proxy.domain.dialects.streams.sse import EventSplitter
from llm_cache_proxy.domain.dialects.streams.word_by_word import words
from llm_cache_proxy.domain.dialects.text import TextDialect
from unit.domain.dialects import test_text as texts
from unit.domain.dialects.streams import completions as chats
from unit.domain.dialects.streams.responses import whole_responses


def slowly(dialect: Dialect, events: str) -> list[dict[str, Any]]:
    stored = EventSplitter().feed(events.encode())
    datas = [json.loads(event.data) for event in stored if event.data is not None]
    return [part for data in datas for part in dialect.word_by_word(data)]


def assembled(dialect: Dialect, events: list[dict[str, Any]]) -> dict[str, Any]:
    assembler = dialect.assembler()
    for event in events:
        assembler.add(json.dumps(event))
    return assembler.completion()


@given(st.text())
def test_the_words_of_a_text_add_up_to_it(text: str) -> None:
    assert "".join(words(text)) == text


@given(chats.completions())
def test_a_chat_adds_up(completion: dict[str, Any]) -> None:
    sse = "".join(astuple(chat.chat_forms(completion, "")))

    assert assembled(ChatDialect(), slowly(ChatDialect(), sse)) == completion


@given(texts.completions())
def test_a_text_adds_up(completion: dict[str, Any]) -> None:
    sse = text.events(completion) + text.usage_event(completion)

    assert assembled(TextDialect(), slowly(TextDialect(), sse)) == completion


@given(whole_responses())
def test_a_response_adds_up(response: dict[str, Any]) -> None:
    events = slowly(ResponsesDialect(), responses_stream.events(response))

    assert assembled(ResponsesDialect(), events) == response
    answer = slowly(ResponsesDialect(), responses_stream.events(response))
    done = [e["text"] for e in answer if e["type"] == "response.output_text.done"]
    deltas = [e["delta"] for e in answer if e["type"] == "response.output_text.delta"]
    assert "".join(deltas) == "".join(done)
