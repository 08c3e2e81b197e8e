"""Samples of semantic hits: how often they were wrong, and what that does to the threshold.

A sample calls the upstream although the cache had an answer, and compares both. Decides when the
threshold is raised, never lowers it.
"""

from dataclasses import dataclass

from llm_cache_proxy.domain.answers import LEAST_AGREEMENT
from llm_cache_proxy.domain.metrics.intervals import wilson_interval

LEAST_SAMPLES = 30
"""Fewer samples raise nothing, whatever their results."""

STEP = 0.02
HIGHEST = 0.99
"""A threshold is raised by a step at a time, and no further than this."""


@dataclass(frozen=True, slots=True)
class ShadowRules:
    """`rate` is the share of semantic hits sampled, `limit` the share of wrong ones allowed.

    Two answers whose agreement (`domain.answers`) is below `agreement` count as different, where no
    verifier says otherwise.
    """

    rate: float = 0.0
    limit: float = 0.05
    agreement: float = LEAST_AGREEMENT

    def raised(self, threshold: float, *, samples: int, wrong: int) -> float | None:
        """The threshold to go on with, or None where `threshold` may stay.

        It is raised once the samples leave no doubt: when the lower end of the wrong share's 95 %
        interval is above the limit.
        """
        interval = wilson_interval(wrong, samples)
        if interval is None or samples < LEAST_SAMPLES or interval[0] <= self.limit:
            return None
        higher = round(min(threshold + STEP, HIGHEST), 4)
        return higher if higher > threshold else None
