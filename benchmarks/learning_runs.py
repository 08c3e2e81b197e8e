"""One run of a stream of candidates through the promise's rule, and through others' rules."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from llm_cache_proxy.domain.promise import Cell, Evidence, Plan, Promise, Tally
from llm_cache_proxy.domain.promise.promise import WINDOW, has_drifted

PLANNED_EVERY = 100
CONTROLS_WANTED = 400
FORGOTTEN = 0.1


class Candidate(NamedTuple):
    """A prompt's nearest entry: its cell, cosine, the entry, and how likely it is a right one."""

    cell: Cell
    similarity: float
    entry: int
    right: float


@dataclass(frozen=True, slots=True)
class Noise:
    """The judge's errors in a run."""

    false_alarms: float
    missed: float

    def differs(self, chance: random.Random, *, wrong: bool) -> bool:
        """Whether the judge calls an answer different."""
        return chance.random() < (1 - self.missed if wrong else self.false_alarms)


@dataclass(slots=True)
class Outcome:
    """What came of a run: hits, wrong ones, what was asked again, and the last plan's bound."""

    hits: int = 0
    wrong: int = 0
    explored: int = 0
    controls: int = 0
    forgot: int = 0
    bound: float = 0.0

    @property
    def wrong_share(self) -> float:
        """Wrong hits by hits; nought without a hit."""
        return self.wrong / self.hits if self.hits else 0.0


class _Sums:
    """A tenant's evidence while it grows."""

    def __init__(self, controls: tuple[float, float] = (0.0, 0.0)) -> None:
        self.cells: dict[Cell, list[float]] = {}
        self.controls = list(controls)
        self.recent = [0.0, 0.0, 0.0]

    def evidence(self) -> Evidence:
        cells = {cell: Tally(*counts) for cell, counts in self.cells.items()}
        return Evidence(cells, Tally(0, *self.controls), Tally(*self.recent))

    def forget(self) -> None:
        for counts in self.cells.values():
            counts[:] = [each * FORGOTTEN for each in counts]


def learned(
    stream: Sequence[Candidate],
    most_wrong: float,
    noise: Noise,
    chance: random.Random,
    explore_rate: float = 0.05,
    controls: tuple[float, float] = (0.0, 0.0),
) -> Outcome:
    """The rule of `domain.promise`, one candidate after the other."""
    promise, sums, found = Promise(most_wrong), _Sums(controls), Outcome()
    plan = Plan()
    for at, candidate in enumerate(stream):
        if at % PLANNED_EVERY == 0:
            if has_drifted(Tally(*sums.recent)):
                sums.forget()
                sums.recent = [0.0, 0.0, 0.0]
                found.forgot += 1
            elif sums.recent[1] >= WINDOW:
                sums.recent = [0.0, 0.0, 0.0]
            plan = promise.plan(sums.evidence())
        counts = sums.cells.setdefault(candidate.cell, [0.0, 0.0, 0.0])
        counts[0] += 1
        wrong = chance.random() >= candidate.right
        wanted = 5 * explore_rate if found.controls < CONTROLS_WANTED else explore_rate
        if chance.random() < wanted:
            found.controls += 1
            sums.controls[0] += 1
            sums.controls[1] += noise.differs(chance, wrong=False)
        expected = plan.served.get(candidate.cell)
        if expected is not None and chance.random() >= explore_rate:
            found.hits += 1
            found.wrong += wrong
            continue
        differs = noise.differs(chance, wrong=wrong)
        counts[1] += 1
        counts[2] += differs
        if expected is not None:
            found.explored += 1
            sums.recent = [sums.recent[0] + expected, sums.recent[1] + 1, sums.recent[2] + differs]
    found.bound = plan.bound
    return found


def fixed(stream: Sequence[Candidate], threshold: float, chance: random.Random) -> Outcome:
    """A threshold and the guard, as without a promise."""
    found = Outcome()
    for candidate in stream:
        if candidate.similarity >= threshold and not candidate.cell.rule:
            found.hits += 1
            found.wrong += chance.random() >= candidate.right
    return found


def best_fixed(stream: Sequence[Candidate], most_wrong: float) -> int:
    """The hits of the lowest threshold, with the guard, that keeps the share by the labels.

    It is chosen with all labels in hand, as no operator could.
    """
    near = sorted((c for c in stream if not c.cell.rule), key=lambda c: -c.similarity)
    wrong, best = 0.0, 0
    for hits, candidate in enumerate(near, start=1):
        wrong += 1 - candidate.right
        if wrong <= most_wrong * hits + 1e-9:
            best = hits
    return best


_SLOPES = (5.0, 10.0, 20.0, 40.0, 80.0)
_MIDDLES = tuple(0.70 + step / 100 for step in range(31))
_DOUBTS = (0.01, 0.05, 0.1, 0.2, 0.5)


def vcache(
    stream: Sequence[Candidate], most_wrong: float, noise: Noise, chance: random.Random
) -> Outcome:
    """VCache's rule, derived anew from arXiv 2502.03771: a logistic curve for each entry.

    An entry is exploited with a probability such that the share wrong of *all* prompts that meet
    it is at most `most_wrong`: explored ones count as right there, so that more than that share of
    hits may be wrong. The curve's doubt is a likelihood-ratio interval over a grid.
    """
    seen: dict[int, list[tuple[float, bool]]] = {}
    found = Outcome()
    for candidate in stream:
        labels = seen.setdefault(candidate.entry, [])
        wrong = chance.random() >= candidate.right
        if labels and chance.random() >= _explored(labels, candidate.similarity, most_wrong):
            found.hits += 1
            found.wrong += wrong
            continue
        found.explored += 1
        labels.append((candidate.similarity, not noise.differs(chance, wrong=wrong)))
    return found


def _explored(labels: Sequence[tuple[float, bool]], similarity: float, most_wrong: float) -> float:
    """The probability to ask the upstream, the least over the doubts that may be assumed."""
    curves = [(_log_likelihood(labels, s, m), s, m) for s in _SLOPES for m in _MIDDLES]
    best = max(curves)[0]
    found = 1.0
    for doubt in _DOUBTS:
        least = min(
            _logistic(slope * (similarity - middle))
            for likelihood, slope, middle in curves
            if 2 * (best - likelihood) <= _CHI2[doubt]
        )
        right = (1 - doubt) * least
        found = min(found, max(0.0, 1 - most_wrong / (1 - right)) if right < 1 else 0.0)
    return found


_CHI2 = {0.01: 6.635, 0.05: 3.841, 0.1: 2.706, 0.2: 1.642, 0.5: 0.455}


def _log_likelihood(labels: Sequence[tuple[float, bool]], slope: float, middle: float) -> float:
    return sum(
        math.log(max(1e-12, _logistic((slope if same else -slope) * (similarity - middle))))
        for similarity, same in labels
    )


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))


Rule = Callable[[Sequence[Candidate], float, Noise, random.Random], Outcome]
