"""Facts about pieces that add up, and about those that could be read in more than one way."""

import json
from typing import Any

import pytest

from llm_cache_proxy.domain.dialects.chat import chat_assembler
from llm_cache_proxy.domain.dialects.upstream_state import looks_things_up, uses_live_tools


def assembled(*deltas: Any, beside: list[dict[str, Any]] | None = None) -> tuple[Any, bool]:
    """The one choice, and whether it is ambiguous."""
    assembler = chat_assembler()
    for at, delta in enumerate(deltas):
        more = beside[at] if beside else {}
        assembler.add(json.dumps({"choices": [{"index": 0, "delta": delta, **more}]}))
    completion: Any = assembler.completion()
    [choice] = completion["choices"]
    return choice, assembler.ambiguous


def calls(*pieces: Any) -> tuple[Any, bool]:
    choice, ambiguous = assembled(*({"tool_calls": [piece]} for piece in pieces))
    return choice["message"]["tool_calls"], ambiguous


F, G = ({"name": name, "arguments": "{}"} for name in "fg")


@pytest.mark.parametrize(
    ("pieces", "count"),
    [
        ([{"index": "0", "id": "a", "function": F}], 1),
        ([{"id": "a", "function": F}, {"id": "b", "function": F}, {"id": "a"}], 2),
        ([{"index": 0, "id": "a", "function": F}, {"index": 1, "id": "a"}], 1),
        ([{"function": F}, {"function": F}], 2),
        ([{"function": F}, {"function": G}], 2),
        ([{"custom": {"name": "f", "input": "x"}}, {"custom": {"input": "y"}}], 1),
        (["odd", {"index": 0, "id": "a", "function": F}], 1),
        ([{"function": {"arguments": "{}"}}], 1),
    ],
)
def test_pieces_find_their_call(pieces: list[Any], count: int) -> None:
    made, _ = calls(*pieces)

    assert len(made) == count


@pytest.mark.parametrize(
    "pieces",
    [
        [{"index": "0", "id": "a", "function": F}],
        [{"index": 0, "id": "a", "function": F}, {"index": 1, "id": "a"}],
        [{"function": F}, {"function": F}],
        ["odd"],
        [{"function": {"arguments": "{}"}}],
        [{"index": 0, "id": "a", "function": {"name": "f"}}, {"index": 0, "id": "b"}],
        [
            {"index": 0, "id": "a", "function": {"name": "f"}},
            {"index": 0, "id": "b", "function": F},
        ],
        [{"index": 0, "function": F}, {"index": 0, "function": {"name": "f"}}],
        [{"index": 0, "id": "a", "type": "function"}],
        [
            {"index": 0, "id": "a", "function": {"name": "f", "arguments": {"a": 1}}},
            {"index": 0, "function": {"arguments": {"b": 1}}},
        ],
    ],
)
def test_a_piece_of_no_certain_call_is_ambiguous(pieces: list[Any]) -> None:
    assert calls(*pieces)[1]


@pytest.mark.parametrize(
    "pieces",
    [
        [
            {"index": 0, "id": "a", "function": {"name": "f"}},
            {"index": 1, "id": "b", "function": F},
        ],
        [
            {"index": 0, "id": "a", "function": {"name": "f"}},
            {"index": 0, "id": "b", "function": G},
        ],
        [{"index": 0, "id": "a", "function": {"name": "f", "arguments": {"a": 1}}}],
        [{"index": 0, "id": "a", "type": "mcp"}],
    ],
)
def test_calls_that_are_told_apart_are_certain(pieces: list[Any]) -> None:
    assert not calls(*pieces)[1]


def test_calls_that_are_no_list_are_ambiguous() -> None:
    assert assembled({"tool_calls": {"index": 0}})[1]


