"""Facts about what the cache reads in a request for a message, and which answers are kept."""

from typing import Any

import pytest

from llm_cache_proxy.domain.dialects.anthropic.messages import MessagesDialect
from llm_cache_proxy.domain.dialects.anthropic.token_count import TokenCountDialect
from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.requests.reasons import Reason

DIALECT = MessagesDialect()
COUNT = TokenCountDialect("/messages/count_tokens")
USER = {"role": "user", "content": "Hi"}
CLIENT_TOOL = {"name": "f", "input_schema": {"type": "object"}}


def asking(*messages: Any, **fields: Any) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 9, "messages": list(messages or [USER]), **fields}


def with_content(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(parts)}


@pytest.mark.parametrize(
    "fields",
    [
        asking(a_field_of_tomorrow=[1], temperature=0, stream=None),
        asking(USER, {"role": "assistant", "content": [{"type": "thinking", "signature": "s"}]}),
        asking(system=[{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]),
    ],
)
def test_legal_requests_pass(fields: dict[str, Any]) -> None:
    assert DIALECT.checked(fields) is fields
    assert COUNT.checked(fields) is fields


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": [USER]}, "model"),
        (asking(model=""), "model"),
        ({"model": "m"}, "messages"),
        ({"model": "m", "messages": []}, "messages"),
        ({"model": "m", "messages": "Hi"}, "messages"),
        (asking(5), "messages[0]"),
        (asking({"content": "Hi"}), "messages[0].role"),
        (asking(USER, {"role": "user"}), "messages[1].content"),
        (asking(USER, {"role": "user", "content": 5}), "messages[1].content"),
        (asking(stream="yes"), "stream"),
        (asking(temperature=True), "temperature"),
        (asking(tools={}), "tools"),
    ],
)
def test_a_wrong_field_is_refused_by_name(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        DIALECT.checked(fields)

    assert caught.value.param == param


@pytest.mark.parametrize(
    "last",
    [
        USER,
        with_content({"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}),
    ],
)
def test_the_last_user_text_is_found_and_changed_and_nothing_else(last: Any) -> None:
    fields = asking({"role": "user", "content": "Before"}, last)

    changed = DIALECT.with_user_text(fields, str.upper)

    assert DIALECT.traits(fields).text == "Hi"
    assert DIALECT.traits(changed).text == "HI"
    assert {**changed, "messages": []} == {**fields, "messages": []}
    assert DIALECT.with_user_text(changed, lambda _: "Hi") == fields


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        ({"role": "assistant", "content": "The answer is ("}, Reason.NOT_USER_TEXT),
        (with_content(), Reason.NOT_TEXT_ONLY),
        (with_content({"type": "image", "source": {"type": "base64"}}), Reason.NOT_TEXT_ONLY),
        (with_content({"type": "tool_result", "tool_use_id": "t"}), Reason.NOT_TEXT_ONLY),
    ],
)
def test_other_input_has_no_text_to_compare(last: Any, reason: Reason) -> None:
    fields = asking(last)

    assert (DIALECT.traits(fields).text, DIALECT.traits(fields).no_text) == (None, reason)
    assert DIALECT.with_user_text(fields, str.upper) is fields


DOCUMENT = {"type": "document", "source": {"type": "file", "file_id": "file_1"}}
LEANING = [
    asking(container="container_1"),
    asking(container={"id": "container_1", "skills": []}),
    asking(mcp_servers=[{"type": "url", "url": "https://mcp.example", "name": "x"}]),
    asking(thread={"type": "create"}),
    asking(diagnostics={"previous_message_id": None}),
    asking(tools=[CLIENT_TOOL, {"type": "web_search_20250305", "name": "web_search"}]),
    asking(tools=[{"type": "web_fetch_20250910", "name": "web_fetch"}]),
    asking(tools=[{"type": "code_execution_20250825", "name": "code_execution"}]),
    asking(tools=[{"type": "computer_20250124", "name": "computer"}]),
    asking(tools=[{"type": "browser_toolset_20260801"}]),
    asking(tools=[{"type": "mcp_toolset", "mcp_server_name": "x"}]),
    asking(tools=[{"type": "tool_search_tool_regex_20251119", "name": "search"}]),
    asking(tools=[{"name": "no schema"}]),
    asking(tools=["odd"]),
    asking(with_content(DOCUMENT)),
    asking(with_content({"type": "tool_result", "content": [DOCUMENT]})),
    asking(with_content({"type": "container_upload", "file_id": "file_1"})),
]


@pytest.mark.parametrize("fields", LEANING)
def test_requests_that_lean_on_the_upstream_are_known(fields: dict[str, Any]) -> None:
    assert DIALECT.traits(fields).upstream_state
    assert COUNT.traits(fields).upstream_state


@pytest.mark.parametrize(
    "fields",
    [
        asking(),
        asking(container=None, mcp_servers=[], diagnostics=None),
        asking(tools=[CLIENT_TOOL, {**CLIENT_TOOL, "type": "custom"}]),
        asking(tools=[{"type": "bash_20250124", "name": "bash"}]),
        asking(tools=[{"type": "text_editor_20250728", "name": "edit"}]),
        asking(tools=[{"type": "memory_20250818", "name": "memory"}]),
        asking(with_content({"type": "image", "source": {"type": "base64", "data": "AA"}})),
        asking(with_content({"type": "document", "source": {"type": "text", "data": "x"}})),
    ],
)
def test_requests_that_say_everything_themselves_lean_on_nothing(fields: dict[str, Any]) -> None:
    assert not DIALECT.traits(fields).upstream_state


def test_tools_and_temperature_are_read() -> None:
    traits = DIALECT.traits(asking(tools=[CLIENT_TOOL], temperature=0.5))

    assert (traits.offers_tools, traits.temperature) == (True, 0.5)


def test_a_stream_is_asked_for_by_its_field() -> None:
    assert DIALECT.form(asking(stream=True)) is Form.SSE
    assert DIALECT.form(asking()) is Form.JSON


TEXT = {"type": "text", "text": "Hi"}
CALL = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}
THOUGHT = {"type": "thinking", "thinking": "Hm", "signature": "s"}


