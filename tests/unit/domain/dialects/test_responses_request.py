"""Facts about what the cache reads in a request to the Responses API."""

from typing import Any

import pytest

from llm_cache_proxy.domain.dialects.responses import ResponsesDialect
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.requests.reasons import Reason

USER = {"role": "user", "content": "Hi"}


def asking(asked: Any = "Hi", **fields: Any) -> dict[str, Any]:
    return {"model": "m", "input": asked, **fields}


@pytest.mark.parametrize(
    "fields",
    [
        asking(a_field_of_tomorrow=[1], temperature=0, stream=None),
        asking([USER, {"type": "function_call_output", "call_id": "c", "output": "x"}]),
        {"prompt": {"id": "p"}},
    ],
)
def test_legal_requests_pass(fields: dict[str, Any]) -> None:
    assert ResponsesDialect.checked(fields) is fields


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": "Hi"}, "model"),
        ({"model": "", "input": "Hi"}, "model"),
        ({"model": "m"}, "input"),
        (asking(5), "input"),
        (asking(None), "input"),
        (asking([5]), "input[0]"),
        (asking([USER, {"role": "user", "content": 5}]), "input[1].content"),
        (asking(stream="yes"), "stream"),
        (asking(stream_options=[]), "stream_options"),
        (asking(temperature=True), "temperature"),
        (asking(tools={}), "tools"),
        ({"prompt": {"id": "p"}, "model": 5}, "model"),
        ({"prompt": {"id": "p"}, "input": 5}, "input"),
    ],
)
def test_a_wrong_field_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ResponsesDialect.checked(fields)

    assert caught.value.param == param


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("Hi", "Hi"),
        ([USER], "Hi"),
        ([{"role": "user", "content": [{"type": "input_text", "text": "Hi"}]}], "Hi"),
    ],
)
def test_the_last_user_text_is_found_and_changed(asked: Any, text: str) -> None:
    fields = asking(asked)

    changed = ResponsesDialect.with_user_text(fields, str.upper)

    assert ResponsesDialect.traits(fields).text == text
    assert ResponsesDialect.traits(changed).text == text.upper()
    assert ResponsesDialect.traits(fields).text == text


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ([], Reason.NOT_USER_TEXT),
        ([{"role": "assistant", "content": "x"}], Reason.NOT_USER_TEXT),
        ([{"type": "function_call_output", "output": "x"}], Reason.NOT_USER_TEXT),
        ([{"role": "user", "content": []}], Reason.NOT_TEXT_ONLY),
        (
            [{"role": "user", "content": [{"type": "input_image", "image_url": "u"}]}],
            Reason.NOT_TEXT_ONLY,
        ),
    ],
)
def test_other_input_has_no_text_to_compare(asked: Any, reason: Reason) -> None:
    fields = asking(asked)

    assert (ResponsesDialect.traits(fields).text, ResponsesDialect.traits(fields).no_text) == (
        None,
        reason,
    )
    assert ResponsesDialect.with_user_text(fields, str.upper) is fields


@pytest.mark.parametrize(
    "fields",
    [
        asking(store=True),
        asking(background=True),
        asking(previous_response_id="resp_1"),
        asking(conversation="conv_1"),
        asking(conversation={"id": "conv_1"}),
        asking(prompt={"id": "p"}),
        asking(tools=[{"type": "web_search"}]),
        asking(tools=[{"type": "function", "name": "f"}, {"type": "mcp"}]),
        asking([{"type": "item_reference", "id": "msg_1"}, USER]),
        asking([{"id": "msg_1"}, USER]),
        asking([{"type": "reasoning", "id": "rs_1", "summary": []}, USER]),
        asking([{"role": "user", "content": [{"type": "input_file", "file_id": "file_1"}]}]),
        asking([{"role": "user", "content": [{"type": "input_image", "file_id": "file_1"}]}]),
    ],
)
def test_requests_that_lean_on_the_upstream_are_known(fields: dict[str, Any]) -> None:
    assert ResponsesDialect.traits(fields).upstream_state


@pytest.mark.parametrize(
    "fields",
    [
        asking(),
        asking(store=False, background=False, previous_response_id=None),
        asking(tools=[{"type": "function", "name": "f"}, {"type": "custom", "name": "g"}]),
        asking([{"type": "reasoning", "id": "rs_1", "encrypted_content": "e"}, USER]),
        {"model": "m", "input": ["odd"]},
        asking([{"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}, USER]),
        asking([{"role": "user", "content": [{"type": "input_image", "image_url": "u"}]}]),
    ],
)
def test_requests_that_say_everything_themselves_lean_on_nothing(fields: dict[str, Any]) -> None:
    assert not ResponsesDialect.traits(fields).upstream_state
