"""Facts about endpoints whose JSON is not read."""

from typing import Any

import pytest

from llm_cache_proxy.domain.dialects.opaque import opaque_dialect
from llm_cache_proxy.domain.dialects.streams.proving import forms_of_json
from llm_cache_proxy.domain.entries.entry import Form, Forms
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.requests.reasons import Reason

RERANK, IMAGES = opaque_dialect("/rerank"), opaque_dialect("/images/generations")


def test_it_has_no_text_and_no_stream() -> None:
    traits = RERANK.traits({"stream": True})

    assert (RERANK.path, traits.text, traits.no_text) == ("/rerank", None, Reason.EXACT_ROUTE)
    assert RERANK.form({"stream": True}) is Form.JSON


def test_a_model_may_be_absent_and_is_a_text() -> None:
    assert RERANK.checked({"input": "x"}) == {"input": "x"}
    with pytest.raises(InvalidRequest):
        RERANK.checked({"model": 1})


@pytest.mark.parametrize("answer", [{}, {"error": {"message": "no"}}])
def test_an_error_is_not_kept(answer: dict[str, Any]) -> None:
    assert not RERANK.is_whole(answer)


def test_any_other_answer_is_kept_as_it_came() -> None:
    assert RERANK.is_whole({"results": []})
    assert forms_of_json(RERANK, {"a": 1}, '{"a": 1}') == Forms('{"a": 1}', "", "")


def test_what_could_not_be_read_back_is_not_kept() -> None:
    assert forms_of_json(RERANK, {"a": float("nan")}, '{"a": NaN}') is None


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 1}, (3, 1)),
        ({"input_tokens": 4, "output_tokens": 2}, (4, 2)),
        ({"seconds": 4}, (0, 0)),
        (None, (0, 0)),
    ],
)
def test_tokens_are_counted_under_either_name(usage: object, tokens: tuple[int, int]) -> None:
    assert RERANK.token_counts({"usage": usage}) == tokens


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ([{"b64_json": "AAAA"}, {"b64_json": "BBBB"}], True),
        ([{"b64_json": "AAAA"}, {"url": "https://x"}], False),
        ([], False),
        (None, False),
        ([1], False),
    ],
)
def test_images_are_kept_and_addresses_of_images_are_not(data: object, *, kept: bool) -> None:
    assert IMAGES.is_whole({"data": data}) is kept
