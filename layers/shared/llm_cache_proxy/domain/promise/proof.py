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

_LEAST_FALSE_ALARMS = 1e-8
"""So few that ten million controls without one say no more of the judge."""

_ALL = 1 - 1e-12
"""A share that stands for all, and has a logarithm of what is left."""

_CONTROL_PRIOR = (1.0, 60.0)

_JUDGE_ALONE = (3.0, 197.0)
"""Beta distribution of the share called different where nothing is wrong: the judge's errors."""

_GOLDEN = (sqrt(5) - 1) / 2
_GOLDEN_STEPS = 24
"""Until the false alarms are known to a ten-thousandth of them: a million labels tell no closer."""

_BOUND_STEPS = 14
_HALVINGS = 30


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
    """Whether `log_evidence` reaches `least_evidence`; most often one likelihood says no."""
    predicted = _predicted(strata, controls)
    found = controls.differing / max(1.0, controls.judged)
    likely = min(MOST_FALSE_ALARMS, max(_LEAST_FALSE_ALARMS, found))
    if predicted - _broken_at(likely, strata, controls, most_wrong) < least_evidence:
        return False
    return predicted - _best_broken(strata, controls, most_wrong) >= least_evidence


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
    """The greatest log-likelihood under which at least `most_wrong` are wrong.

    The judge's false alarms are unknown there too: golden-section search over their logarithm.
    """
    low, high = log(_LEAST_FALSE_ALARMS), log(MOST_FALSE_ALARMS)
    one, other = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    of_one, of_other = (_broken_at(exp(at), strata, controls, most_wrong) for at in (one, other))
    for _ in range(_GOLDEN_STEPS):
        if of_one < of_other:
            low, one, of_one = one, other, of_other
            other = low + _GOLDEN * (high - low)
            of_other = _broken_at(exp(other), strata, controls, most_wrong)
        else:
            high, other, of_other = other, one, of_one
            one = high - _GOLDEN * (high - low)
            of_one = _broken_at(exp(one), strata, controls, most_wrong)
    return max(of_one, of_other)


def _broken_at(
    false_alarms: float, strata: Sequence[Stratum], controls: Controls, most_wrong: float
) -> float:
    """The same for known false alarms."""
    least = false_alarms + (1 - false_alarms - MISSED) * most_wrong
    found = _log_likelihood(controls.judged, controls.differing, false_alarms)
    if len(strata) == 1:
        differing = [max(least, _differing(0.0, strata, false_alarms)[0])]
    else:
        differing = _differing(0.0, strata, false_alarms)
    if _mean(strata, differing) < least:
        low, high = 0.0, 1.0 + sum(s.labelled for s in strata) / least
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            differing = _differing(middle, strata, false_alarms)
            if _mean(strata, differing) < least:
                low = middle
            else:
                high = middle
    labels = zip(strata, differing, strict=True)
    return found + sum(_log_likelihood(s.labelled, s.differing, p) for s, p in labels)


def _differing(pull: float, strata: Sequence[Stratum], false_alarms: float) -> list[float]:
    """Each stratum's share called different where its likelihood is greatest.

    `pull` is the Lagrange multiplier of the mean over all. It pulls no further than to where all
    are wrong. Beyond that is a judge that misses less than it may, which its labels may say.
    """
    pulled = (min(1 - MISSED, _pulled(pull * s.share, s)) for s in strata)
    found = (s.differing / s.labelled if s.labelled else 0.0 for s in strata)
    return [min(_ALL, max(false_alarms, *each)) for each in zip(pulled, found, strict=True)]


def _pulled(pull: float, stratum: Stratum) -> float:
    """The root of `differing / p - (labelled - differing) / (1 - p) + pull` between 0 and 1."""
    if not stratum.labelled:
        return 1.0
    if pull < 1e-9 * stratum.labelled:
        return stratum.differing / stratum.labelled
    rest = stratum.labelled - pull
    return (sqrt(rest * rest + 4 * pull * stratum.differing) - rest) / (2 * pull)


def _mean(strata: Sequence[Stratum], differing: Sequence[float]) -> float:
    return sum(s.share * min(1 - MISSED, p) for s, p in zip(strata, differing, strict=True))


def _log_likelihood(labelled: float, differing: float, share: float) -> float:
    return differing * log(share) + (labelled - differing) * log1p(-share)


def _log_beta_binomial(labelled: float, differing: float, prior: tuple[float, float]) -> float:
    one, other = prior
    return _log_beta(one + differing, other + labelled - differing) - _log_beta(one, other)


def _log_beta(one: float, other: float) -> float:
    return lgamma(one) + lgamma(other) - lgamma(one + other)
