"""What travels between the server's processes and the owner of the semantic store: frames.

A frame is a JSON object and, behind it, numbers as the machine holds them: a vector of hundreds
is not written out and read back. Both ends are this package on one machine.
"""

import json
import struct
from array import array
from asyncio import StreamReader
from collections.abc import Iterable
from dataclasses import dataclass, field

from llm_cache_proxy.domain.json_text import JsonObject

_LENGTHS = struct.Struct("!II")
_LARGEST_BYTES = 256_000_000
"""More than any answer that is kept, in all its forms: beyond it, the other end is none of ours."""


class MalformedFrame(Exception):
    """The other end sent what no other end sends."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A question, or its answer: both have the same `id` among their fields."""

    fields: JsonObject
    numbers: "array[float]" = field(default_factory=lambda: array("d"))


def framed(fields: JsonObject, numbers: Iterable[float] = ()) -> bytes:
    """The frame as it is sent."""
    text = json.dumps(fields).encode("ascii")  # half a surrogate pair stays what it is
    packed = array("d", numbers).tobytes()
    return _LENGTHS.pack(len(text), len(packed)) + text + packed


async def read_frame(reader: StreamReader) -> Frame:
    """The next frame.

    Raises `MalformedFrame`, and what asyncio raises where the other end is gone.
    """
    text_bytes, number_bytes = _LENGTHS.unpack(await reader.readexactly(_LENGTHS.size))
    if text_bytes + number_bytes > _LARGEST_BYTES:
        raise MalformedFrame(f"a frame of {text_bytes + number_bytes:,} bytes")
    text = await reader.readexactly(text_bytes)
    numbers = array("d")
    try:
        numbers.frombytes(await reader.readexactly(number_bytes))
        fields = json.loads(text)
    except ValueError as exc:
        raise MalformedFrame("a frame that cannot be read") from exc
    if not isinstance(fields, dict):
        raise MalformedFrame("a frame without fields")
    return Frame(fields, numbers)
