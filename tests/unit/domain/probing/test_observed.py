"""Facts about what one answer shows from outside."""

import json

import pytest

from llm_cache_proxy.domain.probing import Observed
from llm_cache_proxy.domain.probing.observed import observed

JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream; charset=utf-8"}


def answer(text: str = "hello", *, told_by: str = "id-1", finish: str | None = "stop") -> bytes:
    choice = {"message": {"content": text}, "finish_reason": finish}
    return json.dumps({"id": told_by, "choices": [choice]}).encode()


def events(*datas: object) -> bytes:
    texts = [data if isinstance(data, str) else json.dumps(data) for data in datas]
    return "".join(f"data: {text}\n\n" for text in texts).encode()


def seen(text: str, told_by: str, **headers: str) -> Observed:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return observed(200, JSON | named, answer(text, told_by=told_by))


def test_a_plain_answer_shows_its_id_text_and_end() -> None:
    found = observed(200, JSON, answer())

    assert (found.told_by, found.text, found.finish_reason) == ("id-1", "hello", "stop")
    assert found.terminated
    assert found.succeeded


def test_a_stream_shows_its_pieces_joined() -> None:
    body = events(
        {"id": "id-1", "choices": [{"delta": {"content": "hel"}}]},
        {"id": "id-1", "choices": [{"delta": {"content": "lo"}}]},
        {"id": "id-1", "choices": [{"delta": {}, "finish_reason": "length"}]},
        "[DONE]",
    )

    found = observed(200, SSE, body)

    assert (found.told_by, found.text, found.finish_reason) == ("id-1", "hello", "length")
    assert found.terminated


@pytest.mark.parametrize("rest", [(), ("[DONE]", {"choices": []})])
def test_a_stream_that_does_not_end_in_done_is_not_terminated(rest: tuple[object, ...]) -> None:
    body = events({"id": "id-1", "choices": [{"delta": {"content": "a"}}]}, *rest)

    assert not observed(200, SSE, body).terminated


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[1]", b"[" * 100_000, b'{"choices": "none"}', b'{"choices": [1, {}]}'],
)
def test_what_is_no_answer_is_none_and_no_crash(body: bytes) -> None:
    found = observed(200, JSON, body)

    assert not found.succeeded
    assert found.text == ""


def test_an_error_is_no_answer_whatever_it_says() -> None:
    assert not observed(500, JSON, answer()).succeeded


@pytest.mark.parametrize(
    "name", ["x-cache", "x-cache-status", "cf-aig-cache-status", "x-litellm-cache-hit"]
)
def test_a_caches_own_word_is_read_from_the_headers_that_caches_use(name: str) -> None:
    assert observed(200, JSON | {name: "HIT"}, answer()).cache_header == "HIT"


def test_one_id_is_one_answer_whatever_it_says() -> None:
    assert seen("a", "id-1").is_same_answer_as(seen("b", "id-1")) is True


def test_one_id_is_not_one_answer_where_the_model_is_said_to_have_given_both() -> None:
    assert seen("a", "id-1", x_cache="MISS").is_same_answer_as(seen("a", "id-1")) is False


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("well 123456789012", "other words 123456789012", True),
        ("well 123456789012", "well 210987654321", False),
        ("well 123456789012", "well", False),
    ],
)
def test_the_random_number_gives_away_an_answer_under_a_new_id(
    one: str, other: str, same: bool
) -> None:
    assert seen(one, "id-1").is_same_answer_as(seen(other, "id-2")) is same


def test_other_words_without_a_number_are_another_answer_and_similar_words_prove_nothing() -> None:
    assert seen("a", "id-1").is_same_answer_as(seen("b", "id-2")) is False
    assert seen("a", "id-1").is_same_answer_as(seen("a", "id-2")) is None


def test_an_error_cannot_be_compared() -> None:
    refused = observed(400, JSON, b"{}")

    assert refused.is_same_answer_as(seen("a", "id-1")) is None
    assert seen("a", "id-1").is_same_answer_as(refused) is None
