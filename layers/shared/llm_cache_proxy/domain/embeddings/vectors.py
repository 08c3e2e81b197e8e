"""Vectors as they are kept and sent: float32, little-endian, in base64, as OpenAI encodes them."""

import base64
import binascii
import math
import struct
from collections.abc import Sequence

_BYTES = 4


def packed(value: object) -> str | None:
    """A vector of an answer, a list of numbers or base64, in base64; None where it is no vector.

    A number that float32 cannot hold, such as an infinity, makes it none.
    """
    if isinstance(value, str):
        return value if _is_packed(value) else None
    if not isinstance(value, list) or not value:
        return None
    try:
        numbers = struct.pack(f"<{len(value)}f", *value)
    except (struct.error, OverflowError, TypeError):
        return None
    is_finite = all(map(math.isfinite, value)) and not any(type(each) is bool for each in value)
    return base64.b64encode(numbers).decode("ascii") if is_finite else None


def _is_packed(text: str) -> bool:
    try:
        return _are_finite(_unpacked(text))
    except (binascii.Error, ValueError, struct.error):
        return False


def _are_finite(numbers: Sequence[float]) -> bool:
    return bool(numbers) and all(map(math.isfinite, numbers))


def _unpacked(text: str) -> tuple[float, ...]:
    data = base64.b64decode(text, validate=True)
    return struct.unpack(f"<{len(data) // _BYTES}f", data)


def as_numbers(text: str) -> str:
    """The packed vector as a JSON array; its numbers read as float32 are the vector's own."""
    numbers = _unpacked(text)
    # Nine digits name a float32; Python's own spelling of a float takes four times as long.
    return f"[{','.join(['%.9g'] * len(numbers)) % numbers}]"
