"""One run of a stream of candidates through the promise's rule, and through a fixed threshold.

The rule is the product's own (`domain/promise`); only its counters are arrays here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.learning_streams import Candidates
from llm_cache_proxy.domain.promise import Cell, Promise, Tally, TenantEvidence
from llm_cache_proxy.domain.promise.drift import has_drifted
from llm_cache_proxy.domain.promise.evidence import NONE_YET, added
from llm_cache_proxy.domain.promise.parts import part_of, plan_parts

PLANNED_EVERY = 50
"""Candidates between two looks at the labels."""

IN_FLIGHT = 5
"""Candidates that are decided before a check that differs is known: its answer takes a while."""

EXPLORE_RATE = 0.05

Flags = npt.NDArray[np.bool_]
Kinds = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Of candidates, their groups and their cells."""

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
        self._cells = stream.cells
        self._at = {cell: at for at, cell in enumerate(stream.cells)}
        self._promise = promise
        self.controls = np.array(controls, dtype=float)
        groups = int(stream.group.max(initial=0)) + 1
        self._counts = np.zeros((3, groups, len(stream.cells)))
        self._checks: dict[int, Tally] = {}
        self._hits = 0
        self._changed = False
        self.check_rate = np.ones(groups)
        self.served = np.zeros((groups, len(stream.cells)), dtype=bool)
        self._expected = np.zeros((groups, len(stream.cells)))

    def look(self) -> bool:
        """Plan anew; whether everything was forgotten first."""
        checks = tuple(self._checks.values())
        forgets = has_drifted(checks)
        if forgets:
            self._counts[:] = 0
            self._checks, self._hits, self._changed, checks = {}, 0, True, ()
        found = {group: self._tallies(group) for group in range(len(self.served))}
        evidence = TenantEvidence(
            found, Tally(0, *self.controls), checks, self._hits, self._changed
        )
        parts = plan_parts(self._promise, evidence)
        for group in found:
            plan = part_of(parts, group).plan
            self.check_rate[group] = max(EXPLORE_RATE, plan.check_rate)
            self.served[group] = False
            for cell, expected in plan.served.items():
                if cell not in self._at:  # trusted, and never met in this stream
                    continue
                self.served[group, self._at[cell]] = True
                self._expected[group, self._at[cell]] = expected
        return forgets

    def _tallies(self, group: int) -> dict[Cell, Tally]:
        met = np.flatnonzero(self._counts[0, group])
        counts = self._counts[:, group, met].T.tolist()
        return {self._cells[at]: Tally(*c) for at, c in zip(met.tolist(), counts, strict=True)}

    def add(self, window: int, kind: Kinds, checked: Flags, differs: Flags) -> None:
        """Count candidates of these groups and cells, which came in this window."""
        served = self.served[kind]
        labelled = ~served | checked
        group, cell = kind
        np.add.at(self._counts[0], kind, 1)
        np.add.at(self._counts[1], (group[labelled], cell[labelled]), 1)
        np.add.at(self._counts[2], (group[labelled], cell[labelled]), differs[labelled])
        self._hits += int(served.sum())
        if checked.any():
            expected = self._expected[kind][checked].sum()
            here = Tally(float(expected), int(checked.sum()), int(differs[checked].sum()))
            before = self._checks.get(window, NONE_YET)
            self._checks[window] = added((before, here))


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
    drawn, start = chance.random(len(wrong)), 0
    while start < len(wrong):
        found.forgot += run.look()
        here = slice(start, start + PLANNED_EVERY)
        served = run.served[stream.group[here], stream.cell[here]]
        checked = served & (drawn[here] < run.check_rate[stream.group[here]])
        seen = _until_next_look(checked & differs[here])
        here, served, checked = slice(start, start + seen), served[:seen], checked[:seen]
        kind = stream.group[here], stream.cell[here]
        run.add(start // PLANNED_EVERY, kind, checked, differs[here])
        found.hits += int(served.sum())
        found.wrong += int((served & wrong[here]).sum())
        found.checked += int(checked.sum())
        start += seen
        asked = chance.binomial(len(served), EXPLORE_RATE)
        run.controls += (asked, chance.binomial(asked, noise.false_alarms))
    found.serves = bool(run.served.any())
    return found


def _until_next_look(told: Flags) -> int:
    """Candidates until the next look: it comes at once after a check that differs."""
    return min(len(told), int(told.argmax()) + 1 + IN_FLIGHT) if told.any() else len(told)


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
