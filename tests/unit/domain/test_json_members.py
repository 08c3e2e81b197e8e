"""One member of a body changed, and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_cache_proxy.domain.json_text import with_member, with_model


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"model":"a","seed":123456789012345678901234567890,"t":1e0}',) * 2,
        ('{ "t" : 1.10 ,\n "model" : "a" }',) * 2,
        ('{"x":{"model":"kept"},"model":"a","y":["model"]}',) * 2,
        ('{"é":"\\u00e9 𝄞","model":"a"}',) * 2,
    ],
)
def test_only_the_top_level_model_is_replaced(body: str, expected: str) -> None:
    changed = with_model(body.encode(), "b")

    assert changed.decode() == expected.replace('"a"', '"b"')


def test_an_escaped_spelling_of_the_field_is_the_field() -> None:
    assert with_model(b'{"mod\\u0065l":"a"}', "b") == b'{"mod\\u0065l":"b"}'


def test_every_one_of_several_is_replaced() -> None:
    assert with_model(b'{"model":"a","model":"c"}', "b") == b'{"model":"b","model":"b"}'


def test_a_model_that_is_no_text_is_replaced() -> None:
    assert with_model(b'{"model":[1,{"model":2}],"n":1}', "b") == b'{"model":"b","n":1}'


def test_a_name_is_quoted() -> None:
    assert json.loads(with_model(b'{"model":"a"}', 'b"\\é')) == {"model": 'b"\\é'}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'"model"',
        b'{"n":1}',
        b'{"model"',
        b'{"model":',
        b'{"model":"a"',
        b"{1:2}",
        b'--part\r\nContent-Disposition: form-data; name="model"\r\n\r\na\r\n',
        b'{"model":"\xff"}',
        b'{"model":' + b"[" * 100_000,
    ],
)
def test_what_is_no_object_with_a_model_stays_as_it_is(body: bytes) -> None:
    assert with_model(body, "b") == body


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=6), _JSON, max_size=4), st.text(), st.booleans())
def test_any_object_keeps_its_other_fields(
    fields: dict[str, object], model: str, ascii_only: bool
) -> None:
    body = json.dumps(fields | {"model": "a"}, ensure_ascii=ascii_only)

    changed = with_model(body.encode("utf-8", "surrogatepass"), model)

    try:
        body.encode()
    except UnicodeEncodeError:
        assert changed == body.encode("utf-8", "surrogatepass")
    else:
        assert json.loads(changed) == fields | {"model": model}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":1e0, "b" : null}', '{"a":1e0, "b" : 5}'),
        ('{"a":1e0}', '{"b":5,"a":1e0}'),
        (" { }", ' {"b":5 }'),
    ],
)
def test_a_member_is_set_in_its_place_or_first(text: str, expected: str) -> None:
    assert with_member(text, "b", 5) == expected


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a"', '{"a":1', "{5:1}"])
def test_what_is_no_object_has_no_members(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever says so
        with_member(text, "b", 5)
