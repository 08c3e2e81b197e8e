"""Which cells may be served so that the wrong share of semantic hits stays under a promise.

Cells are added while the upper bound of the expected wrong share of all that would be served is at
most the promise. Decides nothing on a single answer, and never reads a clock. The derivation is in
docs/wrong-share.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt

from llm_cache_proxy.domain.promise.cells import ACCEPTED, BANDS, Cell
from llm_cache_proxy.domain.promise.evidence import Evidence, Tally
from llm_cache_proxy.domain.promise.prior import MAY_BE_OVERRULED, PRIOR_STRENGTH, prior_wrong

_Z = 1.96
FALSE_ALARMS = 0.015
"""Share of right answers that the judge calls different, before controls say better."""

FALSE_ALARM_STRENGTH = 200.0
MISSED = 0.40
"""Share of wrong answers that the judge lets pass; no control can measure it."""

MOST_FALSE_ALARMS = 0.30
"""A judge that errs more often than that is useless: nothing is served."""

LEAST_EXPECTED = 4.0
"""Wrong answers that a served set's labels should hold where the promise is just kept."""

LEAST_LABELS = 30.0
"""Labels of the lowest band that is served of a rule; higher ones, being nearer, may have fewer."""

_HOPELESS = 2.0

_DRIFT_Z = 2.0
_DRIFT_LEAST = 1.5
WINDOW = 200
"""Audits after which a new look for drift begins."""


@dataclass(frozen=True, slots=True)
class Judge:
    """The judge's errors: `false_alarms` with its variance, and what it misses."""

    false_alarms: float
    variance: float

    @property
    def power(self) -> float:
        """How much a wrong answer is likelier to be called different than a right one."""
        return 1.0 - self.false_alarms - MISSED

    def differing(self, wrong: float) -> float:
        """The share called different where the share `wrong` is."""
        return self.false_alarms + self.power * wrong


@dataclass(frozen=True, slots=True)
class Plan:
    """What is served until new labels come.

    `served` maps each cell to the share of it that the judge is expected to call different;
    `estimate` is the wrong share of all that is served, `bound` its upper bound.
    """

    served: Mapping[Cell, float] = field(default_factory=dict)
    estimate: float = 0.0
    bound: float = 0.0

    def serves(self, cell: Cell | None) -> bool:
        """Whether a candidate of the cell may be served."""
        return cell in self.served

    def lowest_band(self, rule: str = ACCEPTED) -> int | None:
        """The lowest band that is served of a rule; None where none is."""
        return min((cell.band for cell in self.served if cell.rule == rule), default=None)


@dataclass(frozen=True, slots=True)
class Promise:
    """At most the share `most_wrong` of semantic hits is wrong."""

    most_wrong: float

    def plan(self, evidence: Evidence) -> Plan:
        """The cells to serve, given the evidence."""
        judge = judge_of(evidence)
        if judge.false_alarms > MOST_FALSE_ALARMS:
            return Plan()
        choice = _Choice(judge, self.most_wrong)
        best = Plan()
        open_bands = dict.fromkeys(_rules(evidence), BANDS - 1)
        while open_bands:
            nexts = [Cell(rule, band) for rule, band in open_bands.items()]
            likely = min(nexts, key=lambda cell: choice.differing(cell, evidence.of(cell)))
            choice.add(likely, evidence.of(likely))
            if choice.labelled * self.most_wrong >= LEAST_EXPECTED and (
                choice.bound <= self.most_wrong
            ):
                best = choice.plan()
            elif choice.estimate > _HOPELESS * self.most_wrong:
                break  # what follows is worse still
            open_bands[likely.rule] -= 1
            if open_bands[likely.rule] < 0:
                del open_bands[likely.rule]
        return best


def judge_of(evidence: Evidence) -> Judge:
    """The judge as controls show it, from a prior of `FALSE_ALARMS`."""
    total = FALSE_ALARM_STRENGTH + evidence.controls.labelled
    share = (FALSE_ALARMS * FALSE_ALARM_STRENGTH + evidence.controls.differing) / total
    return Judge(share, share * (1 - share) / (total + 1))


def wrong_interval(tally: Tally, controls: Tally) -> tuple[float, float] | None:
    """The 95 % interval of the wrong share: differing labels against differing controls.

    A difference of two proportions (Agresti and Caffo's interval), divided by the judge's power.
    None without labels or without controls: then nothing can be said.
    """
    if not tally.labelled or not controls.labelled:
        return None
    labels, checks = tally.labelled + 2, controls.labelled + 2
    one, other = (tally.differing + 1) / labels, (controls.differing + 1) / checks
    spread = _Z * sqrt(one * (1 - one) / labels + other * (1 - other) / checks)
    power = max(1e-9, judge_of(Evidence(controls=controls)).power)
    low, high = ((one - other - spread) / power, (one - other + spread) / power)
    return min(1.0, max(0.0, low)), min(1.0, max(0.0, high))


def has_drifted(recent: Tally) -> bool:
    """Whether the latest audits differ so much oftener than expected that chance is no excuse."""
    excess = recent.differing - recent.seen
    return excess > _DRIFT_LEAST + _DRIFT_Z * sqrt(recent.seen)


def _rules(evidence: Evidence) -> Iterable[str]:
    learned = {cell.rule for cell in evidence.cells}
    return sorted({ACCEPTED, *(learned & MAY_BE_OVERRULED)})


class _Choice:
    """The cells chosen so far, and the sums that the bound is made of."""

    def __init__(self, judge: Judge, most_wrong: float) -> None:
        self._judge = judge
        self._most_wrong = most_wrong
        self._chosen: dict[Cell, float] = {}
        self._thin: set[Cell] = set()
        self._seen = self._differing = self._variance = 0.0
        self.labelled = 0.0
        """Labels of all that was chosen."""

    def differing(self, cell: Cell, tally: Tally) -> float:
        """The share of the cell that the judge is expected to call different."""
        prior = self._judge.differing(prior_wrong(cell))
        return (prior * PRIOR_STRENGTH + tally.differing) / (PRIOR_STRENGTH + tally.labelled)

    def add(self, cell: Cell, tally: Tally) -> None:
        """Choose the cell."""
        weight = max(tally.seen, tally.labelled, 1.0)
        share = self.differing(cell, tally)
        # as much as chance would leave where the promise is just kept, as in a score test
        spread = max(share, self._judge.differing(self._most_wrong))
        self._seen += weight
        self.labelled += tally.labelled
        self._differing += weight * share
        self._variance += (
            weight * weight * spread * (1 - spread) / (PRIOR_STRENGTH + tally.labelled + 1)
        )
        self._chosen[cell] = share
        if tally.labelled < LEAST_LABELS:
            self._thin.add(cell)

    @property
    def bound(self) -> float:
        """The upper bound of the wrong share of all that was chosen."""
        spread = sqrt(self._variance / (self._seen * self._seen) + self._judge.variance)
        return self.estimate + _Z * spread / self._judge.power

    def plan(self) -> Plan:
        """What was chosen so far."""
        served = dict(self._chosen)
        for cell in sorted(self._chosen):  # the lowest band of a rule first
            has_lower = Cell(cell.rule, cell.band - 1) in served
            if cell in self._thin and not has_lower:
                del served[cell]
        return Plan(served, max(0.0, self.estimate), self.bound) if served else Plan()

    @property
    def estimate(self) -> float:
        """The wrong share of all that was chosen, corrected for the judge's errors."""
        return (self._differing / self._seen - self._judge.false_alarms) / self._judge.power
