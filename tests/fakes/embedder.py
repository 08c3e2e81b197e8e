"""An embedder whose vectors a test chooses."""

import hashlib
import math
from collections.abc import Sequence

from llm_cache_proxy.domain.errors import EmbedderUnavailable
from llm_cache_proxy.ports.embedder import Embedding

DIMENSIONS = 384


class FakeEmbedder:
    """Gives different texts different vectors, and two texts of `set_similarity` that cosine."""

    embedder_id = "fake"
    priced_as = ""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.away = False
        self.away_for: set[str] = set()
        self.longest = 1_000
        self._chosen: dict[str, list[float]] = {}

    def set_similarity(self, one: str, other: str, similarity: float) -> None:
        """Put `other` at this cosine from `one`."""
        base = self._vector(one)
        side = _unit(f"side of {other}")
        dot = sum(a * b for a, b in zip(base, side, strict=True))
        across = [s - dot * b for s, b in zip(side, base, strict=True)]
        length = math.sqrt(sum(value * value for value in across))
        rest = math.sqrt(1 - similarity * similarity)
        self._chosen[one] = base
        self._chosen[other] = [
            similarity * b + rest * a / length for b, a in zip(base, across, strict=True)
        ]

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        if self.away or not self.away_for.isdisjoint(texts):
            raise EmbedderUnavailable("the fake embedder is away")
        self.texts += texts
        return [Embedding(self._vector(t), len(t), len(t) <= self.longest) for t in texts]

    async def aclose(self) -> None:
        """Nothing to release."""

    def _vector(self, text: str) -> list[float]:
        return self._chosen.get(text) or _unit(text)


def _unit(text: str) -> list[float]:
    raw = hashlib.shake_256(text.encode("utf-8", "surrogatepass")).digest(DIMENSIONS)
    values = [byte - 127.5 for byte in raw]
    length = math.sqrt(sum(value * value for value in values))
    return [value / length for value in values]
