"""Judges labelled pairs as the product would, beside cosine alone at the same threshold.

Never embeds: similarities are given, so that the same figures come out on any machine.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from llm_cache_proxy.domain.evaluation.decision import Decision
from llm_cache_proxy.domain.metrics.intervals import share, wilson_interval

PairJson = dict[str, "str | float | None"]
Json = dict[str, "int | float | list[float] | dict[str, int] | list[PairJson] | None"]


class LabelledPair(NamedTuple):
    """Two texts, whether one answer serves both (`label`), and their cosine similarity.

    `whole` says whether the embedder read both to their end; `kind` is what the data calls the
    pair's kind.
    """

    a: str
    b: str
    label: bool
    similarity: float
    whole: bool = True
    kind: str = ""


class Mistake(NamedTuple):
    """A near pair that was refused wrongly, by `rule`, or served wrongly, with None."""

    pair: LabelledPair
    rule: str | None

    def as_json(self) -> PairJson:
        """One pair of `llm-cache-proxy eval --json`."""
        a, b, _, similarity, _, kind = self.pair
        found: PairJson = {"a": a, "b": b, "similarity": round(similarity, 4), "rule": self.rule}
        return {**found, "kind": kind} if kind else found


@dataclass(frozen=True, slots=True)
class Accepted:
    """How many pairs were accepted, wrongly and rightly."""

    false: int
    true: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the semantic tier accepts of labelled pairs, beside cosine alone.

    `baseline` is cosine alone at `threshold`, `served` what the product leaves of it; `vetoes`
    counts why it refused pairs at or above the threshold, by the guard's rule or by the reason
    that kept a text from being compared. `wrong` are the pairs served wrongly, `lost` those that
    were refused wrongly.
    """

    pairs: int
    positives: int
    negatives: int
    threshold: float
    baseline: Accepted
    served: Accepted
    vetoes: dict[str, int]
    wrong: tuple[Mistake, ...] = ()
    lost: tuple[Mistake, ...] = ()

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
            "wrong": [mistake.as_json() for mistake in self.wrong],
            "lost": [mistake.as_json() for mistake in self.lost],
        }


def evaluate_pairs(rows: Iterable[LabelledPair], decision: Decision) -> Evaluation:
    """Judge every row; without a guard `served` equals `baseline`."""
    labels: Counter[bool] = Counter()
    near: Counter[bool] = Counter()
    served: Counter[bool] = Counter()
    vetoes: Counter[str] = Counter()
    mistakes: dict[bool, list[Mistake]] = {False: [], True: []}
    for row in rows:
        labels[row.label] += 1
        if row.similarity < decision.threshold:
            continue
        near[row.label] += 1
        refusal = decision.refusal(row.a, row.b, whole=row.whole)
        if refusal is None:
            served[row.label] += 1
        else:
            vetoes[refusal] += 1
        if (refusal is None) != row.label:
            mistakes[row.label].append(Mistake(row, refusal))
    return Evaluation(
        pairs=labels.total(),
        positives=labels[True],
        negatives=labels[False],
        threshold=decision.threshold,
        baseline=Accepted(near[False], near[True]),
        served=Accepted(served[False], served[True]),
        vetoes=dict(vetoes.most_common()),
        wrong=tuple(mistakes[False]),
        lost=tuple(mistakes[True]),
    )


def _listed(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)
