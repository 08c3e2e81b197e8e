"""Facts about forms that what came proves, and those that it does not."""

import json
from typing import Any

import pytest

from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.dialects.responses import ResponsesDialect
from llm_cache_proxy.domain.dialects.responses_stream import ResponseAssembler
from llm_cache_proxy.domain.dialects.streams.proving import forms_of_json, forms_read
from llm_cache_proxy.domain.dialects.streams.sse import StreamReader, begins_stream
from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import DEEPEST, parse_object


def choice(**more: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": "x"}
    return {"index": 0, "message": said, "finish_reason": "stop", **more}


def proved(*choices: Any) -> Any:
    completion: dict[str, Any] = {"id": "c", "choices": list(choices)}
    return forms_of_json(ChatDialect(), completion, json.dumps(completion))


def test_an_answer_that_reads_back_as_itself_has_both_forms() -> None:
    forms = proved(choice(message={"content": [{"type": "text", "text": "x"}]}))

    assert forms.has(Form.JSON)
    assert forms.has(Form.SSE_WITH_USAGE)


@pytest.mark.parametrize("text", ["", "x"])
def test_a_text_beside_a_message_stays_in_both_forms(text: str) -> None:
    assert proved(choice(text=text)).has(Form.SSE)


@pytest.mark.parametrize(
    "choices",
    [
        [choice(), choice()],
        [choice(delta={"content": "another"})],
        [choice(index="0")],
        ["odd"],
    ],
)
def test_an_answer_that_reads_back_as_another_is_kept_as_it_came(choices: list[Any]) -> None:
    forms = proved(*choices)

    assert forms.has(Form.JSON)
    assert not forms.has(Form.SSE)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_lacks_is_not_kept(number: float) -> None:
    assert proved(choice(score=number)) is None


def test_a_response_that_its_deltas_do_not_prove_is_kept_under_its_events_names() -> None:
    item = {"type": "message", "content": [{"type": "output_text", "text": "whole"}]}
    place = {"output_index": 0, "content_index": 0}
    delta = {"type": "response.output_text.delta", **place, "delta": "half"}
    done = {"type": "response.completed", "response": {"status": "completed", "output": [item]}}
    raw = "".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in (delta, done))
    reader = StreamReader(ResponsesDialect(), hides_usage=False, most_kept_bytes=4_000_000)
    reader.feed(raw.encode())

    forms = forms_read(reader, reader.completion())

    assert forms is not None
    assert (forms.json, forms.sse) == ("", raw)


def test_a_stream_that_no_form_can_be_made_of_is_kept_as_it_came() -> None:
    reader = StreamReader(ResponsesDialect(), hides_usage=False, most_kept_bytes=4_000_000)
    reader.feed(b'data: {"type": "response.completed", "response": {"output": [1]}}\n\n')

    forms = forms_read(reader, reader.completion())

    assert forms is not None
    assert not forms.has(Form.JSON)


def test_a_form_that_would_break_a_stream_is_not_proved() -> None:
    completion: dict[str, Any] = {"id": "c", "error": {"code": 1}, "choices": [choice()]}

    forms = forms_of_json(ChatDialect(), completion, json.dumps(completion))

    assert forms is not None
    assert not forms.has(Form.SSE)


def test_a_response_whose_deltas_say_something_else_is_ambiguous() -> None:
    part = {"type": "output_text", "text": "whole"}
    item = {"type": "message", "content": [part]}
    delta = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0}
    assembler = ResponseAssembler()
    assembler.add(json.dumps({"type": "response.created", "response": {"id": "r", "model": "m"}}))
    assembler.add(json.dumps({**delta, "delta": "who"}))
    done = {"type": "response.completed", "response": {"id": "", "output": [item]}}
    assembler.add(json.dumps(done))

    assert assembler.ambiguous
    assert assembler.completion()["id"] == "r"


PLACE = {"output_index": 0, "content_index": 0}
ANNOTATION = {"type": "url_citation", "url": "https://a"}
SAID = {"type": "output_text", "text": "whole", "annotations": [ANNOTATION]}
TEXT = "response.output_text"
ITEM = "response.output_item.done"
MADE_ANEW = {"type": "message", "id": "msg_2", "status": None, "encrypted_content": "gAAA"}
"""An item of the events that has another id than at the end, as vLLM sends it."""


@pytest.mark.parametrize(
    ("said", "ambiguous"),
    [
        ({"type": f"{TEXT}.delta", **PLACE, "delta": "whole"}, False),
        ({"type": f"{TEXT}.delta", "delta": "whole"}, False),
        ({"type": f"{TEXT}.done", **PLACE, "text": "whole"}, False),
        ({"type": f"{TEXT}.annotation.added", **PLACE, "annotation": ANNOTATION}, False),
        ({"type": "response.audio.delta", "delta": "QUJD"}, False),
        ({"type": f"{TEXT}.delta", **PLACE, "delta": None}, False),
        ({"type": f"{TEXT}.delta", "output_index": 1, "delta": "whole"}, True),
        ({"type": "response.refusal.delta", **PLACE, "delta": "No"}, True),
        ({"type": f"{TEXT}.done", **PLACE, "text": "another"}, True),
        ({"type": f"{TEXT}.annotation.added", **PLACE, "annotation": {"url": "b"}}, True),
        ({"type": ITEM, "output_index": 0, "item": {"type": "x"}}, True),
        ({"type": ITEM, "output_index": 1, "item": {"type": "message", "content": [SAID]}}, False),
        ({"type": ITEM, "output_index": 0, "item": {**MADE_ANEW, "content": [SAID]}}, False),
        ({"type": ITEM, "output_index": 0, "item": {**MADE_ANEW, "content": []}}, False),
        ({"type": ITEM, "output_index": 0, "item": {**MADE_ANEW, "content": [SAID, SAID]}}, True),
        ({"type": ITEM, "output_index": 0, "item": {**MADE_ANEW, "content": ["whole"]}}, True),
        ({"type": ITEM, "output_index": 0, "item": {**MADE_ANEW, "phase": "final"}}, True),
    ],
)
def test_events_say_no_more_than_the_response_that_they_end_in(
    said: dict[str, Any], *, ambiguous: bool
) -> None:
    assembler = ResponseAssembler()
    item = {"type": "message", "content": [SAID]}
    done = {"type": "response.completed", "response": {"id": "r", "output": [item]}}

    for event in (said, done):
        assembler.add(json.dumps(event))

    assert assembler.ambiguous == ambiguous


