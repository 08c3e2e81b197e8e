"""Facts about answers as JSON and as streams: nothing is lost either way."""

import json
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_cache_proxy.domain.dialects import chat
from llm_cache_proxy.domain.dialects.chat import ChatDialect, chat_assembler
from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError
from llm_cache_proxy.domain.dialects.streams.sse import EventSplitter
from llm_cache_proxy.domain.entries.entry import Form
from unit.domain.dialects.streams.completions import completions, streams_of


def assembled(datas: list[str]) -> dict[str, Any]:
    assembler = chat_assembler()
    for data in datas:
        assembler.add(data)
    return assembler.completion()


def datas_of(sse: str) -> list[str]:
    events = EventSplitter().feed(sse.encode())
    return [event.data for event in events if event.data is not None]


@given(st.data())
def test_assembling_any_legal_stream_gives_the_whole_answer(data: st.DataObject) -> None:
    completion = data.draw(completions())
    stream = data.draw(streams_of(completion))

    assert assembled(stream) == completion


@given(completions())
def test_replaying_and_assembling_gives_the_same_answer(completion: dict[str, Any]) -> None:
    answer = datas_of("".join(astuple(chat.chat_forms(completion, ""))))

    assert assembled(answer) == completion


@given(completions())
def test_a_replay_sends_the_role_first_and_the_end_last(completion: dict[str, Any]) -> None:
    chunks = [json.loads(data) for data in datas_of(chat.chat_forms(completion, "").sse)]

    for choice in completion["choices"]:
        own = [c["choices"][0] for c in chunks if c["choices"][0]["index"] == choice["index"]]
        assert own[0]["delta"]["role"] == "assistant"
        assert own[-1]["finish_reason"] == choice["finish_reason"]
        assert all(part["finish_reason"] is None for part in own[:-1])
    assert all("usage" not in chunk for chunk in chunks)


def test_usage_is_reported_only_where_it_is_wanted_and_known() -> None:
    known: dict[str, Any] = {
        "id": "1",
        "choices": [],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    }
    kept = ChatDialect.forms(known, "{}")

    assert "usage" not in kept.body(Form.SSE)
    assert '"usage"' in kept.body(Form.SSE_WITH_USAGE)
    assert chat.chat_forms({"choices": []}, "").usage_event == ""
    assert kept.body(Form.JSON) == "{}"
    assert ChatDialect.token_counts(known) == (1, 2)


def test_a_functions_name_that_is_repeated_is_reported_once() -> None:
    def call(arguments: str) -> str:
        part = {"index": 0, "id": "c", "function": {"name": "f", "arguments": arguments}}
        return json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [part]}}]})

    [made] = assembled([call("{"), call("}")])["choices"][0]["message"]["tool_calls"]

    assert made["function"] == {"name": "f", "arguments": "{}"}


def test_padded_pieces_of_audio_become_one() -> None:
    def piece(data: str) -> str:
        return json.dumps({"choices": [{"index": 0, "delta": {"audio": {"data": data}}}]})

    whole = assembled([piece("YQ=="), piece("Yg==")])["choices"][0]["message"]["audio"]

    assert whole == {"data": "YWI="}


def test_pieces_that_are_no_base64_are_joined_as_they_are() -> None:
    def piece(data: str) -> str:
        return json.dumps({"choices": [{"index": 0, "delta": {"audio": {"data": data}}}]})

    whole = assembled([piece("Y="), piece("??")])["choices"][0]["message"]["audio"]

    assert whole == {"data": "Y=??"}


def test_pieces_of_audio_that_are_not_padded_are_joined_as_they_are() -> None:
    def piece(data: str) -> str:
        delta = {"audio": {"data": data}}
        return json.dumps({"choices": [{"index": 0, "delta": delta}]})

    whole = assembled([piece("QUJD"), piece("REVG")])["choices"][0]["message"]["audio"]

    assert whole == {"data": "QUJDREVG"}


