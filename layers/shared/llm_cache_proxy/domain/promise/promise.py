"""Which candidates may be served so that the wrong share of semantic hits stays under a promise.

A rule's candidates are served from the lowest band of the score from which on labels prove that
they keep the promise; a few are trusted before (`trust`). Decides nothing on a single answer, and
never reads a clock. The derivation is in docs/wrong-share.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import dropwhile
from math import log
from typing import NamedTuple

from llm_cache_proxy.domain.promise.cells import ACCEPTED, BANDS, Cell
from llm_cache_proxy.domain.promise.evidence import Evidence, Tally, added
from llm_cache_proxy.domain.promise.judge import controls_for, judge_of
from llm_cache_proxy.domain.promise.prior import MAY_BE_OVERRULED, predicted_differing
from llm_cache_proxy.domain.promise.proof import (
    MOST_FALSE_ALARMS,
    Controls,
    Stratum,
    most_wrong_within,
    proves,
)
from llm_cache_proxy.domain.promise.ratio import most_wrong_by_ratio, ratio_proves
from llm_cache_proxy.domain.promise.trust import (
    LOWEST_TRUSTED,
    TRUSTED,
    hits_on_trust,
    trusted,
    trusted_tally,
)

DOUBT = 0.05
"""The chance that anything is ever served on a proof that does not hold, in a steady world."""

BY_RATIO = 0.75
"""The share of the doubt of the proof by a ratio (`ratio`), which begins at the trusted bands."""

STARTS = {8: 0.05, 2: 0.1}
"""Bands at which proving begins for what the guard accepts, and the share of the doubt of each.

A narrow set is soon proven where candidates abound, a wide one where there are few.
"""

FIRST = 5
"""The band at which proving begins for a rule that may be overruled."""

_SHARE_OF_A_RULE = 0.1 / len(MAY_BE_OVERRULED)

LEAST_LABELS = 30.0
"""Labels of the lowest band that is served of a rule."""

_ALLOWED_STRENGTH = 30.0
"""Labels for which the promise counts in what is expected of a trusted cell's checks.

