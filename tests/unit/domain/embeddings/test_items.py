"""How an answer is taken apart and put together again."""

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.embedding_upstream import embedding_answer, packed, vector_of
from llm_cache_proxy.domain.embeddings.batch import Encoding
from llm_cache_proxy.domain.embeddings.frames import Frames
from llm_cache_proxy.domain.embeddings.items import (
    Item,
    items_in,
    parts_of,
    pieces_of,
    stored_item,
)
from llm_cache_proxy.domain.embeddings.vectors import as_numbers
from llm_cache_proxy.domain.embeddings.vectors import packed as packed_vector

INPUTS = ["one", "two words"]
REQUEST: dict[str, Any] = {"model": "e", "input": INPUTS}


def items(answer: dict[str, Any], inputs: list[Any] | None = None) -> list[Item]:
    found = items_in(answer, INPUTS if inputs is None else inputs)
    assert found is not None
    return found


def together(found: list[Item], encoding: Encoding = Encoding.FLOAT) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(b"".join(pieces_of(found, encoding)))
    return whole


@pytest.mark.parametrize("came", ["float", "base64"])
@pytest.mark.parametrize("wanted", list(Encoding))
def test_an_answer_in_one_encoding_is_put_together_in_either(came: str, wanted: Encoding) -> None:
    answer = embedding_answer({**REQUEST, "encoding_format": came})

    whole = together(items(answer), wanted)

    expected = embedding_answer({**REQUEST, "encoding_format": wanted})
    assert whole == expected
    assert list(whole) == list(expected)
    assert list(whole["data"][0]) == list(expected["data"][0])


def test_a_stored_item_comes_back_as_it_was() -> None:
    [item, _] = items(embedding_answer(REQUEST))

    for encoding in Encoding:
        assert stored_item(*parts_of(item.text()), item.tokens, Frames(), encoding) == item


def test_an_item_that_was_stored_with_its_place_comes_back() -> None:
    text = (
        '{"head":{"object":"list","data":null},'
        '"member":{"embedding":null,"index":7},"vector":"AAAAPw=="}'
    )

    item = stored_item(*parts_of(text), 1, Frames(), Encoding.BASE64)

    assert item is not None
    assert together([item]) == {"object": "list", "data": [{"embedding": [0.5], "index": 0}]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "1",
        '"',
        '"}',
        '{"head":{},"member":{}}',
        '{"head":[],"member":{"embedding":null},"vector":"AAAAPw=="}',
        '{"head":{"data":null},"member":[],"vector":"AAAAPw=="}',
        '{"head":{},"member":{"embedding":null},"vector":"AAAAPw=="}',
        '{"head":{"data":null},"member":{},"vector":"AAAAPw=="}',
        '{"head":{"data":null},"member":{"embedding":null},"vector":""}',
        '{"head":{"data":null},"member":{"embedding":null},"vector":"AAAA\\u0050w=="}',
        '{"head":{"data":null},"member":{"embedding":null},"other":"AAAAPw=="}',
    ],
)
def test_a_text_of_another_shape_is_no_item(text: str) -> None:
    assert stored_item(*parts_of(text), 1, Frames(), Encoding.BASE64) is None


@pytest.mark.parametrize("vector", ["AAAA", "AAAAPw=", "AAAA Pw==", "AACAfw==", "ä"])
def test_what_is_no_vector_is_no_item_to_who_wants_numbers(vector: str) -> None:
    text = f'{{"head":{{"data":null}},"member":{{"embedding":null}},"vector":"{vector}"}}'

    assert stored_item(*parts_of(text), 1, Frames(), Encoding.FLOAT) is None


def test_items_of_one_batch_share_what_stands_around_their_vectors() -> None:
    frames = Frames()
    one, two = items(embedding_answer(REQUEST))

    read = [stored_item(*parts_of(item.text()), 1, frames, Encoding.BASE64) for item in (one, two)]

    assert one.frame is two.frame
    assert read[0] is not None
    assert read[1] is not None
    assert read[0].frame is read[1].frame


def test_items_stand_in_the_order_and_as_often_as_they_are_wanted() -> None:
    one, two = items(embedding_answer(REQUEST))

    whole = together([two, one, two])

    assert [member["index"] for member in whole["data"]] == [0, 1, 2]
    vectors = [vector_of(text) for text in ("two words", "one", "two words")]
    assert [member["embedding"] for member in whole["data"]] == vectors
    assert whole["usage"]["prompt_tokens"] == 2 * two.tokens + one.tokens


def test_members_that_are_unknown_are_kept_in_their_places() -> None:
    member = {"embedding": [0.5], "extra": {"data": 1, "%": "%s\0"}, "index": 0}
    answer = {"id": "x", "data": [member], "index": 5, "z": [1]}

    assert json.dumps(together(items(answer, ["a"]))) == json.dumps(answer)


def test_an_answer_without_usage_and_places_is_put_together_without_usage() -> None:
    whole = together(items({"data": [{"embedding": [0.5]}, {"embedding": [1.5]}]}))

    assert "usage" not in whole
    assert [member["embedding"] for member in whole["data"]] == [[0.5], [1.5]]


def test_members_may_come_in_another_order() -> None:
    answer = embedding_answer(REQUEST)
    answer["data"].reverse()

    assert together(items(answer)) == embedding_answer(REQUEST)


@pytest.mark.parametrize(
    "changes",
    [
        {"error": {"message": "no"}},
        {"other": float("nan")},
        {"data": [{"embedding": [0.5], "x": float("nan")}, {"embedding": [0.5]}]},
        {"data": None},
        {"data": []},
        {"data": [1, 2]},
        {"data": [{"index": 0, "embedding": [0.5]}] * 2},
        {"data": [{"index": "0", "embedding": [0.5]}, {"index": 1, "embedding": [0.5]}]},
        {"data": [{"index": 0, "embedding": {}}, {"index": 1, "embedding": [0.5]}]},
    ],
)
def test_an_answer_that_has_not_every_item_is_not_taken_apart(changes: dict[str, Any]) -> None:
    assert items_in({**embedding_answer(REQUEST), **changes}, INPUTS) is None


@pytest.mark.parametrize(
    "vector",
    [
        [],
        "",
        "abc",
        "AAAA",
        "ä",
        packed([0.5]) + "=",
        packed([float("inf")]),
        [float("nan")],
        [1e39],
        [True],
        ["0.5"],
        [None],
        None,
        {"a": 1},
    ],
)
def test_what_float32_cannot_hold_is_no_vector(vector: object) -> None:
    assert packed_vector(vector) is None


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1))
def test_the_numbers_of_a_vector_are_exact_in_float32(numbers: list[float]) -> None:
    text = packed_vector(numbers)
    assert text is not None

    read = json.loads(as_numbers(text))

    assert [struct.pack("<f", each) for each in map(float, read) if each] == [
        struct.pack("<f", each) for each in numbers if each
    ]
    assert packed_vector(packed(numbers)) == text
