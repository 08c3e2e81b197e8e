"""How much any rule could serve by labels alone, without breaking the promise in a worse world.

A rule does not know whether a tenant is as the stream is, or a little worse than promised. Where it
may serve in one of ten runs of the latter at most, then by Neyman and Pearson's lemma no rule that
sees n labels serves the next candidate of the former more often than the best test of the two does.
That test knows the judge's errors and both shares, which no rule does.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.learning_outcomes import MEASURED, PROMISES
from benchmarks.accuracy.learning_streams import Candidates
from llm_cache_proxy.domain.promise.cells import BANDS

MAY_SERVE = 0.10
"""How often a worse world may be served at any time: about half of such runs break the promise."""

WORSE = 1.1
"""The wrong share of the worse world, in promises."""


def most_served(labels: int, wrong: float, promise: float) -> float:
    """Of so many candidates, all of them labelled, how many are served on average at most."""
    if wrong >= WORSE * promise:
        return 0.0
    good, bad = (_differing(share) for share in (wrong, WORSE * promise))
    served, of_good, of_bad = 0.0, np.array([1.0]), np.array([1.0])
    for _ in range(labels):
        served += _power(of_good, of_bad)
        of_good, of_bad = _one_more(of_good, good), _one_more(of_bad, bad)
    return served


def _differing(wrong: float) -> float:
    return MEASURED.false_alarms * (1 - wrong) + (1 - MEASURED.missed) * wrong


def _one_more(differing: npt.NDArray[np.float64], share: float) -> npt.NDArray[np.float64]:
    """The distribution of how many differ, with one more label."""
    return np.convolve(differing, (1 - share, share))[:200]


def _power(of_good: npt.NDArray[np.float64], of_bad: npt.NDArray[np.float64]) -> float:
    """Of the best test that serves the worse world as often as it may: few labels differ."""
    spent = np.cumsum(of_bad)
    whole = int(np.searchsorted(spent, MAY_SERVE, side="right"))
    before = spent[whole - 1] if whole else 0.0
    part = (MAY_SERVE - before) / of_bad[whole] if whole < len(of_bad) else 0.0
    return float(of_good[:whole].sum() + part * of_good[whole : whole + 1].sum())


def print_limits(built: Mapping[str, Candidates]) -> None:
    """For each stream and promise, of the set of upper bands that comes off best."""
    for name, stream in built.items():
        band = np.array([cell.band for cell in stream.cells])[stream.cell]
        for promise in PROMISES:
            served = [
                most_served(int(there.sum()), float(1 - stream.right[there].mean()), promise)
                for there in (stream.accepted & (band >= lowest) for lowest in range(BANDS))
                if there.any()
            ]
            print(f"| {name} | {promise:.0%} | {max(served) / stream.prompts:.2%} |", flush=True)
