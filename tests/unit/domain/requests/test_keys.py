"""Facts about which requests are the same request."""

import json
from dataclasses import replace
from typing import Any

import pytest

from llm_cache_proxy.domain.json_text import parse_object
from llm_cache_proxy.domain.requests.keys import (
    Identity,
    canonical_body,
    effective_headers,
    entry_id,
    exact_key,
    fingerprint,
    text_digest,
)

HERE = Identity("tenant", "default", "/chat/completions", "groq", "m")
BODY: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is Rust?"},
    ],
}
CHANGES: dict[str, Any] = {
    "temperature": 0.2,
    "top_p": 0.5,
    "n": 2,
    "seed": 7,
    "stop": ["x"],
    "max_tokens": 5,
    "max_completion_tokens": 5,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.5,
    "logit_bias": {"50256": -100},
    "logprobs": True,
    "top_logprobs": 2,
    "response_format": {"type": "json_object"},
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "tool_choice": "none",
    "parallel_tool_calls": False,
    "functions": [{"name": "f"}],
    "function_call": "auto",
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "wav"},
    "prediction": {"type": "content", "content": "x"},
    "reasoning_effort": "low",
    "verbosity": "low",
    "a_field_of_tomorrow": {"x": 1},
}
RESPONSE_CHANGES: dict[str, Any] = {
    "instructions": "Be brief.",
    "include": ["reasoning.encrypted_content"],
    "max_output_tokens": 5,
    "max_tool_calls": 1,
    "reasoning": {"effort": "low"},
    "text": {"format": {"type": "json_object"}},
    "truncation": "auto",
    "store": False,
    "temperature": 1,
    "tools": [{"type": "function", "name": "f"}],
    "tool_choice": "none",
    "a_field_of_tomorrow": {"x": 1},
}
TEXT_CHANGES: dict[str, Any] = {
    "prompt": "once upon",
    "suffix": "the end",
    "echo": True,
    "best_of": 2,
    "logprobs": 3,
    "max_tokens": 5,
    "n": 2,
}
NO_CHANGES: dict[str, Any] = {
    "stream": True,
    "stream_options": {"include_usage": True},
    "user": "someone",
    "metadata": {"a": "b"},
    "service_tier": "flex",
    "prompt_cache_key": "k",
    "prompt_cache_retention": "24h",
    "safety_identifier": "s",
}


def key(body: dict[str, Any], identity: Identity = HERE) -> str:
    return exact_key(canonical_body(body, identity), identity)


@pytest.mark.parametrize("field", CHANGES)
def test_a_field_that_can_change_the_answer_changes_the_key(field: str) -> None:
    assert key({**BODY, field: CHANGES[field]}) != key(BODY)


@pytest.mark.parametrize("field", NO_CHANGES)
def test_a_field_that_cannot_change_the_answer_does_not_change_the_key(field: str) -> None:
    assert key({**BODY, field: NO_CHANGES[field]}) == key(BODY)


@pytest.mark.parametrize("field", sorted(NO_CHANGES.keys() - {"stream", "stream_options"}))
def test_a_field_that_a_response_repeats_changes_its_key(field: str) -> None:
    there = replace(HERE, path="/responses")
    asked: dict[str, Any] = {"model": "m", "input": "What is Rust?"}

    assert key({**asked, field: NO_CHANGES[field]}, there) != key(asked, there)
    assert key({**asked, "stream": True}, there) == key(asked, there)


@pytest.mark.parametrize("field", RESPONSE_CHANGES)
def test_a_field_that_can_change_a_response_changes_the_key(field: str) -> None:
    there = replace(HERE, path="/responses", upstream="openai")
    asked: dict[str, Any] = {"model": "m", "input": "What is Rust?"}

    assert key({**asked, field: RESPONSE_CHANGES[field]}, there) != key(asked, there)


@pytest.mark.parametrize("field", TEXT_CHANGES)
def test_a_field_that_can_change_a_text_changes_the_key(field: str) -> None:
    there = replace(HERE, path="/completions")
    asked: dict[str, Any] = {"model": "m", "prompt": "Once upon"}

    assert key({**asked, field: TEXT_CHANGES[field]}, there) != key(asked, there)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", "1.0"), ("1", "1e0"), ("100", "1E2"), ("0.5", "0.50"), ("-0", "0"), ("0.1", "1e-1")],
)
def test_a_numbers_spelling_does_not_count(one: str, other: str) -> None:
    def key_with(number: str) -> str:
        return key(parse_object(f'{{"model": "m", "x": {{"y": [{number}]}}}}'.encode()))

    assert key_with(one) == key_with(other)


