"""Facts about responses as JSON and as events: nothing is lost either way."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_cache_proxy.domain.dialects import responses_stream
from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError
from llm_cache_proxy.domain.dialects.responses import ResponsesDialect
from llm_cache_proxy.domain.dialects.responses_stream import LAST_EVENTS, ResponseAssembler
from llm_cache_proxy.domain.dialects.streams.sse import EventSplitter
from unit.domain.dialects.streams.responses import streams_of, whole_responses

Json = dict[str, Any]


def assembled(datas: list[str]) -> Json:
    assembler = ResponseAssembler()
    for data in datas:
        assembler.add(data)
    return assembler.completion()


def events_of(response: Json) -> list[Json]:
    events = EventSplitter().feed(responses_stream.events(response).encode())
    datas = [json.loads(event.data) for event in events if event.data is not None]
    assert [event.name for event in events] == [data["type"] for data in datas]
    return datas


@given(st.data())
def test_assembling_any_legal_stream_gives_the_whole_response(data: st.DataObject) -> None:
    response = data.draw(whole_responses())
    stream = data.draw(streams_of(response))

    assert assembled(stream) == response
    last = [json.loads(event)["type"] in LAST_EVENTS for event in stream]
    assert last.index(True) == len(stream) - 1


@given(whole_responses())
def test_replaying_and_assembling_gives_the_same_response(response: Json) -> None:
    events = events_of(response)

    assert assembled([json.dumps(event) for event in events]) == response
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in events[:2]] == ["response.created", "response.in_progress"]
    assert events[-1]["type"] in LAST_EVENTS
    assert not any(event["type"] in LAST_EVENTS for event in events[:-1])


@given(whole_responses())
def test_the_events_of_a_replay_spell_the_response_piece_by_piece(response: Json) -> None:
    """A client that never looks at the last event has the same items."""
    begun: dict[int, Json] = {}
    for event in events_of(response)[:-1]:
        _take(begun, event)

    assert [begun[index] for index in sorted(begun)] == response["output"]


def _take(items: dict[int, Json], event: Json) -> None:
    """What a client does with an event that it collects."""
    kind, at = event["type"], event.get("output_index", -1)
    if kind == "response.output_item.added":
        items[at] = event["item"]
    elif kind == "response.content_part.added":
        items[at]["content"].append(event["part"])
    elif kind == "response.reasoning_summary_part.added":
        items[at]["summary"].append(event["part"])
    elif kind == "response.output_text.annotation.added":
        part = items[at]["content"][event["content_index"]]
        part["annotations"].append(event["annotation"])
    elif kind.endswith(".delta"):
        _grow(items[at], event)
    elif kind == "response.output_item.done":
        spelt = items[at]
        for name in ("content", "summary", "arguments", "input"):
            assert _without_logprobs(spelt.get(name)) == _without_logprobs(event["item"].get(name))
        items[at] = event["item"]


def _grow(item: Json, event: Json) -> None:
    match event["type"].removeprefix("response.").removesuffix(".delta"):
        case "function_call_arguments":
            item["arguments"] += event["delta"]
        case "custom_tool_call_input":
            item["input"] += event["delta"]
        case "reasoning_summary_text":
            item["summary"][event["summary_index"]]["text"] += event["delta"]
        case "refusal":
            item["content"][event["content_index"]]["refusal"] += event["delta"]
        case _:
            item["content"][event["content_index"]]["text"] += event["delta"]


def _without_logprobs(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [{k: v for k, v in part.items() if k != "logprobs"} for part in value]


@pytest.mark.parametrize(
    "data",
    [
        "rubbish",
        "[]",
        '{"type": "error", "message": "overloaded"}',
        '{"error": {"message": "overloaded"}}',
        '{"type": "response.created", "response": 5}',
        '{"type": "response.output_item.done", "item": {}}',
        '{"type": "response.output_text.delta", "output_index": [0], "delta": "x"}',
        '{"type": "response.output_text.delta", "content_index": {"a": 1}, "delta": "x"}',
        '{"type": "response.output_text.done", "summary_index": "0", "text": "x"}',
    ],
)
def test_what_is_no_event_breaks_the_stream(data: str) -> None:
    with pytest.raises(BrokenStreamError):
        ResponseAssembler().add(data)


@pytest.mark.parametrize("error", ["null", '""', "{}", "[]"])
def test_an_empty_error_of_an_event_is_none(error: str) -> None:
    event = f'{{"type": "response.created", "error": {error}, "response": {{"id": "r"}}}}'

    assert ResponseAssembler().add(event)["response"] == {"id": "r"}


@pytest.mark.parametrize(
    ("status", "ended"),
    [("completed", True), ("incomplete", True), ("failed", True), ("in_progress", False)],
)
def test_a_response_says_whether_it_has_ended(status: str, *, ended: bool) -> None:
    assert ResponsesDialect.has_ended({"status": status}) == ended


MESSAGE = {"type": "message", "content": [{"type": "output_text", "text": "x"}]}
THOUGHT = {"type": "reasoning", "summary": []}


def response(*output: object, **changes: object) -> Json:
    return {"status": "completed", "error": None, "output": list(output), **changes}


@pytest.mark.parametrize(
    "whole",
    [
        response(MESSAGE),
        response(THOUGHT, MESSAGE),
        response({"type": "function_call", "status": "completed"}),
        response({"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}),
        response(MESSAGE, error={}),
    ],
)
def test_whole_responses_are_kept(whole: Json) -> None:
    assert ResponsesDialect.is_whole(whole)


@pytest.mark.parametrize(
    "part",
    [
        {},
        response(),
        response(THOUGHT),
        response(5),
        response(MESSAGE, status="incomplete"),
        response(MESSAGE, status="failed"),
        response(MESSAGE, status="in_progress"),
        response(MESSAGE, error={"code": "server_error"}),
        response(MESSAGE, {**MESSAGE, "status": "incomplete"}),
        response(MESSAGE, {**MESSAGE, "status": ["completed"]}),
        response({"type": "message", "content": [{"type": "output_text", "text": ""}]}),
        response({"type": "message", "content": "x"}),
        response(MESSAGE, output="x"),
    ],
)
def test_what_is_not_whole_is_never_kept(part: Json) -> None:
    assert not ResponsesDialect.is_whole(part)


def test_usage_is_counted_where_it_is_reported() -> None:
    assert ResponsesDialect.token_counts({"usage": {"input_tokens": 3, "output_tokens": 4}}) == (
        3,
        4,
    )
    assert ResponsesDialect.token_counts(
        {"usage": {"input_tokens": -1, "output_tokens": True}}
    ) == (0, 0)
    assert ResponsesDialect.token_counts({"usage": None}) == (0, 0)


def test_what_a_response_says_is_its_texts_and_calls_without_its_thoughts() -> None:
    call = {"type": "function_call", "name": "look_up"}
    refusal = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}

    text = ResponsesDialect.answer_text(response(THOUGHT, refusal, call))

    assert text == 'No.\n{"type":"function_call","name":"look_up"}'


@given(whole_responses())
def test_no_event_of_a_response_is_there_for_usage_alone(response: Json) -> None:
    assert not any(map(ResponsesDialect.is_usage_only, events_of(response)))