@pytest.mark.parametrize(
    ("old", "new", "whole", "ambiguous"),
    [
        ({"mood": "a"}, {"mood": "b"}, {"mood": "ab"}, True),
        ({"id": "a"}, {"id": "b"}, {"id": "a"}, True),
        ({"score": 1}, {"score": 2}, {"score": 2}, False),
        ({"score": 1}, {"score": "2"}, {"score": "2"}, True),
        ({"flag": True}, {"flag": True}, {"flag": True}, False),
        ({"notes": ["a"]}, {"notes": ["a"]}, {"notes": ["a", "a"]}, True),
        ({"token_ids": [1]}, {"token_ids": [1]}, {"token_ids": [1, 1]}, False),
        ({"x": [{"index": 0}]}, {"x": [{"index": 0}]}, {"x": [{"index": 0}, {"index": 0}]}, True),
        (
            {"images": [{"index": 1, "id": "a"}]},
            {"images": [{"index": 0, "id": "b"}]},
            {"images": [{"index": 0, "id": "b"}, {"index": 1, "id": "a"}]},
            False,
        ),
        (
            {"content": [{"type": "text", "text": "a"}]},
            {"content": "b"},
            {"content": [{"type": "text", "text": "ab"}]},
            False,
        ),
    ],
)
def test_what_a_delta_adds(
    old: dict[str, Any], new: dict[str, Any], whole: dict[str, Any], *, ambiguous: bool
) -> None:
    choice, unsure = assembled(old, new)

    assert whole.items() <= choice["message"].items()
    assert unsure == ambiguous


@pytest.mark.parametrize(
    ("old", "new", "whole", "ambiguous"),
    [
        ({"mood": "a"}, {"mood": "b"}, {"mood": "b"}, True),
        ({"score": 1}, {"score": 2}, {"score": 2}, False),
        ({"notes": ["a"]}, {"notes": ["a", "b"]}, {"notes": ["a", "b"]}, False),
        ({"notes": ["a"]}, {"notes": ["b"]}, {"notes": ["b"]}, True),
        ({"numbers": [1]}, {"numbers": [1]}, {"numbers": [1]}, True),
        ({"token_ids": [1]}, {"token_ids": [1]}, {"token_ids": [1, 1]}, False),
        ({"text": "a"}, {"text": "a"}, {"text": "a"}, True),
        ({"logprobs": {"n": 1}}, {"logprobs": {"n": 2}}, {"logprobs": {"n": 2}}, False),
        (
            {"verdict": {"hate": 0}},
            {"verdict": {"self": 1}},
            {"verdict": {"hate": 0, "self": 1}},
            False,
        ),
    ],
)
def test_what_stands_beside_a_delta_adds(
    old: dict[str, Any], new: dict[str, Any], whole: dict[str, Any], *, ambiguous: bool
) -> None:
    choice, unsure = assembled({"content": "x"}, {"content": "y"}, beside=[old, new])

    assert whole.items() <= choice.items()
    assert unsure == ambiguous


def test_the_first_name_of_an_answer_stands_and_null_usage_says_nothing() -> None:
    assembler = chat_assembler()
    for more in ({"id": "a", "usage": {"total_tokens": 7}}, {"id": "b", "usage": None}):
        assembler.add(json.dumps({**more, "choices": [{"index": 0, "delta": {"content": "x"}}]}))

    completion = assembler.completion()

    assert (completion["id"], completion["usage"]) == ("a", {"total_tokens": 7})
    assert not assembler.ambiguous


def test_usage_is_the_last_one_that_says_something() -> None:
    assembler = chat_assembler()
    for usage in ({"total_tokens": 1, "parts": [1]}, {"parts": [2], "cached": {"a": 1}}, 0, {}):
        assembler.add(json.dumps({"choices": [], "usage": usage}))

    completion = assembler.completion()

    assert completion["usage"] == {"total_tokens": 1, "parts": [2], "cached": {"a": 1}}


@pytest.mark.parametrize(
    ("new", "ambiguous"),
    [
        ({"total_tokens": 1.5}, False),
        ({"parts": [{"kind": "text", "tokens": 2}]}, False),
        ({"total_tokens": "2"}, True),
        ({"parts": []}, False),
        ({"parts": [{"kind": "text"}, {"kind": "image"}]}, True),
        ({"parts": [{"kind": "image"}]}, True),
    ],
)
def test_usage_of_other_things_is_ambiguous(new: dict[str, Any], *, ambiguous: bool) -> None:
    assembler = chat_assembler()
    parts = [{"kind": "text", "tokens": 1}]
    for usage in ({"total_tokens": 1, "parts": parts}, new):
        assembler.add(json.dumps({"choices": [], "usage": usage}))

    assembler.completion()

    assert assembler.ambiguous == ambiguous


