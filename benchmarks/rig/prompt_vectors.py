"""Vectors that lie as prompts' do, as many as are wanted: MiniLM's of real prompts, spread out."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.rig.minilm_folders import DEFAULT
from llm_cache_proxy.adapters.embedder.minilm.engine import MiniLMEngine

_PAIRS = Path(__file__).parents[1] / "pairs"
_SPREAD = 0.7
"""Of the prompts' own covariance, so that a nearest neighbour is at a cosine of about 0.7."""
_AT_ONCE = 10_000

Vectors = npt.NDArray[np.float32]


def pair_texts() -> list[str]:
    """Every prompt of the labelled pairs once, in an order of chance that is always the same."""
    texts = sorted(
        {
            line[side]
            for path in _PAIRS.glob("*.jsonl")
            for line in map(json.loads, path.open(encoding="utf-8"))
            for side in ("a", "b")
            if side in line
        }
    )
    return [texts[index] for index in np.random.default_rng(7).permutation(len(texts))]


class PromptVectors:
    """Draws near the vectors of `prompts` of the labelled pairs, by a seed of its own."""

    def __init__(self, prompts: int = 3_000) -> None:
        self._chance = np.random.default_rng(7)
        engine = MiniLMEngine.load(DEFAULT, threads=1)
        embedded = engine.embed(pair_texts()[:prompts])
        self._known = np.array([one.vector for one in embedded], dtype=np.float32)
        covariance = np.cov(self._known.T) + 1e-7 * np.eye(self._known.shape[1])
        self._shape = np.linalg.cholesky(covariance).T.astype(np.float32)

    def drawn(self, count: int) -> Vectors:
        """So many unit vectors, others with every call; in portions, for a million are large."""
        near = self._chance.integers(len(self._known), size=count)
        units: Vectors = np.empty((count, self._known.shape[1]), dtype=np.float32)
        for first in range(0, count, _AT_ONCE):
            at = self._known[near[first : first + _AT_ONCE]]
            noise = self._chance.standard_normal(at.shape, dtype=np.float32) @ self._shape
            vectors = at + np.float32(_SPREAD) * noise
            units[first : first + len(at)] = vectors / np.linalg.norm(
                vectors, axis=1, keepdims=True
            )
        return units
