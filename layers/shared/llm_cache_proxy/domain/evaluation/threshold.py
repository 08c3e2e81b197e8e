"""The threshold that a share of wrong hits asks for, from labelled pairs.

Never promises more than was measured: the share is of the pairs given, with its interval.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from llm_cache_proxy.domain.evaluation.decision import Decision
from llm_cache_proxy.domain.evaluation.pairs import LabelledPair
from llm_cache_proxy.domain.metrics.intervals import share, wilson_interval

_STEPS = 200
"""Of similarity: thresholds lie half a hundredth apart."""

_LEAST = 0.5
"""Of SIMILARITY_THRESHOLD."""


@dataclass(frozen=True, slots=True)
class ChosenThreshold:
    """What is served at `threshold` or above, after the guard, and how much of it wrongly."""

    threshold: float
    served: int
    wrong: int

    @property
    def wrong_share(self) -> float | None:
        """Wrong ones of those served; None where nothing is."""
        return share(self.wrong, self.served)

    @property
    def wrong_share_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of `wrong_share`."""
        return wilson_interval(self.wrong, self.served)

    def as_json(self) -> "dict[str, int | float | list[float] | None]":
        """`chosen` of `llm-cache-proxy eval --wrong-share --json`."""
        interval = self.wrong_share_interval
        return {
            "threshold": self.threshold,
            "served": self.served,
            "wrong": self.wrong,
            "wrong_share": self.wrong_share,
            "wrong_share_ci": None if interval is None else list(interval),
        }


def threshold_within(
    rows: Iterable[LabelledPair], decision: Decision, most_wrong: float
) -> ChosenThreshold | None:
    """The lowest threshold at which no more than `most_wrong` of the served pairs are wrong.

    None where there is none that serves any pair.
    """
    judged = sorted(
        (
            (row.similarity, row.label)
            for row in rows
            if row.similarity >= _LEAST and decision.refusal(row.a, row.b, whole=row.whole) is None
        ),
        reverse=True,
    )
    found: ChosenThreshold | None = None
    for step in range(_STEPS, round(_LEAST * _STEPS) - 1, -1):
        threshold = step / _STEPS
        served = [label for similarity, label in judged if similarity >= threshold]
        if not served:
            continue
        wrong = served.count(False)
        if wrong <= most_wrong * len(served):
            found = ChosenThreshold(threshold, len(served), wrong)
    return found
