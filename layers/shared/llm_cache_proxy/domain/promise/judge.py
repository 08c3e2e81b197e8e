"""The judge of two answers: how often it errs, and what its labels say of the wrong share.

Controls show its false alarms; what it lets pass is assumed (`MISSED`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from llm_cache_proxy.domain.promise.evidence import NONE_YET, Tally
from llm_cache_proxy.domain.promise.proof import MISSED

FALSE_ALARMS = 0.015
"""Share of right answers that the judge calls different, before controls say better."""

FALSE_ALARM_STRENGTH = 200.0
"""Controls that this first belief counts for."""

_Z = 1.96

_CLEARLY = 4.0
"""Standard deviations by which labels that differ less than controls are of other prompts."""


@dataclass(frozen=True, slots=True)
class Judge:
    """The judge's errors as controls show them."""

    false_alarms: float

    @property
    def power(self) -> float:
        """How much a wrong answer is likelier to be called different than a right one."""
        return 1.0 - self.false_alarms - MISSED

    def wrong(self, differing: float) -> float:
        """The wrong share where the share `differing` is called different."""
        return min(1.0, max(0.0, (differing - self.false_alarms) / max(1e-9, self.power)))

    def differing(self, wrong: float) -> float:
        """The share called different where the share `wrong` is wrong."""
        return self.false_alarms + self.power * wrong


def judge_of(controls: Tally) -> Judge:
    """The judge as controls show it, from a prior of `FALSE_ALARMS`."""
    total = FALSE_ALARM_STRENGTH + controls.labelled
    return Judge((FALSE_ALARMS * FALSE_ALARM_STRENGTH + controls.differing) / total)


def controls_for(labels: Tally, controls: Tally) -> Sequence[Tally]:
    """The controls with each of which these labels have to prove something; mostly the ones given.

    No controls as well, where labels differ clearly less: a tenant's exact hits may be of freer
    prompts, on which the judge errs more, so that wrong answers here would pass for its errors.
    """
    if not labels.labelled or not controls.labelled:
        return (controls,)
    found, errs = (each.differing / each.labelled for each in (labels, controls))
    spread = sqrt(errs * (1 - errs) * (1 / labels.labelled + 1 / controls.labelled))
    return (controls, NONE_YET) if errs - found > _CLEARLY * spread else (controls,)


def wrong_interval(tally: Tally, controls: Tally) -> tuple[float, float] | None:
    """The 95 % interval of the wrong share: differing labels against differing controls.

    A difference of two proportions (Agresti and Caffo's interval), divided by the judge's power.
    Good for one look. None without labels or without controls: then nothing can be said.
    """
    if not tally.labelled or not controls.labelled:
        return None
    labels, checks = tally.labelled + 2, controls.labelled + 2
    one, other = (tally.differing + 1) / labels, (controls.differing + 1) / checks
    spread = _Z * sqrt(one * (1 - one) / labels + other * (1 - other) / checks)
    power = max(1e-9, judge_of(controls).power)
    low, high = ((one - other - spread) / power, (one - other + spread) / power)
    return min(1.0, max(0.0, low)), min(1.0, max(0.0, high))
