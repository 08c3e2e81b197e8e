"""Qdrant's payload filters and the indexes that strict mode asks for, on plain JSON values.

Decides which points match; never keeps any. Written from Qdrant's published description of
filtering and of strict mode.
"""

from collections.abc import Callable, Iterator
from typing import Any, cast

# JSON as a client sent it: its shape is checked where it is used.
Json = dict[str, Any]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}


class BadFilter(Exception):
    """The filter names a condition that this server does not know."""


def matches(condition: Json | None, point_id: object, payload: Json) -> bool:
    """Whether a point passes a filter (`must`, `should`, `must_not`, nested) or a condition."""
    if not condition:
        return True
    if "key" in condition:
        return _field_matches(condition, payload)
    if "has_id" in condition:
        return point_id in condition["has_id"]
    must, should, must_not = (_clause(condition, name) for name in ("must", "should", "must_not"))
    return (
        all(matches(inner, point_id, payload) for inner in must)
        and not any(matches(inner, point_id, payload) for inner in must_not)
        and (not should or any(matches(inner, point_id, payload) for inner in should))
    )


def needed_indexes(condition: Json | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each field that a filter names, with the index types that would serve its condition."""
    if not condition:
        return
    if "key" in condition:
        yield condition["key"], _serving_types(condition)
    for name in ("must", "should", "must_not"):
        for inner in _clause(condition, name):
            yield from needed_indexes(inner)


def _clause(condition: Json, name: str) -> list[Json]:
    clause = condition.get(name) or []
    return cast("list[Json]", [clause] if isinstance(clause, dict) else clause)


def _field_matches(condition: Json, payload: Json) -> bool:
    held = payload.get(condition["key"])
    values = held if isinstance(held, list) else [held]
    if condition.get("match") is not None:
        return any(_is_match(condition["match"], value) for value in values)
    if condition.get("range") is not None:
        return any(_in_range(condition["range"], value) for value in values)
    raise BadFilter(str(condition))


def _is_match(match: Json, value: object) -> bool:
    if "value" in match:
        return type(value) is type(match["value"]) and value == match["value"]
    if "any" in match:
        return value in match["any"]
    raise BadFilter(str(match))


def _in_range(bounds: Json, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return all(
        _COMPARISONS[name](value, bound) for name, bound in bounds.items() if bound is not None
    )


def _serving_types(condition: Json) -> tuple[str, ...]:
    if condition.get("range") is not None:
        return ("integer", "float")
    match = condition.get("match") or {}
    sample = match["value"] if "value" in match else (match.get("any") or [""])[0]
    return ("integer",) if isinstance(sample, int) else ("keyword", "uuid")
