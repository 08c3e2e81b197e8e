"""From labelled files and their vectors to the figures that are shown.

Decides which texts make up a stream; what is served is the domain's decision alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from llm_cache_proxy.cli.evaluation.files import LabelledFile
from llm_cache_proxy.cli.evaluation.vectors import Embedded, nearest_earlier
from llm_cache_proxy.domain.evaluation import (
    Accepted,
    ChosenThreshold,
    Decision,
    Evaluation,
    LabelledPair,
    Prompt,
    Relations,
    SameAnswer,
    StreamPoint,
    evaluate_pairs,
    evaluate_stream,
    threshold_within,
)

THRESHOLDS = (0.86, 0.88, 0.90, 0.92, 0.94, 0.95, 0.96, 0.98)
_SWEPT = tuple(step / 100 for step in range(75, 100))
_BASELINE = Decision(0.0, None)


@dataclass(frozen=True, slots=True)
class StreamResult:
    """Each threshold's figures under the rules measured, and under cosine alone."""

    points: Sequence[StreamPoint]
    baseline: Sequence[StreamPoint]

    def as_json(self) -> dict[str, object]:
        """The object of `llm-cache-proxy eval --stream --json`."""
        points = [
            {**point.as_json(), "baseline": alone.as_json()}
            for point, alone in zip(self.points, self.baseline, strict=True)
        ]
        return {"prompts": self.points[0].prompts, "thresholds": points}


@dataclass(frozen=True, slots=True)
class Curve:
    """How many prompts are served, and how many of those rightly, from loose to tight."""

    title: str
    hit_rates: Sequence[float]
    precisions: Sequence[float]


def all_texts(files: Sequence[LabelledFile]) -> list[str]:
    """Every text of the files, in order, repeated where they repeat it."""
    found: list[str] = []
    for file in files:
        found.extend(text for row in file.pairs for text in (row.a, row.b))
        found.extend(row.text for row in file.intents)
    return found


def labelled_pairs(file: LabelledFile, embedded: Embedded) -> Iterator[LabelledPair]:
    """The file's pairs with what the embedder says of them."""
    for a, b, label, kind, _ in file.pairs:
        similarity = embedded.similarity(a, b)
        yield LabelledPair(a, b, label, similarity, embedded.is_whole(a, b), kind)


def measured_pairs(file: LabelledFile, embedded: Embedded, decision: Decision) -> Evaluation:
    """The figures of one file."""
    return evaluate_pairs(labelled_pairs(file, embedded), decision)


def measured_groups(
    files: Sequence[LabelledFile], embedded: Embedded, decision: Decision, by: str
) -> dict[str, Evaluation]:
    """The figures of each "kind" or "language" that the data names; other pairs are left out."""
    groups: dict[str, list[LabelledPair]] = {}
    for file in files:
        for row, pair in zip(file.pairs, labelled_pairs(file, embedded), strict=True):
            name = row.kind if by == "kind" else row.language
            if name:
                groups.setdefault(name, []).append(pair)
    return {name: evaluate_pairs(rows, decision) for name, rows in sorted(groups.items())}


def chosen_threshold(
    files: Sequence[LabelledFile], embedded: Embedded, decision: Decision, most_wrong: float
) -> ChosenThreshold | None:
    """The lowest threshold that keeps the share of wrong hits over all files' pairs."""
    rows = (row for file in files for row in labelled_pairs(file, embedded))
    return threshold_within(rows, decision, most_wrong)


def pooled(files: Sequence[LabelledFile], embedded: Embedded, decision: Decision) -> Evaluation:
    """The figures of all files' pairs as one set."""
    rows = (row for file in files for row in labelled_pairs(file, embedded))
    return evaluate_pairs(rows, decision)


def measured_stream(
    files: Sequence[LabelledFile],
    embedded: Embedded,
    decision: Decision,
    *,
    thresholds: Sequence[float],
    k: int,
) -> StreamResult:
    """The figures of all files' texts as one stream.

    A text of pairs arrives once, when it is first named; single texts arrive as they are, repeats
    and all.
    """
    stream = Stream()
    for file in files:
        stream.add(file)
    prompts = [Prompt(text, embedded.is_whole(text)) for text in stream.texts]
    vectors = embedded.vectors[[embedded.at[text] for text in stream.texts]]
    arrivals = list(nearest_earlier(vectors, least=min(thresholds), k=k))
    same_answer = stream.same_answer()
    points, baseline = (
        evaluate_stream(prompts, arrivals, same_answer, thresholds=thresholds, decision=rules)
        for rules in (decision, _BASELINE)
    )
    return StreamResult(points, baseline)


def curves(
    files: Sequence[LabelledFile], embedded: Embedded, decision: Decision, *, stream: bool, k: int
) -> list[Curve]:
    """Cosine alone and the rules measured, at thresholds from loose to tight."""
    if stream:
        found = measured_stream(files, embedded, decision, thresholds=_SWEPT, k=k)
        return [
            _curve("cosine alone", [_judged(point) for point in found.baseline]),
            _curve("as served", [_judged(point) for point in found.points]),
        ]
    every = [pooled(files, embedded, replace(decision, threshold=least)) for least in _SWEPT]
    return [
        _curve("cosine alone", [_shares(each.baseline, each.pairs) for each in every]),
        _curve("as served", [_shares(each.served, each.pairs) for each in every]),
    ]


def _judged(point: StreamPoint) -> tuple[float | None, float | None]:
    wrong = point.wrong_share
    return point.hit_rate, None if wrong is None else 1 - wrong


def _shares(accepted: Accepted, pairs: int) -> tuple[float | None, float | None]:
    served = accepted.false + accepted.true
    return served / pairs, accepted.true / served if served else None


def _curve(title: str, points: Sequence[tuple[float | None, float | None]]) -> Curve:
    known = [(rate, right) for rate, right in points if rate is not None and right is not None]
    return Curve(title, [rate for rate, _ in known], [right for _, right in known])


class Stream:
    """Texts in the order of their arrival, and what is known of their answers."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._intents: dict[int, str] = {}
        self._named: dict[str, int] = {}
        self._labels: list[tuple[int, int, bool]] = []

    def add(self, file: LabelledFile) -> None:
        """Let the texts of `file` arrive."""
        for a, b, label, *_ in file.pairs:
            self._labels.append((self._at(a), self._at(b), label))
        for text, intent in file.intents:
            self._intents[len(self.texts)] = intent
            self.texts.append(text)

    def _at(self, text: str) -> int:
        if text not in self._named:
            self._named[text] = len(self.texts)
            self.texts.append(text)
        return self._named[text]

    def same_answer(self) -> SameAnswer:
        """By intent where both have one, by the pairs' labels elsewhere."""
        relations, intents = Relations(self._labels), self._intents

        def same(one: int, other: int) -> bool | None:
            if one in intents and other in intents:
                return intents[one] == intents[other]
            return relations.same_answer(one, other)

        return same
