"""How likely a candidate is right, by its similarity and by what the two texts have apart.

Cosine alone ranks badly near the top, where most hits are. The chances are those of candidates of
which as many are wrong as right, since how many are differs from one tenant to the other. The
weights are in `score.json` beside this module; `python -m benchmarks.accuracy.pair_score` fits
them. A bad score costs labels; it cannot break the promise.
"""

import json
from functools import cache
from importlib import resources
from math import log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llm_cache_proxy.domain.guard.pair.traits import Traits

LEAST_DISTANCE = 1e-3
"""Distances below this one are the same."""


def log_odds(similarity: float, traits: "Traits") -> float:
    """The logarithm of the odds that the candidate's answer is right."""
    bias, of_distance, of_traits = _weights()
    apart = sum(weight * trait for weight, trait in zip(of_traits, traits, strict=True))
    return bias + of_distance * distance(similarity) + apart


def distance(similarity: float) -> float:
    """The logarithm of one minus the similarity."""
    return log(max(LEAST_DISTANCE, 1.0 - similarity))


@cache
def _weights() -> tuple[float, float, tuple[float, ...]]:
    text = resources.files("llm_cache_proxy.domain.promise").joinpath("score.json").read_text()
    known = json.loads(text)
    return known["bias"], known["distance"], tuple(known["traits"].values())
