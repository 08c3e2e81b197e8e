"""JSON as the cache reads it: one meaning for one spelling, and refusals instead of guesses.

Never lets a big integer pass through a float, and never picks one of two duplicate keys. Where one
member of a body is changed, not one other character is.
"""

import json
import re
from codecs import BOM_UTF8
from collections import Counter
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import cast

from llm_cache_proxy.domain.errors import InvalidRequest

JsonObject = dict[str, object]

MOST_VALUES = 30_000
"""Parsed and written out for keys within 50 ms; thousands of messages, or of a schema's fields."""

_EXACT_CHARACTERS = 15
"""A decimal of so many digits is the only one of that size that gives its float."""

_LARGEST_INTEGRAL_EXPONENT = 400
DEEPEST = 500
"""Levels that every step can follow, whatever it does with a value; no request needs as many."""


class _DuplicateKeyError(ValueError):
    """Two values under the key it names: which one counts is for the client to say."""


def parse_object(body: bytes, *, most_values: int = MOST_VALUES) -> JsonObject:
    """The JSON object in `body` (UTF-8), numbers of equal value made equal (`1.0` is `1`).

    Raises InvalidRequest for anything that is not one JSON object: bad syntax, bad UTF-8,
    duplicate keys, NaN or infinities, numbers out of range, nesting too deep to follow, and for
    more than `most_values`, whose parsing would keep other requests waiting.
    """
    # No value is shorter than a byte.
    if len(body) > most_values and values_in(body, most_values) > most_values:
        raise InvalidRequest(
            f"The body holds more than {most_values:,} JSON values. Send fewer, or one long text "
            "in place of many short ones.",
            code="too_many_values",
        )
    try:
        value = _DECODER.decode(body.decode("utf-8"))
    except _DuplicateKeyError as exc:
        raise InvalidRequest(
            f"The key {exc} stands twice in one JSON object.", code="duplicate_key"
        ) from exc
    except UnicodeDecodeError as exc:
        raise InvalidRequest("The body is not valid UTF-8.", code="invalid_json") from exc
    except RecursionError as exc:
        raise InvalidRequest("The body is nested too deeply.", code="invalid_json") from exc
    except ValueError as exc:
        if body.startswith(BOM_UTF8):  # as some editors and shells begin a file
            raise InvalidRequest(
                "The body begins with a byte order mark; send UTF-8 without one.",
                code="invalid_json",
            ) from exc
        raise InvalidRequest(f"The body is not valid JSON: {exc}", code="invalid_json") from exc
    if not isinstance(value, dict):
        raise InvalidRequest("The body must be a JSON object.", code="invalid_json")
    if body.count(b"{") + body.count(b"[") > DEEPEST and _depth(value) > DEEPEST:
        raise InvalidRequest(
            f"The body is nested more than {DEEPEST} levels deep.", code="invalid_json"
        )
    return value