def test_a_list_that_is_sent_again_and_goes_on_is_ambiguous() -> None:
    lists: list[dict[str, Any]] = [{"notes": ["a"]}, {"notes": ["a"]}, {"notes": ["b"]}]

    assert assembled({}, {}, {"content": "x"}, beside=lists)[1]


@pytest.mark.parametrize(
    ("message", "ambiguous"),
    [
        ({"content": "Hello"}, False),
        ({"content": "lo", "refusal": None}, False),
        ({"content": "Hi"}, True),
        ({"content": "Hello", "audio": {"id": "a"}}, True),
    ],
)
def test_a_message_beside_deltas_says_no_more_than_they_do(
    message: dict[str, Any], *, ambiguous: bool
) -> None:
    unsure = assembled({"content": "Hel"}, {"content": "lo"}, beside=[{}, {"message": message}])[1]

    assert unsure == ambiguous


def test_a_message_beside_no_delta_is_compared_with_all_deltas() -> None:
    beside: list[dict[str, Any]] = [{}, {"delta": None, "message": {"content": "x"}}]

    assert not assembled({"content": "x"}, {}, beside=beside)[1]


def test_a_message_without_deltas_is_the_answer_for_some_clients_alone() -> None:
    said = {"role": "assistant", "content": "x"}

    choice, ambiguous = assembled({}, {}, beside=[{"message": said}, {"message": {"content": ""}}])

    assert choice["message"] == said
    assert ambiguous


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [{"googleSearch": {}}]},
        {"tools": [{"web_search": {"enable": True}}]},
        {"tools": [{"type": "web_search"}]},
        {"tools": ["odd"]},
        {"search_parameters": {"mode": "on"}},
        {"search_parameters": {}},
        {"plugins": [{"id": "web"}]},
        {"enable_search": True},
        {"web_search_options": {}},
        {"extra_body": {"google": {"tools": [{"google_search": {}}]}}},
        {"venice_parameters": {"enable_web_search": "auto"}},
        {"data_sources": [{"type": "azure_search"}]},
        {"features": {"web_search": True}},
        {"models": ["gpt-4o", "gpt-4o:online"]},
    ],
)
def test_live_tools_are_seen_however_they_are_spelled(fields: dict[str, Any]) -> None:
    assert uses_live_tools(fields)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"tools": [{"function": {"name": "f"}}]},
        {"search_parameters": {"mode": "off"}},
        {"plugins": []},
        {"enable_search": False},
        {"web_search_options": None},
        {"venice_parameters": {"enable_web_search": "off"}},
        {"features": {"web_search": False}},
        {"models": ["gpt-4o", 5]},
        {"models": "gpt-4o"},
    ],
)
def test_what_is_off_or_the_clients_own_is_no_live_tool(fields: dict[str, Any]) -> None:
    assert not uses_live_tools(fields)


@pytest.mark.parametrize(
    "model",
    [
        "sonar",
        "perplexity/sonar-pro",
        "x/y:online",
        "o3-deep-research",
        "default:enable_web_search=auto",
        "m:strip_thinking_response=true&enable_web_scraping=true",
        "x" * 1_000 + "-search",
    ],
)
def test_models_that_search_are_known_by_their_names(model: str) -> None:
    assert looks_things_up(["gpt-4o", model])


def test_a_text_of_several_pieces_goes_on_as_parts() -> None:
    part = {"type": "text", "text": "c"}

    choice, _ = assembled({"content": "a"}, {"content": "b"}, {"content": [part]})

    assert choice["message"]["content"] == [{"type": "text", "text": "ab"}, part]


def test_a_list_that_another_one_follows_is_certain_and_one_that_is_repeated_is_not() -> None:
    assert assembled({"x": [1]}, {"x": [2]})[0]["message"]["x"] == [1, 2]
    assert not assembled({"x": [1]}, {"x": [2]})[1]
    assert assembled({"x": [1]}, {"x": [1]})[1]


def test_a_list_beside_a_growing_text_is_compared_with_all_of_the_text() -> None:
    one, two = {"note": "a"}, {"note": "b"}

    choice, ambiguous = assembled(
        {"content": "p", "x": [one]}, {"content": "q", "x": [two]}, {"content": "r"}
    )

    assert choice["message"] == {"role": "assistant", "content": "pqr", "x": [one, two]}
    assert not ambiguous
