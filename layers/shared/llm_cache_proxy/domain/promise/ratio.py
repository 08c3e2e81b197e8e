"""A proof for one set by a ratio of likelihoods: few labels where next to nothing is wrong.

Two worlds are compared: a fifth of the promised share is wrong, or all of it. While more than the
promised share is wrong, the chance that the ratio ever reaches 1/d is at most d, however often one
looks (Wald's sequential test, an e-process). The judge's false alarms are taken from the controls,
at the lower end of what they allow, since the more it errs the less a label that differs says. The
derivation is in docs/wrong-share.md.
"""

from math import log, sqrt

from llm_cache_proxy.domain.promise.evidence import Tally
from llm_cache_proxy.domain.promise.judge import FALSE_ALARM_STRENGTH, Judge, controls_for, judge_of

_ALTERNATIVE = 0.2
"""The part of the promised share that is wrong in the world that is tested for."""

_Z = 1.645
"""False alarms are less than so many standard deviations below the estimate in 5 of 100 cases."""

_STEPS = 14


def log_ratio(labels: Tally, controls: Tally, most_wrong: float) -> float:
    """The logarithm of the e-process against "more than `most_wrong` of these are wrong"."""
    return min(_log_ratio(labels, each, most_wrong) for each in controls_for(labels, controls))


def _log_ratio(labels: Tally, controls: Tally, most_wrong: float) -> float:
    judge = Judge(_least_false_alarms(controls))
    broken = judge.differing(most_wrong)
    better = judge.differing(_ALTERNATIVE * most_wrong)
    same = labels.labelled - labels.differing
    return labels.differing * log(better / broken) + same * log((1 - better) / (1 - broken))


def ratio_proves(labels: Tally, controls: Tally, most_wrong: float, doubt: float) -> bool:
    """Whether it reaches so much as the doubt asks for."""
    return log_ratio(labels, controls, most_wrong) >= -log(doubt)


def most_wrong_by_ratio(labels: Tally, controls: Tally, doubt: float) -> float:
    """The least promise that it proves: the upper end of what may be wrong."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if ratio_proves(labels, controls, middle, doubt):
            high = middle
        else:
            low = middle
    return high


def _least_false_alarms(controls: Tally) -> float:
    """The lower end of a 90 % interval."""
    found = judge_of(controls).false_alarms
    strength = FALSE_ALARM_STRENGTH + controls.labelled
    return max(0.0, found - _Z * sqrt(found * (1 - found) / strength))