def object_or_none(text: bytes | str) -> JsonObject | None:
    """A JSON object of a foreign writer, read as it is; None where there is none."""
    try:
        value = json.loads(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def values_in(body: bytes, enough: int) -> int:
    """How much work the JSON in `body` is, counted in values.

    Strings, arrays, objects and exponents count, and a quarter of the commas, since plain numbers
    are read several times faster. Exact up to `enough`, and more than that where it is more.

    Counts bytes alone, so that the answer is there in a fraction of the time of parsing. A text is
    one value, whatever it holds.
    """
    bound = body.count(b'"') // 2 + _work_outside_strings(body)
    if bound <= enough:
        return bound
    unescaped = body.replace(rb"\\", b"").replace(rb"\"", b"")
    strings = unescaped.count(b'"') // 2
    if strings > enough:
        return strings
    return strings + _work_outside_strings(b"".join(unescaped.split(b'"')[::2]))


def _work_outside_strings(text: bytes) -> int:
    # An exponent (the `e` of true and false is taken for one) may stand for hundreds of digits.
    slow = sum(text.count(sign) for sign in (b"{", b"[", b"e", b"E"))
    return slow + text.count(b",") // 4


def _depth(value: object) -> int:
    """How many levels of objects and arrays there are."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for outer in level
            for inner in (
                outer.values() if isinstance(outer, dict) else cast("list[object]", outer)
            )
            if isinstance(inner, dict | list)
        ]
    return depth


def canonical_text(value: object) -> str:
    """The one spelling of a parsed value: sorted keys, no spaces, ASCII only."""
    return _CANONICAL.encode(value)


def compact_text(value: object) -> str:
    """`value` as JSON to send: keys in their order, no spaces, non-ASCII kept as it is.

    A lone surrogate, which UTF-8 cannot carry, stays an escape.
    """
    text = _COMPACT.encode(value)
    return text if _encodable(text) else _COMPACT_ASCII.encode(value)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _unique_pairs(pairs: list[tuple[str, object]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        times = Counter(name for name, _ in pairs)
        twice = next(name for name in times if times[name] > 1)
        raise _DuplicateKeyError(ascii(twice[:80]))
    return found


def _number(spelling: str) -> int | float:
    value = float(spelling)
    if isfinite(value) and not value.is_integer():
        return value  # what is rounded to no integer is none
    if len(spelling) <= _EXACT_CHARACTERS and "e" not in spelling.lower():
        return int(value)
    whole = _integral(spelling)
    if whole is not None:
        return whole
    if value in {float("inf"), float("-inf")}:
        raise ValueError(f"the number {spelling[:40]} is out of range")
    return value


def _integral(spelling: str) -> int | None:
    """The exact integer that `spelling` means, if it means one of a size that anybody uses."""
    try:
        exact = Decimal(spelling)
    except InvalidOperation:  # an exponent beyond what Decimal itself can hold
        return None
    exponent = exact.as_tuple().exponent
    small = isinstance(exponent, int) and exponent <= _LARGEST_INTEGRAL_EXPONENT
    if small and exact.adjusted() <= _LARGEST_INTEGRAL_EXPONENT and exact == int(exact):
        return int(exact)
    return None


def _no_constant(spelling: str) -> object:
    raise ValueError(f"{spelling} is not a JSON number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_pairs, parse_float=_number, parse_constant=_no_constant
)
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_COMPACT_ASCII = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
_AS_WRITTEN = json.JSONDecoder(parse_int=str, parse_float=str, strict=False)
_SPACE = re.compile(r"[ \t\n\r]*")


def with_model(body: bytes, model: str) -> bytes:
    """`body` with its top-level "model" replaced; as it is where it is no JSON object with one."""
    try:
        text = body.decode("utf-8")
        return _replaced(text, _spans(text, "model"), json.dumps(model)).encode("utf-8")
    except (ValueError, RecursionError, IndexError):
        return body


def with_member(text: str, name: str, value: object) -> str:
    """The JSON object `text` with `name` set to `value`: in its place, or first where it has none.

    Raises ValueError where `text` is no JSON object.
    """
    written = json.dumps(value, separators=(",", ":"))
    try:
        spans = _spans(text, name)
        if spans:
            return _replaced(text, spans, written)
        start = _after(text, 0, "{")
        comma = "" if text[_skip(text, start)] == "}" else ","
    except (IndexError, RecursionError) as exc:
        raise ValueError("no JSON object") from exc
    return f"{text[:start]}{json.dumps(name)}:{written}{comma}{text[start:]}"


def _replaced(text: str, spans: list[tuple[int, int]], written: str) -> str:
    for start, end in reversed(spans):
        text = text[:start] + written + text[end:]
    return text


def _spans(text: str, wanted: str) -> list[tuple[int, int]]:
    """Where each top-level value under `wanted` starts and ends."""
    spans: list[tuple[int, int]] = []
    position = _after(text, _skip(text, 0), "{")
    while text[position := _skip(text, position)] != "}":
        _after(text, position, '"')
        name, position = _AS_WRITTEN.raw_decode(text, position)
        start = _skip(text, _after(text, position, ":"))
        _, end = _AS_WRITTEN.raw_decode(text, start)
        if name == wanted:
            spans.append((start, end))
        position = _skip(text, end)
        if text[position] != "}":
            position = _after(text, position, ",")
    return spans


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _after(text: str, position: int, sign: str) -> int:
    position = _skip(text, position)
    if text[position] != sign:
        raise ValueError(f"{sign} expected")
    return position + 1
