"""Facts about what the cache reads in a chat completion request."""

from typing import Any

import pytest

from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.requests.reasons import Reason

USER = {"role": "user", "content": "What is Rust?"}


def asking(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": list(messages) or [USER], **fields}


def test_a_plain_request_passes_with_unknown_fields() -> None:
    fields = asking(a_field_of_tomorrow=[1], temperature=0, stream=None)

    assert ChatDialect.checked(fields) is fields


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": [USER]}, "model"),
        ({"model": 5, "messages": [USER]}, "model"),
        ({"model": "", "messages": [USER]}, "model"),
        ({"model": "m"}, "messages"),
        ({"model": "m", "messages": "hi"}, "messages"),
        ({"model": "m", "messages": []}, "messages"),
        (asking({"content": "x"}), "messages[0].role"),
        ({"model": "m", "messages": [USER, 5]}, "messages[1]"),
        (asking({"role": "user", "content": 5}), "messages[0].content"),
        (asking(stream="yes"), "stream"),
        (asking(stream_options=[]), "stream_options"),
        (asking(temperature="hot"), "temperature"),
        (asking(temperature=True), "temperature"),
        (asking(tools={}), "tools"),
    ],
)
def test_a_wrong_field_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ChatDialect.checked(fields)

    assert caught.value.param == param
    assert param in caught.value.message


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Hi", "Hi"),
        ([{"type": "text", "text": "Hi"}], "Hi"),
        ([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "a\nb"),
    ],
)
def test_the_last_user_text_is_found_in_strings_and_parts(content: object, text: str) -> None:
    assert ChatDialect.traits(asking({"role": "user", "content": content})).text == text


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"role": "assistant", "content": "x"}, Reason.NOT_USER_TEXT),
        ({"role": "tool", "content": "x", "tool_call_id": "1"}, Reason.NOT_USER_TEXT),
        ({"role": "user", "content": None}, Reason.NOT_TEXT_ONLY),
        ({"role": "user", "content": []}, Reason.NOT_TEXT_ONLY),
        (
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "x"},
                    {"type": "image_url", "image_url": {"url": "u"}},
                ],
            },
            Reason.NOT_TEXT_ONLY,
        ),
    ],
)
def test_other_last_messages_have_no_text_to_compare(
    message: dict[str, Any], reason: Reason
) -> None:
    found = ChatDialect.traits(asking(USER, message))

    assert (found.text, found.no_text) == (None, reason)


def test_changing_the_user_text_leaves_the_rest_and_the_original_alone() -> None:
    parts = [{"type": "text", "text": "Hi", "cache_control": {"type": "x"}}]
    fields = asking({"role": "system", "content": "S"}, {"role": "user", "content": parts})

    changed = ChatDialect.with_user_text(fields, str.upper)

    assert changed["messages"] == [
        {"role": "system", "content": "S"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "HI", "cache_control": {"type": "x"}}],
        },
    ]
    assert parts[0]["text"] == "Hi"


def test_what_is_not_a_users_text_is_not_changed() -> None:
    fields = asking(USER, {"role": "assistant", "content": "x"})

    assert ChatDialect.with_user_text(fields, str.upper) is fields


@pytest.mark.parametrize(
    "fields",
    [
        asking(store=True),
        asking(web_search_options={}),
        asking(tools=[{"type": "browser_search"}]),
        asking({"role": "user", "content": [{"type": "file", "file": {"file_id": "file_1"}}]}),
    ],
)
def test_requests_with_state_or_tools_at_the_upstream_are_known(fields: dict[str, Any]) -> None:
    assert ChatDialect.traits(fields).upstream_state


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "file", "file": {"file_data": "data:application/pdf;base64,AA=="}}],
        [{"type": "image_url", "image_url": {"url": "https://a.example/1.png"}}],
        [5, {"type": "file", "file": "x"}],
    ],
)
def test_what_a_message_brings_along_is_no_state(content: list[Any]) -> None:
    assert not ChatDialect.traits(asking({"role": "user", "content": content})).upstream_state


def test_ordinary_tools_are_offered_but_keep_no_state() -> None:
    found = ChatDialect.traits(
        asking(tools=[{"type": "function", "function": {"name": "f"}}], store=False)
    )

    assert found.offers_tools
    assert not found.upstream_state


def test_a_temperature_that_no_number_holds_is_hot() -> None:
    assert ChatDialect.traits(asking(temperature=10**400)).temperature == float("inf")


def test_streaming_and_its_usage_are_requested_in_words() -> None:
    usage = {"include_usage": True}
    assert ChatDialect.form(asking(stream=False, stream_options=usage)) is Form.JSON
    assert ChatDialect.form(asking(stream=True)) is Form.SSE
    assert ChatDialect.form(asking(stream=True, stream_options=usage)) is Form.SSE_WITH_USAGE


@pytest.mark.parametrize("tool", [{"type": {"a": 1}}, {"type": ["function"]}, {"type": None}, "x"])
def test_an_unknown_tool_counts_as_the_upstreams(tool: object) -> None:
    fields = asking(tools=[tool])

    assert ChatDialect.traits(fields).upstream_state
