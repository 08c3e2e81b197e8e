"""Many runs of a rule over a stream, and what they come to: shares kept, hit rates, checks."""

import statistics
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.accuracy.learning_runs import Noise, Outcome, learned
from benchmarks.accuracy.learning_streams import Candidates
from benchmarks.accuracy.learning_vcache import vcache

PROMISES = (0.01, 0.02, 0.05)
MEASURED = Noise(false_alarms=0.01, missed=0.37)
POOR = Noise(false_alarms=0.10, missed=0.37)
KNOWN_CONTROLS = 2_000
Run = Callable[[Candidates, np.random.Generator], Outcome]


def many(stream: Candidates, runs: int, run: Run) -> list[Outcome]:
    """The outcomes of so many runs, each in an order of its own."""
    chances = (np.random.default_rng(seed) for seed in range(runs))
    return [run(stream.shuffled(chance), chance) for chance in chances]


def learning(promise: float, noise: Noise) -> Run:
    return lambda stream, chance: learned(stream, promise, noise, chance, KNOWN_CONTROLS)


def exploring(promise: float) -> Run:
    return lambda stream, chance: vcache(stream, promise, MEASURED, chance)


def changed(run: Run, change: Callable[[Candidates], Candidates]) -> Run:
    return lambda stream, chance: run(change(stream), chance)


def kept(found: Sequence[Outcome], promise: float) -> str:
    return f"{sum(each.wrong_share <= promise for each in found) / len(found):.1%}"


def kept_or_stopped(found: Sequence[Outcome], promise: float) -> str:
    good = sum(each.wrong_share <= promise or not each.serves for each in found)
    return f"{good / len(found):.1%}"


def rate(found: Sequence[Outcome], prompts: int) -> float:
    return statistics.fmean(each.hits for each in found) / prompts


def wrong(found: Sequence[Outcome]) -> float:
    return sum(each.wrong for each in found) / max(1, sum(each.hits for each in found))


def checked(found: Sequence[Outcome]) -> float:
    return sum(each.checked for each in found) / max(1, sum(each.hits for each in found))
