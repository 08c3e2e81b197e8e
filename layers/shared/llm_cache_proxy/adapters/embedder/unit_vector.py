"""A vector as an embedding service sent it, believed only as far as it can be checked."""

import base64
import math
import struct

from llm_cache_proxy.domain.errors import EmbedderUnavailable

_UNIT_TOLERANCE = 1e-4  # a vector of 32-bit floats, or one written with a few digits
_FLOAT_BYTES = 4
_MOST_DIMENSIONS = 65_536  # of a Qdrant collection


def unit_vector(vector: object, dimensions: int | None) -> list[float]:
    """A list of finite numbers with a direction, at unit length.

    Raises EmbedderUnavailable for anything else, and for another number of them than `dimensions`
    (None: any).
    """
    if not isinstance(vector, list) or not 0 < len(vector) <= _MOST_DIMENSIONS:
        raise EmbedderUnavailable(f"The embedder's vector is not a list of {_many(dimensions)}.")
    if dimensions is not None and len(vector) != dimensions:
        raise EmbedderUnavailable(
            f"The embedder's vector is not a list of {_many(dimensions)}: it has {len(vector)}."
        )
    if not all(type(value) is float or type(value) is int for value in vector):
        raise EmbedderUnavailable("The embedder's vector holds something else than numbers.")
    try:
        length = math.hypot(*vector)
    except OverflowError as exc:
        raise EmbedderUnavailable("The embedder's vector holds a number out of range.") from exc
    if not (math.isfinite(length) and length > 0):
        raise EmbedderUnavailable("The embedder's vector has no direction.")
    if abs(length - 1) <= _UNIT_TOLERANCE:
        return [float(value) for value in vector]
    return [value / length for value in vector]


def floats_of(packed: str) -> list[float]:
    """What base64 of little-endian 32-bit floats holds. Raises EmbedderUnavailable."""
    try:
        raw = base64.b64decode(packed, validate=True)
        return list(struct.unpack(f"<{len(raw) // _FLOAT_BYTES}f", raw))
    except (ValueError, struct.error) as exc:
        raise EmbedderUnavailable("The embedder's vector is not base64 of 32-bit floats.") from exc


def _many(dimensions: int | None) -> str:
    return "numbers" if dimensions is None else f"{dimensions} numbers"