def test_big_integers_that_one_float_stands_for_count_apart() -> None:
    one, other = 2**53, 2**53 + 1

    assert key({**BODY, "seed": one}) != key({**BODY, "seed": other})


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://a/1.png"}},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
        {"type": "image_url", "image_url": {"url": "https://a/1.png", "detail": "low"}},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "mp3"}},
        {"type": "file", "file": {"file_data": "AA==", "filename": "a.pdf"}},
        {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}},
    ],
)
def test_every_part_of_a_message_counts(part: dict[str, Any]) -> None:
    def with_parts(*parts: dict[str, Any]) -> str:
        return key({**BODY, "messages": [{"role": "user", "content": list(parts)}]})

    text = {"type": "text", "text": "x"}

    assert with_parts(text, part) != with_parts(text)
    assert with_parts(text, part) != with_parts(part, text) or part == text


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "What is Rust?"}],
        [{"role": "system", "content": "be brief."}, BODY["messages"][1]],
        [BODY["messages"][0], {**BODY["messages"][1], "name": "Ann"}],
        [BODY["messages"][0], {"role": "developer", "content": "What is Rust?"}],
        [BODY["messages"][0], {"role": "user", "content": [{"type": "text", "text": "x"}]}],
        [*BODY["messages"], {"role": "assistant", "content": "A language."}],
        [{"role": "system", "content": "Be brief.What is"}, {"role": "user", "content": "Rust?"}],
    ],
)
def test_every_part_of_the_conversation_counts(messages: list[Any]) -> None:
    assert key({**BODY, "messages": messages}) != key(BODY)


def test_an_images_address_and_detail_count() -> None:
    def with_image(url: str, detail: str) -> str:
        image = {"type": "image_url", "image_url": {"url": url, "detail": detail}}
        return key({**BODY, "messages": [{"role": "user", "content": [image]}]})

    assert len({with_image("a", "low"), with_image("b", "low"), with_image("a", "high")}) == 3


@pytest.mark.parametrize(
    "other",
    [
        replace(HERE, tenant="other"),
        replace(HERE, namespace="other"),
        replace(HERE, path="/completions"),
        replace(HERE, upstream="openai"),
        replace(HERE, model="m2"),
        replace(HERE, query="api-version=preview"),
        replace(HERE, account="0a1b"),
        replace(HERE, headers=effective_headers({"anthropic-version": "2023-06-01"})),
        replace(HERE, headers=effective_headers({"openai-beta": "responses=v2"})),
    ],
)
def test_where_a_request_belongs_counts(other: Identity) -> None:
    assert key(BODY, other) != key(BODY)
    blanked = [fingerprint(canonical_body(BODY, place), place) for place in (HERE, other)]
    assert blanked[0] != blanked[1]


def test_headers_that_change_nothing_are_no_part_of_the_key() -> None:
    assert effective_headers({"x-title": "App", "anthropic-beta": ""}) == ()


def test_a_header_cannot_be_taken_for_another() -> None:
    one, other = ({"anthropic-beta": "a"}, {"anthropic-version": "a"})

    assert effective_headers(one) != effective_headers(other)


def test_parts_of_the_place_cannot_be_shifted_into_each_other() -> None:
    one = replace(HERE, tenant="a", namespace="b:c")
    other = replace(HERE, tenant="a:b", namespace="c")

    assert key(BODY, one) != key(BODY, other)


def test_a_documented_default_equals_its_absence_only_where_documented() -> None:
    explicit = {**BODY, "temperature": 1}
    elsewhere = replace(HERE, upstream="upstream")

    assert key(explicit) == key(BODY)
    assert key(explicit, elsewhere) != key(BODY, elsewhere)
    assert key({**BODY, "n": True}) != key(BODY)


def test_an_alias_and_the_models_real_name_share_a_key() -> None:
    assert key({**BODY, "model": "our-name-for-it"}) == key(BODY)


def test_the_key_does_not_depend_on_field_order() -> None:
    backwards = json.loads(json.dumps(BODY), object_pairs_hook=lambda p: dict(reversed(p)))

    assert key(backwards) == key(BODY)


def test_fingerprint_and_key_are_different_names() -> None:
    assert fingerprint(canonical_body(BODY, HERE), HERE) != key(BODY)


def test_entry_ids_differ_by_tenant_and_do_not_show_the_key() -> None:
    one, other = entry_id("a", "k" * 64), entry_id("b", "k" * 64)

    assert one != other
    assert "k" * 4 not in one


def test_text_digests_distinguish_spellings_and_take_any_text() -> None:
    assert text_digest("us") != text_digest("US")
    assert len(text_digest("\ud800")) == 32
