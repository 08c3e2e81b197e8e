"""One run of a stream of candidates through the promise's rule, and through a fixed threshold.

The rule is the product's own (`domain/promise`); only its counters are arrays here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.learning_streams import Candidates
from llm_cache_proxy.domain.promise import Evidence, Plan, Promise, Tally
from llm_cache_proxy.domain.promise.drift import has_drifted

PLANNED_EVERY = 50
"""Candidates between two looks at the labels."""

EXPLORE_RATE = 0.05

Flags = npt.NDArray[np.bool_]
Change = Callable[[Candidates], Candidates]


@dataclass(frozen=True, slots=True)
class Noise:
    """The judge's errors in a run."""

    false_alarms: float
    missed: float

    def differs(self, chance: np.random.Generator, wrong: Flags) -> Flags:
        """Which answers the judge calls different."""
        drawn = chance.random(len(wrong))
        return np.where(wrong, drawn >= self.missed, drawn < self.false_alarms)


@dataclass(slots=True)
class Outcome:
    """What came of a run: hits, wrong ones, calls that checked them, and how often it forgot."""

    hits: int = 0
    wrong: int = 0
    checked: int = 0
    forgot: int = 0
    serves: bool = False
    """Whether anything was still served at the end."""

    @property
    def wrong_share(self) -> float:
        """Wrong hits by hits; nought without a hit."""
        return self.wrong / self.hits if self.hits else 0.0


class _Run:
    """A tenant's counters while they grow."""

    def __init__(self, stream: Candidates, promise: Promise, controls: tuple[int, int]) -> None:
        self._stream = stream
        self._promise = promise
        self.controls = np.array(controls, dtype=float)
        self._counts = np.zeros((3, len(stream.cells)))
        self._checks: list[Tally] = []
        self._hits = 0
        self.plan = Plan()
        self.served = np.zeros(len(stream.cells), dtype=bool)
        self._expected = np.zeros(len(stream.cells))

    def look(self) -> bool:
        """Plan anew; whether everything was forgotten first."""
        forgets = has_drifted(self._checks)
        if forgets:
            self._counts[:] = 0
            self._checks, self._hits = [], 0
        cells = self._stream.cells
        columns = zip(cells, self._counts.T.tolist(), strict=True)
        tallies = {cell: Tally(*counts) for cell, counts in columns if counts[0]}
        self.plan = self._promise.plan(
            Evidence(tallies, Tally(0, *self.controls), tuple(self._checks), self._hits)
        )
        self.served = np.array([cell in self.plan.served for cell in cells])
        self._expected = np.array([self.plan.served.get(cell, 0.0) for cell in cells])
        return forgets

    def add(self, cell: npt.NDArray[np.int64], checked: Flags, differs: Flags) -> None:
        """Count candidates of these cells."""
        served = self.served[cell]
        labelled = ~served | checked
        np.add.at(self._counts[0], cell, 1)
        np.add.at(self._counts[1], cell[labelled], 1)
        np.add.at(self._counts[2], cell[labelled], differs[labelled])
        self._hits += int(served.sum())
        if checked.any():
            expected = self._expected[cell[checked]].sum()
            self._checks.append(Tally(expected, checked.sum(), differs[checked].sum()))


def learned(
    stream: Candidates,
    most_wrong: float,
    noise: Noise,
    chance: np.random.Generator,
    controls: int,
) -> Outcome:
    """The rule of `domain.promise`, a few candidates after the other."""
    known = (controls, int(chance.binomial(controls, noise.false_alarms)))
    run, found = _Run(stream, Promise(most_wrong), known), Outcome()
    wrong = chance.random(len(stream.cell)) >= stream.right
    differs = noise.differs(chance, wrong)
    for start in range(0, len(wrong), PLANNED_EVERY):
        here = slice(start, start + PLANNED_EVERY)
        found.forgot += run.look()
        cell = stream.cell[here]
        served = run.served[cell]
        rate = max(EXPLORE_RATE, run.plan.check_rate)
        checked = served & (chance.random(len(cell)) < rate)
        run.add(cell, checked, differs[here])
        found.hits += int(served.sum())
        found.wrong += int((served & wrong[here]).sum())
        found.checked += int(checked.sum())
        asked = chance.binomial(len(cell), EXPLORE_RATE)
        run.controls += (asked, chance.binomial(asked, noise.false_alarms))
    found.serves = bool(run.served.any())
    return found


def fixed(stream: Candidates, threshold: float, chance: np.random.Generator) -> Outcome:
    """A threshold and the guard, as without a promise."""
    served = stream.accepted & (stream.similarity >= threshold)
    wrong = served & (chance.random(len(served)) >= stream.right)
    return Outcome(int(served.sum()), int(wrong.sum()))


def best_fixed(stream: Candidates, most_wrong: float) -> int:
    """The hits of the lowest threshold, with the guard, that keeps the share by the labels.

    It is chosen with all labels in hand, as no operator could.
    """
    return best_by(stream, stream.similarity, most_wrong)


def best_by(stream: Candidates, score: npt.NDArray[np.float64], most_wrong: float) -> int:
    """The same of a threshold on some other score."""
    accepted = stream.accepted
    order = np.argsort(-score[accepted], kind="stable")
    wrong = np.cumsum(1 - stream.right[accepted][order])
    kept = np.flatnonzero(wrong <= most_wrong * np.arange(1, len(wrong) + 1) + 1e-9)
    return int(kept[-1]) + 1 if len(kept) else 0
