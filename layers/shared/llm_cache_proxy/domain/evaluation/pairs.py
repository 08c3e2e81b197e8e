"""Judges labelled pairs as the product would: cosine at the threshold, then the guard.

Never embeds: similarities are given, so that the same figures come out on any machine.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from llm_cache_proxy.domain.evaluation.intervals import share, wilson_interval
from llm_cache_proxy.domain.guard import Guard

Json = dict[str, "int | float | list[float] | dict[str, int] | None"]


class LabelledPair(NamedTuple):
    """Two texts, whether one answer serves both (`label`), and their cosine similarity."""

    a: str
    b: str
    label: bool
    similarity: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """How many pairs were accepted, wrongly and rightly."""

    false: int
    true: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the semantic tier accepts of labelled pairs, beside cosine alone.

    `baseline` is cosine alone at `threshold`, `served` what the guard leaves of it; `vetoes` counts
    the guard's vetoes of pairs at or above the threshold, by rule.
    """

    pairs: int
    positives: int
    negatives: int
    threshold: float
    baseline: Baseline
    served: Baseline
    vetoes: dict[str, int]

    def as_json(self) -> Json:
        """The object of `llm-cache-proxy eval --json`; shares without a denominator are null."""
        served = self.served.false + self.served.true
        return {
            "pairs": self.pairs,
            "positives": self.positives,
            "negatives": self.negatives,
            "threshold": self.threshold,
            "baseline": {"false": self.baseline.false, "true": self.baseline.true},
            "served": {"false": self.served.false, "true": self.served.true},
            "false_kept": share(self.served.false, self.baseline.false),
            "true_kept": share(self.served.true, self.baseline.true),
            "served_share": share(served, self.pairs),
            "served_share_ci": _listed(wilson_interval(served, self.pairs)),
            "wrong_share": share(self.served.false, served),
            "wrong_share_ci": _listed(wilson_interval(self.served.false, served)),
            "vetoes": self.vetoes,
        }


def evaluate_pairs(
    rows: Iterable[LabelledPair], *, threshold: float, guard: Guard | None
) -> Evaluation:
    """Judge every row; without a guard, cosine alone decides and `served` equals `baseline`."""
    labels: Counter[bool] = Counter()
    near: Counter[bool] = Counter()
    served: Counter[bool] = Counter()
    vetoes: Counter[str] = Counter()
    for row in rows:
        labels[row.label] += 1
        if row.similarity < threshold:
            continue
        near[row.label] += 1
        rule = guard.compare(row.a, row.b).rule if guard is not None else None
        if rule is None:
            served[row.label] += 1
        else:
            vetoes[rule] += 1
    return Evaluation(
        pairs=labels.total(),
        positives=labels[True],
        negatives=labels[False],
        threshold=threshold,
        baseline=Baseline(near[False], near[True]),
        served=Baseline(served[False], served[True]),
        vetoes=dict(vetoes.most_common()),
    )


def _listed(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)