@pytest.mark.parametrize(
    ("start", "streams"),
    [
        (b"", None),
        (b"\r\n", None),
        (b"\xef\xbb", None),
        (b"dat", None),
        (b"data:", True),
        (b"\xef\xbb\xbfevent: x", True),
        (b": comment", True),
        (b'{"id"', False),
        (b"date: x", False),
    ],
)
def test_a_stream_is_known_by_its_first_word(start: bytes, streams: object) -> None:
    assert begins_stream(start) is streams


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ('{"error": "over"}', {"message": "over"}),
        ('{"error": {"message": "over"}}', {"message": "over"}),
        ("not json", None),
        ("[1]", None),
        ('{"choices": 5}', None),
        ('{"object": "error", "code": 1}', {"object": "error", "code": 1}),
    ],
)
def test_an_error_in_a_stream_is_read(data: str, error: object) -> None:
    reader = StreamReader(ChatDialect(), hides_usage=False, most_kept_bytes=4_000_000)

    reader.feed(f"data: {data}\n\n".encode())

    assert reader.error == error


@pytest.mark.parametrize("sign", ["data:\n\n", "data\n\n", "event: keepalive\ndata: \n\n"])
def test_empty_data_passes_and_says_nothing(sign: str) -> None:
    reader = StreamReader(ChatDialect(), hides_usage=False, most_kept_bytes=4_000_000)

    sent = reader.feed(sign.encode())

    assert sent == sign.encode()
    assert (reader.is_kept, reader.events) == (True, [])


def test_an_error_without_data_is_one_all_the_same() -> None:
    reader = StreamReader(ChatDialect(), hides_usage=False, most_kept_bytes=4_000_000)

    reader.feed(b"event: error\ndata:\n\n")

    assert not reader.is_kept


def test_what_was_sent_has_no_byte_order_mark_where_it_is_sent_again() -> None:
    reader = StreamReader(ChatDialect(), hides_usage=False, most_kept_bytes=4_000_000)

    sent = reader.feed(b"\xef\xbb\xbfdata: rubbish\n\n")

    assert sent.startswith(b"\xef\xbb\xbf")
    assert reader.sent() == "data: rubbish\n\n"


def test_usage_beside_a_role_is_usage_alone_unless_it_begins_the_answer() -> None:
    reader = StreamReader(ChatDialect(), hides_usage=True, most_kept_bytes=4_000_000)
    said = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    event = f"data: {json.dumps({'choices': [said], 'usage': {'total_tokens': 1}})}\n\n".encode()

    assert reader.feed(event) == event
    assert reader.feed(event) == b""


def with_usage(index: int) -> bytes:
    said = {"index": index, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}
    return f"data: {json.dumps({'choices': [said], 'usage': {'total_tokens': 1}})}\n\n".encode()


@pytest.mark.parametrize(
    "before", [b'data: {"choices": [], "object": "x"}\n\n', with_usage(0)], ids=["filter", "choice"]
)
def test_usage_where_a_choice_begins_behind_other_events_is_not_usage_alone(before: bytes) -> None:
    reader = StreamReader(ChatDialect(), hides_usage=True, most_kept_bytes=4_000_000)
    reader.feed(before)

    assert reader.feed(with_usage(1)) == with_usage(1)
    assert reader.feed(with_usage(1)) == b""


def test_usage_alone_is_hidden_also_of_what_is_too_large_to_be_kept() -> None:
    reader = StreamReader(ChatDialect(), hides_usage=True, most_kept_bytes=200)
    reader.feed(f"data: {json.dumps({'choices': [choice()]})}\n\n".encode())

    assert reader.feed(with_usage(0)) == b""
    assert reader.is_too_large


def test_usage_beside_an_empty_delta_is_usage_alone() -> None:
    choices = [{"index": 0, "delta": {"content": ""}, "finish_reason": None}]
    usage = {"prompt_tokens": 1}

    assert ChatDialect.is_usage_only({"choices": choices, "usage": usage})
    assert ChatDialect.is_usage_only({"choices": None, "usage": usage})
    assert ChatDialect.is_usage_only({"usage": usage})
    assert not ChatDialect.is_usage_only({"choices": [*choices, {"delta": {"content": "x"}}]})
    assert not ChatDialect.is_usage_only({"choices": [choice()], "usage": usage})


def test_a_request_may_be_nested_so_deeply_and_no_deeper() -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    assert parse_object(nested(DEEPEST))
    with pytest.raises(InvalidRequest):
        parse_object(nested(DEEPEST + 1))
    assert parse_object(b'{"a":[' + b"[]," * DEEPEST + b"1]}")
