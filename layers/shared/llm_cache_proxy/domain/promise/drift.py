"""Notices that semantic hits have turned wrong, from the checks on them in order of time.

An e-detector: a CUSUM of e-values, each of which is small where checks differ as often as was
expected. It decides nothing about what is served next.
"""

from collections.abc import Sequence
from math import log

from llm_cache_proxy.domain.promise.evidence import Tally

_LIFT = 12.0
"""How many times as often as expected checks differ in the world that is tested for."""

_ALARM = 200.0
"""Windows with checks between two false alarms, at least on average."""


def has_drifted(checks: Sequence[Tally]) -> bool:
    """Whether checks, window by window, came to differ more than chance explains.

    `seen` of each window is how many of its checks were expected to differ.
    """
    return drift_evidence(checks) >= log(_ALARM)


def drift_evidence(checks: Sequence[Tally]) -> float:
    """The logarithm of the detector now; noughts say that all is as expected."""
    found = 0.0
    for window in checks:
        found = max(0.0, found) + window.differing * log(_LIFT) - window.seen * (_LIFT - 1.0)
    return found
