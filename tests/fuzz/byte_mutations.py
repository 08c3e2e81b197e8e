"""Bytes as nobody would write them: a seed of the folder, changed in a few places.

Every seed is also tried as it is. A finding becomes a seed: a file more in `seeds/`.
"""

import json
import os
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

SEEDS = Path(__file__).with_name("seeds")
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
"""Inputs a parser; `make fuzz` tries many more, and other ones each time."""

deep = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
)
_PIECES = [
    *(b"", b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r", b"\n", b"\n\n", b" ", b"\\"),
    *(b'"', b"{", b"}", b"[", b"]", b",", b":", b"null", b"true", b"-0", b"NaN", b"1e999"),
    *(b"9" * 400, b"[" * 1_100, b"\\ud800", b"\\u0000", b'"a":1,"a":2,', b"data: ", b"[DONE]"),
    *(b"event: error\n", b'"error":{"message":"x"},', b'"index":-1,', b'"usage":null,'),
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["", "\ud800", "\x00", "v1", "2.0", "x" * 3_000]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
"""Any JSON, and what JSON cannot tell besides."""


def seeds(kind: str) -> list[bytes]:
    """What is kept of one kind."""
    found = [path.read_bytes() for path in sorted((SEEDS / kind).iterdir())]
    assert found
    return found


@st.composite
def mutated_bytes(draw: st.DrawFn, bases: list[bytes]) -> bytes:
    """One of `bases` with up to four pieces cut out, doubled or put in; now and then noise."""
    data = draw(st.sampled_from(bases))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 12)))
        piece = draw(st.sampled_from(_PIECES) | st.binary(max_size=4) | st.just(data[at:end] * 2))
        data = data[:at] + piece + data[end:]
    return data


@st.composite
def mutated_json(draw: st.DrawFn, bases: list[bytes]) -> Any:
    """The value of one of `bases` with up to three places taken out or replaced."""
    value = json.loads(draw(st.sampled_from(bases)))
    for _ in range(draw(st.integers(0, 3))):
        places = list(_places(value))
        if not places:
            break
        holder, name = places[draw(st.integers(0, len(places) - 1))]
        if draw(st.booleans()) and isinstance(holder, dict):
            del holder[name]
        else:
            holder[name] = draw(VALUES)
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    left = [value] if isinstance(value, dict | list) else []
    while left:
        node = left.pop()
        for name in node if isinstance(node, dict) else range(len(node)):
            found.append((node, name))
            if isinstance(node[name], dict | list):
                left.append(node[name])
    return found
