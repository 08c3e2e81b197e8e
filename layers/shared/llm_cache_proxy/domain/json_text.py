"""JSON as the cache reads it: one meaning for one spelling, and refusals instead of guesses.

Never lets a big integer pass through a float, and never picks one of two duplicate keys.
"""

import json
from collections import Counter
from decimal import Decimal, InvalidOperation

from llm_cache_proxy.domain.errors import InvalidRequest

JsonObject = dict[str, object]

_LARGEST_INTEGRAL_EXPONENT = 400


class _DuplicateKeyError(ValueError):
    """Two values under one key: which one counts is for the client to say."""


def parse_object(body: bytes) -> JsonObject:
    """The JSON object in `body` (UTF-8), numbers of equal value made equal (`1.0` is `1`).

    Raises InvalidRequest for anything that is not one JSON object: bad syntax, bad UTF-8,
    duplicate keys, NaN or infinities, numbers out of range, nesting too deep to follow.
    """
    try:
        value = _DECODER.decode(body.decode("utf-8"))
    except _DuplicateKeyError as exc:
        raise InvalidRequest(str(exc), code="duplicate_key") from exc
    except UnicodeDecodeError as exc:
        raise InvalidRequest("The body is not valid UTF-8.", code="invalid_json") from exc
    except RecursionError as exc:
        raise InvalidRequest("The body is nested too deeply.", code="invalid_json") from exc
    except ValueError as exc:
        raise InvalidRequest(f"The body is not valid JSON: {exc}", code="invalid_json") from exc
    if not isinstance(value, dict):
        raise InvalidRequest("The body must be a JSON object.", code="invalid_json")
    return value


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
        shown = ascii(twice[:80])
        raise _DuplicateKeyError(f"The key {shown} stands twice in one JSON object.")
    return found


def _number(spelling: str) -> int | float:
    whole = _integral(spelling)
    if whole is not None:
        return whole
    value = float(spelling)
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
