"""VCache's rule, derived anew from arXiv 2502.03771: a logistic curve for each entry.

An entry is exploited with a probability such that the share wrong of *all* prompts that meet it is
at most the promise: explored ones count as right there, so that more than that share of hits may be
wrong. The curve's doubt is a likelihood-ratio interval over a grid of slopes and middles.
"""

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.learning_runs import Noise, Outcome
from benchmarks.accuracy.learning_streams import Candidates

Floats = npt.NDArray[np.float64]

_SLOPES, _MIDDLES = (
    each.ravel() for each in np.meshgrid((5.0, 10.0, 20.0, 40.0, 80.0), 0.70 + np.arange(31) / 100)
)
_CHI2 = {0.01: 6.635, 0.05: 3.841, 0.1: 2.706, 0.2: 1.642, 0.5: 0.455}
"""By doubt: how far twice the log-likelihood may lie below the best."""


def vcache(
    stream: Candidates, most_wrong: float, noise: Noise, chance: np.random.Generator
) -> Outcome:
    """The rule over a stream."""
    likelihoods: dict[int, Floats] = {}
    wrong = chance.random(len(stream.cell)) >= stream.right
    differs = noise.differs(chance, wrong)
    drawn = chance.random(len(wrong))
    found = Outcome()
    for at, (entry, similarity) in enumerate(zip(stream.entry, stream.similarity, strict=True)):
        known = likelihoods.get(int(entry))
        curve = _logistic(_SLOPES * (similarity - _MIDDLES))
        if known is not None and drawn[at] >= _explored(known, curve, most_wrong):
            found.hits += 1
            found.wrong += int(wrong[at])
            continue
        found.checked += 1
        seen = np.log(np.maximum(1e-12, 1 - curve if differs[at] else curve))
        likelihoods[int(entry)] = seen if known is None else known + seen
    return found


def _explored(likelihood: Floats, curve: Floats, most_wrong: float) -> float:
    """The probability to ask the upstream, the least over the doubts that may be assumed."""
    found, behind = 1.0, 2 * (likelihood.max() - likelihood)
    for doubt, most in _CHI2.items():
        right = (1 - doubt) * float(curve[behind <= most].min())
        found = min(found, max(0.0, 1 - most_wrong / (1 - right)) if right < 1 else 0.0)
    return found


def _logistic(value: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(value, -60, 60)))
