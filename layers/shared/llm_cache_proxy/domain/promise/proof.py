"""The evidence that candidates keep a promised share, good at any time it is looked at.

An e-process by universal inference: how likely the labels and the controls are under a prediction
made beforehand, over how likely they are at best where the promise is broken. While it is broken,
the chance that this ever reaches 1/d is at most d, whatever was predicted and however often one
looks. The derivation is in docs/wrong-share.md.
"""

from collections.abc import Sequence
from math import exp, lgamma, log, log1p, sqrt
from typing import NamedTuple

MISSED = 0.40
"""Share of wrong answers that the judge lets pass; no control can measure it."""

MOST_FALSE_ALARMS = 0.30
"""A judge that errs more often than that is useless: nothing is served."""

_CONTROL_PRIOR = (1.0, 60.0)

_JUDGE_ALONE = (3.0, 197.0)
"""Beta distribution of the share called different where nothing is wrong: the judge's errors."""

_BOUND_STEPS = 14
_STRONGEST = 1e30
_HALVINGS = 24


class Stratum(NamedTuple):
    """Candidates that were labelled at one rate: their share of the traffic, and their labels.

    `prior` is the Beta distribution that predicts the share called different.
    """

    share: float
    labelled: float
    differing: float
    prior: tuple[float, float]


class Controls(NamedTuple):
    """Repeated prompts: how many were judged, and how many called different."""

    judged: float = 0.0
    differing: float = 0.0


def log_evidence(strata: Sequence[Stratum], controls: Controls, most_wrong: float) -> float:
    """The logarithm of the e-process against "more than `most_wrong` of these are wrong"."""
    return _predicted(strata, controls) - _best_broken(strata, controls, most_wrong)


def proves(
    strata: Sequence[Stratum], controls: Controls, most_wrong: float, least_evidence: float
) -> bool:
    """Whether `log_evidence` reaches `least_evidence`."""
    return log_evidence(strata, controls, most_wrong) >= least_evidence


def most_wrong_within(
    strata: Sequence[Stratum], controls: Controls, least_evidence: float
) -> float:
    """The upper end of the confidence sequence: the least promise that the evidence proves."""
    low, high = 0.0, 1.0
    for _ in range(_BOUND_STEPS):
        middle = (low + high) / 2
        if proves(strata, controls, middle, least_evidence):
            high = middle
        else:
            low = middle
    return high


def _predicted(strata: Sequence[Stratum], controls: Controls) -> float:
    """Two predictions, each with half of the weight: nothing is wrong, or strata differ."""
    apart = _log_beta_binomial(controls.judged, controls.differing, _CONTROL_PRIOR)
    apart += sum(_log_beta_binomial(s.labelled, s.differing, s.prior) for s in strata)
    alike = _nothing_wrong(strata, controls)
    more, less = max(apart, alike), min(apart, alike)
    return more + log((1 + exp(less - more)) / 2)


def _nothing_wrong(strata: Sequence[Stratum], controls: Controls) -> float:
    """The prediction that labels differ no more than controls, which is the judge's error."""
    labelled = controls.judged + sum(s.labelled for s in strata)
    differing = controls.differing + sum(s.differing for s in strata)
    return _log_beta_binomial(labelled, differing, _JUDGE_ALONE)


def _best_broken(strata: Sequence[Stratum], controls: Controls, most_wrong: float) -> float:
    """The greatest log-likelihood under which at least `most_wrong` are wrong; never less.

    It is concave in all shares together, and so is what the promise asks of them. So it is the
    least of what Lagrange multipliers allow, and none allows less: where the search for the
    multiplier stops early, less is proven.
    """
    free = _best_pulled(0.0, strata, controls, most_wrong)
    if free.excess >= 0:
        return free.allows
    low, high = 0.0, 1.0
    while high < _STRONGEST and _best_pulled(high, strata, controls, most_wrong).excess < 0:
        low, high = high, 8 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _best_pulled(middle, strata, controls, most_wrong).excess < 0:
            low = middle
        else:
            high = middle
    return min(_best_pulled(pull, strata, controls, most_wrong).allows for pull in (low, high))


class _Pulled(NamedTuple):
    """What a multiplier allows, and how much more than the promise is wrong where it does."""

    allows: float
    excess: float


def _best_pulled(
    pull: float, strata: Sequence[Stratum], controls: Controls, most_wrong: float
) -> _Pulled:
    """Where the log-likelihood is greatest to which `pull` adds each share that is wrong beyond.

    No stratum differs less than the judge errs: those that would are taken together with the
    controls, from the least on.
    """
    judged, found, pulled = controls.judged, controls.differing, -pull * (1 - most_wrong)
    false_alarms = min(MOST_FALSE_ALARMS, _root(judged, found, pulled))
    apart = sorted((_differing(pull, stratum), stratum) for stratum in strata)
    while apart and apart[0][0] < false_alarms:
        _, least = apart.pop(0)
        judged, found = judged + least.labelled, found + least.differing
        pulled += pull * least.share
        false_alarms = min(MOST_FALSE_ALARMS, _root(judged, found, pulled))
    together = 1 - sum(stratum.share for _, stratum in apart)
    mean = together * false_alarms + sum(s.share * min(1 - MISSED, p) for p, s in apart)
    excess = mean - false_alarms - (1 - MISSED - false_alarms) * most_wrong
    likelihood = _log_likelihood(judged, found, false_alarms)
    likelihood += sum(_log_likelihood(s.labelled, s.differing, p) for p, s in apart)
    return _Pulled(likelihood + pull * excess, excess)


def _differing(pull: float, stratum: Stratum) -> float:
    """A stratum's share called different where its likelihood is greatest.

    It is pulled no further than to where all are wrong. Beyond that is a judge that misses less
    than it may, which its labels may say.
    """
    if not stratum.labelled:
        return 1 - MISSED
    pulled = _root(stratum.labelled, stratum.differing, pull * stratum.share)
    return max(min(1 - MISSED, pulled), stratum.differing / stratum.labelled)


def _root(labelled: float, differing: float, pull: float) -> float:
    """The root of `differing / p - (labelled - differing) / (1 - p) + pull` between 0 and 1."""
    rest = labelled - pull
    root = sqrt(max(0.0, rest * rest + 4 * pull * differing))
    if rest > 0:
        return 2 * differing / (root + rest)
    return (root - rest) / (2 * pull) if pull else 0.0


def _log_likelihood(labelled: float, differing: float, share: float) -> float:
    same = labelled - differing
    return (differing and differing * log(share)) + (same and same * log1p(-share))


def _log_beta_binomial(labelled: float, differing: float, prior: tuple[float, float]) -> float:
    one, other = prior
    return _log_beta(one + differing, other + labelled - differing) - _log_beta(one, other)


def _log_beta(one: float, other: float) -> float:
    return lgamma(one) + lgamma(other) - lgamma(one + other)