def message(*content: Any, **changes: Any) -> dict[str, Any]:
    return {"type": "message", "content": list(content), "stop_reason": "end_turn", **changes}


@pytest.mark.parametrize(
    "whole",
    [
        message(TEXT),
        message(THOUGHT, TEXT, stop_reason="stop_sequence", container=None),
        message(CALL, stop_reason="tool_use"),
    ],
)
def test_whole_messages_are_kept(whole: dict[str, Any]) -> None:
    assert DIALECT.is_whole(whole)


@pytest.mark.parametrize(
    "part",
    [
        {},
        message(),
        message(THOUGHT),
        message({"type": "text", "text": ""}),
        message(TEXT, stop_reason="max_tokens"),
        message(TEXT, stop_reason="pause_turn"),
        message(TEXT, stop_reason="refusal"),
        message(TEXT, stop_reason="model_context_window_exceeded"),
        message(TEXT, stop_reason=None),
        message(TEXT, stop_reason=["end_turn"]),
        message(TEXT, error={"type": "api_error"}),
        message(TEXT, container={"id": "container_1"}),
        message(TEXT, "odd"),
        message(TEXT, {"type": "server_tool_use", "name": "web_search"}),
        message(TEXT, {"type": "web_search_tool_result", "content": []}),
        message(TEXT, {"type": "mcp_tool_use", "name": "x"}),
        message(TEXT, {"type": ["text"]}, content="Hi"),
        {"type": "error", "error": {"type": "overloaded_error"}},
    ],
)
def test_what_is_not_whole_or_was_looked_up_is_never_kept(part: dict[str, Any]) -> None:
    assert not DIALECT.is_whole(part)


def test_what_a_message_says_is_its_texts_and_calls_without_its_thoughts() -> None:
    said = DIALECT.answer_text(message(THOUGHT, TEXT, CALL))

    assert said == 'Hi\n{"type":"tool_use","id":"t","name":"f","input":{"a":1}}'


def test_a_block_of_no_type_that_there_can_be_is_left_out_of_the_text() -> None:
    assert DIALECT.answer_text(message({"type": ["text"], "text": "No"}, TEXT)) == "Hi"


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"input_tokens": 3, "output_tokens": 4}, (3, 4)),
        (
            {
                "input_tokens": 3,
                "cache_creation_input_tokens": 20,
                "cache_read_input_tokens": 100,
                "output_tokens": 4,
            },
            (123, 4),
        ),
        ({"input_tokens": -1, "cache_read_input_tokens": None, "output_tokens": True}, (0, 0)),
        (None, (0, 0)),
    ],
)
def test_tokens_of_the_upstreams_own_cache_are_input_tokens(
    usage: object, tokens: tuple[int, int]
) -> None:
    assert DIALECT.token_counts({"usage": usage}) == tokens


def test_a_count_of_tokens_has_no_text_and_costs_nothing() -> None:
    traits = COUNT.traits(asking())

    assert (traits.text, traits.no_text) == (None, Reason.EXACT_ROUTE)
    assert COUNT.is_whole({"input_tokens": 14})
    assert not COUNT.is_whole({"type": "error", "error": {"type": "api_error"}})
    assert COUNT.token_counts({"input_tokens": 14}) == (0, 0)
    assert not COUNT.bills_tokens


@pytest.mark.parametrize(("reason", "ended"), [("max_tokens", True), (None, False)])
def test_a_message_says_whether_it_has_ended(reason: object, *, ended: bool) -> None:
    assert MessagesDialect.has_ended(message(TEXT, stop_reason=reason)) == ended
