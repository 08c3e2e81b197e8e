"""What a batch asks for, and which inputs are the same."""

from typing import Any

import pytest

from llm_cache_proxy.domain.embeddings.batch import (
    MOST_INPUTS,
    Batch,
    Encoding,
    batch_of,
    item_keys,
    shares,
)


def batch(given: object, **fields: object) -> Batch:
    found = batch_of({"model": "e", "input": given, **fields})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        ("a", ["a"]),
        (["a", "b", "a"], ["a", "b", "a"]),
        ([1, 2], [[1, 2]]),
        ([[1, 2], [3]], [[1, 2], [3]]),
        (["a"] * MOST_INPUTS, ["a"] * MOST_INPUTS),
    ],
)
def test_texts_and_tokens_are_inputs_one_or_several(given: object, inputs: list[object]) -> None:
    assert batch(given).inputs == inputs


@pytest.mark.parametrize(
    "given",
    [
        None,
        1,
        [],
        ["a", 1],
        ["a", [1]],
        [[1], []],
        [[1], "a"],
        [True],
        [{"text": "a"}],
        {"a": 1},
        ["a"] * (MOST_INPUTS + 1),
    ],
)
def test_what_is_no_list_of_inputs_is_no_batch(given: object) -> None:
    assert batch_of({"model": "e", "input": given}) is None


@pytest.mark.parametrize("fields", [{"encoding_format": "int8"}, {"encoding_format": ["float"]}])
def test_another_encoding_is_no_batch(fields: dict[str, Any]) -> None:
    assert batch_of({"model": "e", "input": "a", **fields}) is None


def test_a_stream_is_no_batch() -> None:
    assert batch_of({"model": "e", "input": "a", "stream": True}) is None


@pytest.mark.parametrize(
    ("said", "encoding"), [(None, Encoding.FLOAT), ("float", "float"), ("base64", "base64")]
)
def test_an_encoding_that_is_not_named_is_float(said: str | None, encoding: str) -> None:
    assert batch("a", encoding_format=said).encoding == encoding


def test_the_rest_is_every_field_that_can_change_a_vector() -> None:
    found = batch("a", encoding_format="float", dimensions=3, other={"x": 1})

    assert found.rest == {"model": "e", "dimensions": 3, "other": {"x": 1}}


def test_the_body_for_some_inputs_keeps_the_other_fields_in_their_places() -> None:
    body = batch(["ä", "b"], dimensions=3).body_for(["ä"])

    assert body.decode() == '{"model":"e","input":["ä"],"dimensions":3}'


def test_an_input_has_one_key_wherever_it_stands() -> None:
    one, [two, three] = item_keys("common", ["a"]), item_keys("common", ["b", "a"])

    assert one == [three]
    assert two != three


def test_a_text_is_another_input_than_numbers_and_than_under_another_key() -> None:
    keys = {*item_keys("common", ["[1]", [1], [1, 2], "1"]), *item_keys("other", ["1"])}

    assert len(keys) == 5


@pytest.mark.parametrize(
    ("total", "inputs", "parts"),
    [
        (7, ["a"], [7]),
        (10, ["a" * 30, "b" * 10], [7, 3]),
        (3, ["", "", ""], [1, 1, 1]),
        (1, ["a", "b", "c"], [0, 0, 1]),
        (6, [[1, 2, 3, 4], [5, 6]], [4, 2]),
        (0, ["a", "b"], [0, 0]),
    ],
)
def test_tokens_are_shared_out_by_length_and_their_sum_is_exact(
    total: int, inputs: list[Any], parts: list[int]
) -> None:
    assert shares(total, inputs) == parts
