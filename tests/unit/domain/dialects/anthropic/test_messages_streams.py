"""Facts about messages as JSON and as events: nothing is lost either way."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_cache_proxy.domain.dialects.anthropic import stream
from llm_cache_proxy.domain.dialects.anthropic.messages import MessagesDialect
from llm_cache_proxy.domain.dialects.anthropic.stream import LAST_EVENTS, MessageAssembler
from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError
from llm_cache_proxy.domain.dialects.streams.proving import forms_of_json, forms_of_stream
from llm_cache_proxy.domain.dialects.streams.sse import EventSplitter, StreamedEvent
from llm_cache_proxy.domain.entries.entry import Form, Forms
from unit.domain.dialects.anthropic.drawn_messages import messages, streams_of

Json = dict[str, Any]
DIALECT = MessagesDialect()
USAGE = {"input_tokens": 3, "output_tokens": 4}


def message(*content: object, **changes: object) -> Json:
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m"}
    ended = {"stop_reason": "end_turn", "stop_sequence": None, "usage": USAGE}
    return {**head, "content": list(content), **ended, **changes}


TEXT = {"type": "text", "text": "Hi"}
START = {"type": "message_start", "message": message(stop_reason=None)}
OPEN = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}}
STOP = {"type": "content_block_stop", "index": 0}
END = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn", "stop_sequence": None},
    "usage": {"output_tokens": 4},
}
LAST: Json = {"type": "message_stop"}


def assembler_of(*events: Json) -> MessageAssembler:
    assembler = MessageAssembler()
    for event in events:
        assembler.add(json.dumps(event))
    return assembler


def kept(*events: Json) -> Forms | None:
    """What is stored of a stream."""
    assembler = assembler_of(*events)
    completion = assembler.completion()
    came = [StreamedEvent(event["type"], json.dumps(event)) for event in events]
    return forms_of_stream(DIALECT, assembler, completion, came)


def delta(**said: object) -> Json:
    return {"type": "content_block_delta", "index": 0, "delta": said}


def opened(**block: object) -> Json:
    return {"type": "content_block_start", "index": 0, "content_block": block}


def events_of(whole: Json) -> list[Json]:
    split = EventSplitter().feed(stream.events(whole).encode())
    datas = [json.loads(event.data) for event in split if event.data is not None]
    assert [event.name for event in split] == [data["type"] for data in datas]
    return datas


@given(st.data())
def test_assembling_any_legal_stream_gives_the_whole_message(data: st.DataObject) -> None:
    whole = data.draw(messages())
    datas = data.draw(streams_of(whole))

    assembler = MessageAssembler()
    for each in datas:
        assembler.add(each)

    assert assembler.completion() == whole
    assert not assembler.ambiguous


@given(messages())
def test_replaying_and_assembling_gives_the_same_message(whole: Json) -> None:
    events = events_of(whole)

    assembler = assembler_of(*events)

    assert assembler.completion() == whole
    assert not assembler.ambiguous
    assert (events[0]["type"], events[-1]["type"]) == ("message_start", *LAST_EVENTS)
    assert not any(event["type"] in LAST_EVENTS for event in events[:-1])


@given(messages())
def test_a_message_of_json_is_kept_in_both_forms(whole: Json) -> None:
    forms = forms_of_json(DIALECT, whole, json.dumps(whole))

    assert forms is not None
    assert forms.has(Form.SSE)
    assert forms.has(Form.JSON)


@given(st.data())
def test_a_streamed_message_is_kept_in_both_forms(data: st.DataObject) -> None:
    whole = data.draw(messages())

    forms = kept(*(json.loads(each) for each in data.draw(streams_of(whole))))

    assert forms is not None
    assert json.loads(forms.json) == whole
    assert forms.has(Form.SSE)


@given(messages())
def test_the_words_of_a_replay_add_up_to_it(whole: Json) -> None:
    slowly = [part for event in events_of(whole) for part in DIALECT.word_by_word(event)]

    assert assembler_of(*slowly).completion() == whole


def test_a_text_and_a_thought_come_word_by_word_and_a_call_does_not() -> None:
    thought = delta(type="thinking_delta", thinking="a b")
    call = delta(type="input_json_delta", partial_json='{"a": 1}')

    words: list[Json] = DIALECT.word_by_word(thought)

    assert [part["delta"]["thinking"] for part in words] == ["a", " b"]
    assert DIALECT.word_by_word(call) == [call]
    assert DIALECT.word_by_word(LAST) == [LAST]


def test_a_signature_and_a_redacted_thought_are_kept_letter_by_letter() -> None:
    signed = {"type": "thinking", "thinking": "Hm …", "signature": "EqQB/+=="}
    hidden = {"type": "redacted_thinking", "data": "EmwK/+=="}
    whole = message(signed, hidden, TEXT)

    events = events_of(whole)

    assert delta(type="signature_delta", signature="EqQB/+==") in events
    starts = [e["content_block"] for e in events if e["type"] == "content_block_start"]
    assert starts[0] == {"type": "thinking", "thinking": "", "signature": ""}
    assert starts[1] == hidden


def test_a_call_without_arguments_is_spelt_as_an_empty_object() -> None:
    call = {"type": "tool_use", "id": "t", "name": "now", "input": {}}

    assert delta(type="input_json_delta", partial_json="{}") in events_of(message(call))


def test_a_call_that_has_no_arguments_at_all_gets_none() -> None:
    events = events_of(message({"type": "tool_use", "id": "t", "name": "now"}))

    assert [event for event in events if event["type"] == "content_block_delta"] == []


def test_tokens_are_reported_at_the_end_and_only_once() -> None:
    first, *_, ended, _ = events_of(message(TEXT))

    assert first["message"]["usage"] == {"input_tokens": 3, "output_tokens": 0}
    assert first["message"]["stop_reason"] is None
    assert ended["usage"] == {"output_tokens": 4}


def test_the_streams_counts_grow_and_its_nulls_say_nothing() -> None:
    early = {**START, "message": message(stop_reason=None, usage={"input_tokens": 3, "cache": 1})}
    late = {**END, "usage": {"output_tokens": 4, "cache": None, "input_tokens": 5}}

    whole = assembler_of(early, OPEN, DELTA, STOP, END, late, LAST).completion()

    assert whole["usage"] == {"input_tokens": 5, "cache": 1, "output_tokens": 4}
    assert whole["stop_reason"] == "end_turn"


def test_a_message_that_counts_no_tokens_is_kept_as_it_came_alone() -> None:
    uncounted = message(TEXT, usage={})
    assert forms_of_json(DIALECT, uncounted, "{}") == Forms("{}", "", "")

    begun = {**START, "message": message(stop_reason=None, usage=None)}
    forms = kept(begun, OPEN, DELTA, STOP, {**END, "usage": None}, LAST)

    assert forms is not None
    assert (forms.json, bool(forms.sse)) == ("", True)


def test_a_stream_that_is_not_a_messages_has_no_message() -> None:
    assert MessageAssembler().completion() == {}


@pytest.mark.parametrize(
    "data",
    [
        "rubbish",
        "[]",
        '{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}',
        '{"error": {"message": "overloaded"}}',
        json.dumps(OPEN),
        json.dumps(STOP),
        json.dumps(END),
        '{"type": "message_start", "message": 5}',
    ],
)
def test_what_is_no_event_breaks_the_stream(data: str) -> None:
    with pytest.raises(BrokenStreamError):
        MessageAssembler().add(data)


@pytest.mark.parametrize(
    "event",
    [
        START,
        OPEN,
        {**OPEN, "index": "1"},
        {**OPEN, "index": 1, "content_block": "text"},
        {**DELTA, "index": 7},
        {**DELTA, "delta": "Hi"},
        {**DELTA, "delta": {"type": "text_delta", "text": 5}},
        {**END, "delta": None},
    ],
)
def test_an_event_that_does_not_fit_breaks_the_stream(event: Json) -> None:
    assembler = assembler_of(START, OPEN)

    with pytest.raises(BrokenStreamError):
        assembler.add(json.dumps(event))


CALL = opened(type="tool_use", id="t", name="f", input={})


@pytest.mark.parametrize(
    "events",
    [
        (OPEN, DELTA, STOP, {"type": "event_of_tomorrow", "x": 1}),
        ({"type": ["a", "list"]}, OPEN, DELTA, STOP),
        (OPEN, {**DELTA, "x": 1}, STOP),
        (OPEN, delta(type="delta_of_tomorrow", x=1), STOP),
        (OPEN, delta(type="text_delta", text="Hi", x=1), STOP),
        (OPEN, delta(type=["text_delta"], text="Hi"), STOP),
        (OPEN, DELTA),
        ({**OPEN, "index": 1}, {**DELTA, "index": 1}, {**STOP, "index": 1}),
        (CALL, delta(type="input_json_delta", partial_json='{"a": '), STOP),
        (
            opened(type="thinking", thinking="", signature=""),
            delta(type="signature_delta", signature="one"),
            delta(type="signature_delta", signature="two"),
            STOP,
        ),
    ],
)
def test_a_stream_that_reads_in_two_ways_is_kept_as_it_came(events: tuple[Json, ...]) -> None:
    forms = kept(START, *events, END, LAST)

    assert forms is not None
    assert forms.json == ""
    assert forms.sse == "".join(
        StreamedEvent(str(event["type"]), json.dumps(event)).text()
        for event in (START, *events, END, LAST)
    )


def test_a_message_that_starts_with_content_is_kept_as_it_came() -> None:
    forms = kept({**START, "message": message(TEXT, stop_reason=None)}, END, LAST)

    assert forms is not None
    assert forms.json == ""


def test_a_last_event_that_says_more_is_kept_as_it_came() -> None:
    forms = kept(START, OPEN, DELTA, STOP, END, {**LAST, "x-invocation-metrics": {"ms": 5}})

    assert forms is not None
    assert forms.json == ""
    assert "x-invocation-metrics" in forms.sse


@given(messages())
def test_no_event_of_a_message_is_there_for_usage_alone(whole: Json) -> None:
    assert not any(map(DIALECT.is_usage_only, events_of(whole)))
    assert DIALECT.asking_for_usage({"stream": True}) is None
