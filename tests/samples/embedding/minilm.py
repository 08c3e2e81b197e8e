"""The embedding model of this checkout, and what Sentence Transformers made of the same texts."""

import json
import math
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from llm_cache_proxy.adapters.embedder.minilm.engine import MiniLMEngine
from servers.embedding_apis import Vector

ROOT = Path(__file__).resolve().parents[3]
MODEL = ROOT / ".model" / "all-MiniLM-L6-v2"
_REFERENCE = ROOT / "tests" / "data" / "minilm_reference.json"


class Reference(NamedTuple):
    """A text, its word pieces, and its vector by Sentence Transformers."""

    name: str
    text: str
    tokens: int
    vector: list[float]


REFERENCES = [Reference(**item) for item in json.loads(_REFERENCE.read_bytes())["texts"]]


def model_folder() -> Path:
    """The full-precision model; fails the test where it has not been built."""
    if not (MODEL / "model.json").is_file():
        pytest.fail(f"There is no model in {MODEL}: `make setup` builds it.")
    return MODEL


@cache
def engine() -> MiniLMEngine:
    """The model itself, loaded once for servers that stand in for those of others."""
    return MiniLMEngine.load(model_folder(), threads=1)


def loaded_model() -> Callable[[str], Vector]:
    """`vector_of`, its model loaded here, not by a thread that a first request starts."""
    engine()
    return vector_of


def vector_of(text: str) -> Vector:
    """What the model makes of a text; blocks."""
    [found] = engine().embed([text])
    return Vector(found.vector, found.tokens)


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """1 for the same direction."""
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    return dot / (math.hypot(*one) * math.hypot(*other))