def test_calls_keep_indexes_of_their_own_that_differ() -> None:
    called = [{"index": index, "id": f"c{index}"} for index in (1, 0)]
    message = {"role": "assistant", "content": None, "tool_calls": called}
    whole: dict[str, Any] = {"choices": [{"index": 0, "message": message}]}

    deltas = [
        json.loads(data)["choices"][0]["delta"] for data in datas_of(chat.chat_forms(whole, "").sse)
    ]

    assert [delta["tool_calls"] for delta in deltas if "tool_calls" in delta] == [called]


def test_calls_under_one_index_are_numbered_anew() -> None:
    called = [{"index": 0, "id": name} for name in ("a", "b")]
    message = {"role": "assistant", "content": None, "tool_calls": called}
    whole: dict[str, Any] = {"choices": [{"index": 0, "message": message}]}

    read = assembled(datas_of(chat.chat_forms(whole, "").sse))["choices"][0]["message"][
        "tool_calls"
    ]

    assert read == [{"id": "a"}, {"id": "b"}]


def test_calls_without_words_have_no_content() -> None:
    def chunk(**delta: object) -> str:
        return json.dumps({"choices": [{"index": 0, "delta": delta}]})

    said = assembled([chunk(content=""), chunk(tool_calls=[{"index": 0, "id": "c"}])])

    message = said["choices"][0]["message"]
    assert (message["content"], message["tool_calls"]) == (None, [{"id": "c"}])


def test_an_empty_message_is_sent_as_its_role_alone() -> None:
    bare: dict[str, Any] = {
        "choices": [{"index": 0, "message": {"role": "assistant"}, "finish_reason": "stop"}]
    }

    answer = [
        json.loads(data)["choices"][0]["delta"] for data in datas_of(chat.chat_forms(bare, "").sse)
    ]

    assert answer == [{"role": "assistant", "content": None}, {}]


@pytest.mark.parametrize(
    "data",
    [
        "not json",
        "[]",
        '{"error": {"message": "overloaded"}}',
        '{"object": "error", "message": "overloaded"}',
        '{"detail": "overloaded"}',
        '{"type": "error"}',
        '{"choices": 5}',
        '{"choices": [5]}',
        '{"choices": [{"index": "0"}]}',
        '{"choices": [{"index": 0, "delta": 5}]}',
    ],
)
def test_what_is_no_chunk_breaks_the_stream(data: str) -> None:
    with pytest.raises(BrokenStreamError):
        chat_assembler().add(data)


def answer(finish: object = "stop", **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": "x", **message}
    return {"choices": [{"index": 0, "message": said, "finish_reason": finish}]}


@pytest.mark.parametrize(
    "completion",
    [
        answer(),
        answer("tool_calls", content=None, tool_calls=[{"id": "1"}]),
        answer(content=None, refusal="I cannot."),
        answer(content="", images=[{"type": "image_url"}]),
        {"error": {}, **answer()},
        {"error": False, **answer()},
    ],
)
def test_whole_answers_are_kept(completion: dict[str, Any]) -> None:
    assert ChatDialect.is_whole(completion)


@pytest.mark.parametrize(
    "completion",
    [
        {},
        {"choices": []},
        {"choices": "x"},
        {"error": {"code": 1}, **answer()},
        {"object": "error", **answer()},
        {"choices": [{**answer()["choices"][0], "error": {"code": 502}}]},
        answer("length"),
        answer("content_filter"),
        answer(None),
        answer("whatever"),
        answer(content=""),
        answer(content=None),
        {"choices": [*answer()["choices"], *answer("length")["choices"]]},
        {"choices": [{"finish_reason": "stop"}]},
    ],
)
def test_what_is_not_whole_is_never_kept(completion: dict[str, Any]) -> None:
    assert not ChatDialect.is_whole(completion)


@pytest.mark.parametrize("usage", [None, 5, {}, {"prompt_tokens": "x", "completion_tokens": True}])
def test_unknown_usage_counts_nothing(usage: object) -> None:
    assert ChatDialect.token_counts({"usage": usage}) == (0, 0)