A new tenant that is worse than trusted has not changed: it loses trust, and forgets nothing.
"""

_NOTICED_AFTER = 16.0
"""Wrong hits after which checks have noticed a change almost surely."""

_THROUGHOUT = 0.8
"""Labelled share of what was seen from which on a band counts as labelled throughout."""


class ProvenSet(NamedTuple):
    """A rule's bands from `lowest` on, proven but for a chance of `doubt`."""

    lowest: int
    doubt: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What is served until new labels come.

    `served` maps each cell to the share of it that the judge is expected to call different,
    `proven` each rule to the widest set that is proven; `trusted` are those that are served though
    nothing proves them yet. `estimate` is the wrong share of all that is served, `check_rate` the
    share of hits that is to be checked at least: what is new to a tenant is checked as often as a
    new tenant is, as long as it is trusted. So many as `hits_on_trust` may be served on trust
    before labels are read again.
    """

    served: Mapping[Cell, float] = field(default_factory=dict)
    estimate: float = 0.0
    check_rate: float = 1.0
    proven: Mapping[str, ProvenSet] = field(default_factory=dict)
    trusted: frozenset[Cell] = frozenset()
    hits_on_trust: float = 0.0

    def serves(self, cell: Cell | None) -> bool:
        """Whether a candidate of the cell may be served."""
        return cell in self.served

    def lowest_band(self, rule: str = ACCEPTED) -> int | None:
        """The lowest band that is served of a rule; None where none is."""
        return min((cell.band for cell in self.served if cell.rule == rule), default=None)


@dataclass(frozen=True, slots=True)
class Promise:
    """At most the share `most_wrong` of semantic hits is wrong.

    With `trusts` False everything has to be proven first, whatever the promise.
    """

    most_wrong: float
    trusts: bool = True

    def plan(self, evidence: Evidence, doubt: float = DOUBT) -> Plan:
        """The cells to serve, given the evidence; `doubt` is all that may be spent on it."""
        judge = judge_of(evidence.controls)
        if judge.false_alarms > MOST_FALSE_ALARMS:
            return Plan()
        found = ((rule, self._proven(rule, evidence, doubt)) for rule in _rules(evidence))
        proven = {rule: widest for rule, widest in found if widest is not None}
        on_proof = {
            cell
            for rule, widest in proven.items()
            for cell in _well_known(_cells(rule, widest.lowest), evidence)
        }
        on_trust = self._trusted(evidence) - on_proof
        served = {cell: _expected_differing(cell, evidence.of(cell)) for cell in on_proof}
        allowed = _ALLOWED_STRENGTH * judge.differing(self.most_wrong)
        for cell in on_trust:
            known = evidence.of(cell)
            expected = (allowed + known.differing) / (_ALLOWED_STRENGTH + known.labelled)
            served[cell] = expected
        estimate = _estimate(served, evidence) if served else 0.0
        check_rate = self._check_rate(evidence.hits)
        if not on_trust:
            return Plan(served, estimate, check_rate, proven)
        check_rate = max(check_rate, self._check_rate(trusted_tally(evidence).seen))
        return Plan(served, estimate, check_rate, proven, on_trust, hits_on_trust(evidence))

    def bound(self, evidence: Evidence, plan: Plan) -> float:
        """The upper end of the confidence sequence of what a plan serves; 1 where it is nothing.

        Of what is trusted it may lie above the promise.
        """
        sets: list[tuple[Sequence[Cell], float]] = [
            (_cells(rule, each.lowest), each.doubt) for rule, each in plan.proven.items()
        ]
        if plan.trusted:
            sets.append((TRUSTED, DOUBT))
        return max((_bound(cells, evidence, doubt) for cells, doubt in sets), default=1.0)

    def _trusted(self, evidence: Evidence) -> frozenset[Cell]:
        return frozenset(trusted(evidence, self.most_wrong)) if self.trusts else frozenset()

    def _proven(self, rule: str, evidence: Evidence, doubt: float) -> ProvenSet | None:
        """The widest set that is proven, from the narrowest on.

        What a proven set was allowed to doubt goes on to the next wider one; of a set that is not
        proven it is lost. So it is spent once, on the first set that breaks the promise.
        """
        found, allowed = None, 0.0
        for lowest in range(BANDS - 1, -1, -1):
            allowed += doubt * share_of_doubt(rule, lowest)
            if allowed and self._is_proven(rule, evidence, lowest, allowed):
                found = ProvenSet(lowest, allowed)
            else:
                allowed = 0.0
        return found if rule != ACCEPTED else self._wider(found, evidence, doubt * BY_RATIO)

    def _wider(self, found: ProvenSet | None, evidence: Evidence, doubt: float) -> ProvenSet | None:
        """The same, or a wider set that a ratio proves; each set only after the narrower one."""
        below = BANDS if found is None else found.lowest
        for lowest in range(LOWEST_TRUSTED, -1, -1):
            labels = added(evidence.of(cell) for cell in _cells(ACCEPTED, lowest))
            if not ratio_proves(labels, evidence.controls, self.most_wrong, doubt):
                break
            if lowest < below:
                found = ProvenSet(lowest, doubt)
        return found

    def _is_proven(self, rule: str, evidence: Evidence, lowest: int, doubt: float) -> bool:
        strata = _strata(_cells(rule, lowest), evidence)
        return bool(strata) and all(
            proves(strata, controls, self.most_wrong, -log(doubt))
            for controls in _controls(strata, evidence)
        )

    def _check_rate(self, hits: float) -> float:
        """So often that a change is noticed before it has used up what the promise allows."""
        allowed = self.most_wrong * hits
        return _NOTICED_AFTER / max(_NOTICED_AFTER, allowed)


def _bound(cells: Sequence[Cell], evidence: Evidence, doubt: float) -> float:
    """The lower one of what two proofs say; rules have but one of them."""
    strata = _strata(cells, evidence)
    end = max(most_wrong_within(strata, c, -log(doubt)) for c in _controls(strata, evidence))
    if cells[0].rule != ACCEPTED:
        return end
    labels = added(evidence.of(cell) for cell in cells)
    return min(end, most_wrong_by_ratio(labels, evidence.controls, doubt))


def _expected_differing(cell: Cell, tally: Tally) -> float:
    """The share of a cell that the judge is expected to call different."""
    one, other = predicted_differing(cell.rule)
    return (one + tally.differing) / (one + other + tally.labelled)


def _rules(evidence: Evidence) -> Sequence[str]:
    learned = {cell.rule for cell in evidence.cells}
    return sorted({ACCEPTED, *(learned & MAY_BE_OVERRULED)})


def _cells(rule: str, lowest: int) -> list[Cell]:
    return [Cell(rule, band) for band in range(lowest, BANDS)]


def _well_known(cells: Sequence[Cell], evidence: Evidence) -> Iterator[Cell]:
    """The cells from the first on that has labels enough; nearer ones may have few."""
    return dropwhile(lambda cell: evidence.of(cell).labelled < LEAST_LABELS, cells)


def share_of_doubt(rule: str, lowest: int) -> float:
    """The share of the doubt that a set may spend of its own."""
    if rule == ACCEPTED:
        return STARTS.get(lowest, 0.0)
    return _SHARE_OF_A_RULE if lowest == FIRST else 0.0


def _strata(cells: Sequence[Cell], evidence: Evidence) -> list[Stratum]:
    """Bands in one stratum where they were labelled at one rate: throughout, or by checks."""
    tallies = [evidence.of(cell) for cell in cells]
    prior = predicted_differing(cells[0].rule)
    throughout = [t for t in tallies if t.seen and t.labelled >= _THROUGHOUT * t.seen]
    checked = [t for t in tallies if t.labelled < _THROUGHOUT * t.seen]
    seen = sum(tally.seen for tally in tallies)
    return [
        Stratum(
            sum(tally.seen for tally in group) / seen,
            sum(tally.labelled for tally in group),
            sum(tally.differing for tally in group),
            prior,
        )
        for group in (throughout, checked)
        if group
    ]


def _estimate(served: Mapping[Cell, float], evidence: Evidence) -> float:
    """The wrong share of what is served; by the judge that errs least where two are possible."""
    labels = added(evidence.of(cell) for cell in served)
    differing = _mean(served, evidence)
    return max(judge_of(c).wrong(differing) for c in controls_for(labels, evidence.controls))


def _mean(served: Mapping[Cell, float], evidence: Evidence) -> float:
    weights = {cell: max(1.0, evidence.of(cell).seen) for cell in served}
    return sum(weights[cell] * share for cell, share in served.items()) / sum(weights.values())


def _controls(strata: Sequence[Stratum], evidence: Evidence) -> Iterator[Controls]:
    """The controls with each of which the labels of the strata have to prove something."""
    labelled, differing = (sum(s.labelled for s in strata), sum(s.differing for s in strata))
    labels = Tally(labelled, labelled, differing)
    for controls in controls_for(labels, evidence.controls):
        yield Controls(controls.labelled, controls.differing)
