"""Vectors as they are kept and sent: float32, little-endian, in base64, as OpenAI encodes them."""

import base64
import binascii
import math
import struct

_BYTES = 4
_HIGHEST = 0x7F, 0xFF
"""The last byte of what is no number, and of the largest ones; behind a sign or none."""


def packed(value: object) -> bytes | None:
    """A vector of an answer, a list of numbers or base64, in base64; None where it is no vector.

    A number that float32 cannot hold, such as an infinity, makes it none.
    """
    if isinstance(value, str):
        return value.encode("ascii") if is_packed(value) else None
    if not isinstance(value, list) or not value:
        return None
    try:
        numbers = struct.pack(f"<{len(value)}f", *value)
    except (struct.error, OverflowError, TypeError):
        return None
    is_finite = _are_finite(numbers) and not any(type(each) is bool for each in value)
    return base64.b64encode(numbers) if is_finite else None


def is_packed(text: str | bytes) -> bool:
    """Whether the text is a vector in base64, of one number or more, all of them finite."""
    try:
        data = _unpacked(text)
    except (binascii.Error, ValueError):
        return False
    return bool(data) and len(data) % _BYTES == 0 and _are_finite(data)


def _are_finite(data: bytes) -> bool:
    last = data[_BYTES - 1 :: _BYTES]
    if not any(byte in last for byte in _HIGHEST):  # as in every vector of unit length
        return True
    return all(map(math.isfinite, struct.unpack(f"<{len(data) // _BYTES}f", data)))


def _unpacked(text: str | bytes) -> bytes:
    return binascii.a2b_base64(text, strict_mode=True)


def as_numbers(text: bytes) -> bytes:
    """The packed vector as a JSON array; its numbers read as float32 are the vector's own."""
    data = _unpacked(text)
    numbers = struct.unpack(f"<{len(data) // _BYTES}f", data)
    # Nine digits name a float32; Python's own spelling of a float takes four times as long.
    return b"[%b]" % (b",".join([b"%.9g"] * len(numbers)) % numbers)
