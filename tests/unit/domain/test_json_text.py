"""Facts about how JSON is read."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.json_text import (
    MOST_VALUES,
    canonical_text,
    compact_text,
    parse_object,
)


def test_field_order_makes_no_difference() -> None:
    one, other = (
        parse_object(b'{"a": 1, "b": {"c": 2, "d": 3}}'),
        parse_object(b'{"b": {"d": 3, "c": 2}, "a": 1}'),
    )

    assert canonical_text(one) == canonical_text(other)


@pytest.mark.parametrize("spelling", ["1", "1.0", "1.00", "1e0", "10e-1", "0.1E1"])
def test_equal_numbers_are_one_spelling(spelling: str) -> None:
    assert canonical_text(parse_object(f'{{"n": {spelling}}}'.encode())) == '{"n":1}'


def test_big_integers_keep_every_digit() -> None:
    digits = "9007199254740993"

    assert canonical_text(parse_object(f'{{"n": {digits}.0}}'.encode())) == f'{{"n":{digits}}}'
    assert canonical_text(parse_object(f'{{"n": {digits}}}'.encode())) == f'{{"n":{digits}}}'


def test_a_number_indistinguishable_from_zero_is_zero() -> None:
    assert parse_object(b'{"n": 1e-' + b"9" * 400 + b"}") == {"n": 0}


def test_true_and_1_have_different_canonical_texts() -> None:
    assert canonical_text(parse_object(b'{"n": true}')) != canonical_text(parse_object(b'{"n": 1}'))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not valid JSON"),
        (b"", "not valid JSON"),
        (b"[]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b'{"x": {"a": 1, "a": 1}}', "stands twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1e999}', "out of range"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b"\xef\xbb\xbf{}", "begins with a byte order mark"),
        (b'{"a":' * 10_000, "nested too deeply"),
    ],
)
def test_what_is_not_one_clear_object_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        parse_object(body)


def test_text_to_send_keeps_what_utf8_can_carry() -> None:
    assert compact_text({"a": "grüße 🙂"}) == '{"a":"grüße 🙂"}'


def test_a_lone_surrogate_stays_an_escape() -> None:
    fields = parse_object(b'{"a": "\\ud800"}')

    assert compact_text(fields) == '{"a":"\\ud800"}'
    assert canonical_text(fields) == '{"a":"\\ud800"}'


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18))
def test_a_number_is_an_integer_exactly_where_its_spelling_is(number: Decimal) -> None:
    for spelling in (f"{number:f}", str(number)):
        exact = Decimal(spelling)

        [read] = parse_object(f'{{"n": {spelling}}}'.encode()).values()

        assert isinstance(read, int) == (exact == int(exact) or float(exact) == 0)
        assert read == (int(exact) if isinstance(read, int) else float(spelling))


@pytest.mark.parametrize(
    "values",
    [
        "[" + ",".join(["[]"] * MOST_VALUES) + "]",
        "[" + ",".join(['"a"'] * MOST_VALUES) + "]",
        "[" + ",".join(["1e300"] * MOST_VALUES) + "]",
        "[" + ",".join(["0.5"] * 4 * MOST_VALUES) + "]",
        "{" + ",".join(f'"{number}":1' for number in range(MOST_VALUES)) + "}",
        '["' + '\\\\","' * MOST_VALUES + '"]',
    ],
    ids=["arrays", "strings", "exponents", "decimals", "keys", "escaped backslashes"],
)
def test_more_values_than_can_be_read_at_once_are_refused(values: str) -> None:
    with pytest.raises(InvalidRequest, match="more than 30,000 JSON values") as refused:
        parse_object(f'{{"x": {values}}}'.encode())

    assert refused.value.code == "too_many_values"


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, 2]}, ' * 200_000,
        'She said "yes", twice. ' * 200_000,
        "\\" * 1_000_000,
        "1e5, " * 500_000,
    ],
    ids=["JSON in a text", "quotations", "backslashes", "numbers"],
)
def test_a_long_text_is_one_value_whatever_it_holds(text: str) -> None:
    assert parse_object(json.dumps({"x": text}).encode()) == {"x": text}
