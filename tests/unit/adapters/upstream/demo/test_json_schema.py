"""The smallest value that a schema allows."""

import pytest

from llm_cache_proxy.adapters.upstream.demo.json_schema import smallest


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, "demo"),
        ({"type": "string", "minLength": 6}, "demo.."),
        ({"type": "string", "maxLength": 2}, "de"),
        ({"type": "string", "format": "date"}, "2000-01-01"),
        ({"type": "integer"}, 0),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "number", "exclusiveMinimum": 0}, 1),
        ({"type": "integer", "maximum": -5}, -5),
        ({"type": "number", "exclusiveMaximum": 0}, -1),
        ({"type": "boolean"}, False),
        ({"type": "null"}, None),
        ({"type": ["string", "null"]}, None),
        ({"type": ["string", "integer"]}, "demo"),
        ({"const": {"a": 1}}, {"a": 1}),
        ({"enum": ["b", "c"]}, "b"),
        ({"type": "array", "items": {"type": "string"}}, []),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, None),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, 0),
        ({"allOf": [{"$ref": "#/$defs/N"}], "$defs": {"N": {"type": "integer"}}}, 0),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"const": 7}}}, 7),
    ],
)
def test_a_value_conforms(schema: dict[str, object], expected: object) -> None:
    assert smallest(schema) == expected


def test_only_required_properties_are_given() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
        "required": ["a"],
    }

    assert smallest(schema) == {"a": 0}


def test_a_recursive_schema_ends_where_it_may() -> None:
    node = {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}},
        "required": ["next"],
    }

    assert smallest({"$ref": "#/$defs/Node", "$defs": {"Node": node}}) == {"next": None}


@pytest.mark.parametrize("schema", [None, [], "x", {"$ref": "#"}, {"$ref": "#/nowhere"}])
def test_what_cannot_be_followed_is_an_empty_object(schema: object) -> None:
    assert smallest(schema) == {}
