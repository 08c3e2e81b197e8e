"""The smallest value that a JSON Schema allows: the demonstration upstream's structured answers.

Never fails on a schema it cannot follow: it then gives an empty object.
"""

import json
from collections.abc import Mapping

_DEEPEST = 24
_FORMATS = {
    "date": "2000-01-01",
    "date-time": "2000-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "PT0S",
    "email": "demo@example.com",
    "hostname": "example.com",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
}


def smallest_json(schema: object) -> str:
    """`smallest` as JSON text."""
    return json.dumps(smallest(schema), ensure_ascii=False)


def smallest(schema: object) -> object:
    """A value that conforms to `schema`, with required properties only."""
    root = schema if isinstance(schema, Mapping) else {}
    return _value(root, root, 0)


def _value(schema: object, root: Mapping[str, object], depth: int) -> object:
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return {}
    if "$ref" in schema:
        return _value(_referred(str(schema["$ref"]), root), root, depth + 1)
    if "const" in schema:
        return schema["const"]
    for choices in ("enum", "anyOf", "oneOf", "allOf"):
        listed = schema.get(choices)
        if isinstance(listed, list) and listed:
            return listed[0] if choices == "enum" else _value(_plainest(listed), root, depth + 1)
    return _of_type(schema, root, depth)


def _plainest(options: list[object]) -> object:
    # A null ends a recursive schema, and is the shortest.
    nulls = [item for item in options if isinstance(item, Mapping) and item.get("type") == "null"]
    return (nulls or options)[0]


def _of_type(schema: Mapping[str, object], root: Mapping[str, object], depth: int) -> object:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = "null" if "null" in kind else next(iter(kind), "object")
    match kind:
        case "string":
            return _text(schema)
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return False
        case "null":
            return None
        case "array":
            item = _value(schema.get("items"), root, depth + 1)
            return [item] * _count(schema.get("minItems"))
        case _:
            return _object(schema, root, depth)


def _object(
    schema: Mapping[str, object], root: Mapping[str, object], depth: int
) -> dict[str, object]:
    properties = schema.get("properties")
    required = schema.get("required")
    if not isinstance(properties, Mapping) or not isinstance(required, list):
        return {}
    return {str(name): _value(properties.get(name), root, depth + 1) for name in required}


def _text(schema: Mapping[str, object]) -> str:
    text = _FORMATS.get(str(schema.get("format")), "demo")
    text = text.ljust(_count(schema.get("minLength")), ".")
    longest = schema.get("maxLength")
    return text[:longest] if isinstance(longest, int) else text


def _number(schema: Mapping[str, object]) -> int | float:
    low, above = schema.get("minimum"), schema.get("exclusiveMinimum")
    high, below = schema.get("maximum"), schema.get("exclusiveMaximum")
    if isinstance(low, int | float) and low > 0:
        return low
    if isinstance(above, int | float) and above >= 0:
        return above + 1
    if isinstance(high, int | float) and high < 0:
        return high
    if isinstance(below, int | float) and below <= 0:
        return below - 1
    return 0


def _count(bound: object) -> int:
    return min(bound, 1000) if isinstance(bound, int) and bound > 0 else 0


def _referred(pointer: str, root: Mapping[str, object]) -> object:
    """What a local reference ("#/$defs/Name") names."""
    found: object = root
    for part in pointer.removeprefix("#").split("/"):
        if part and isinstance(found, Mapping):
            found = found.get(part.replace("~1", "/").replace("~0", "~"))
    return found
