"""Judges a stream of prompts as a cache would meet them: each against its nearest earlier ones.

Never embeds and never searches: the nearest earlier prompts are given, with their cosine.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from llm_cache_proxy.domain.evaluation.decision import Decision
from llm_cache_proxy.domain.metrics.intervals import share, wilson_interval

SameAnswer = Callable[[int, int], bool | None]
"""Whether one answer serves the prompts at two positions; None where no label says so."""

PointJson = dict[str, "int | float | list[float] | None"]


class Prompt(NamedTuple):
    """A text of the stream; `whole` says whether the embedder read it to its end."""

    text: str
    whole: bool = True


class NearEarlier(NamedTuple):
    """An earlier prompt near a later one: their positions in the stream and their cosine."""

    later: int
    earlier: int
    similarity: float


@dataclass(frozen=True, slots=True)
class StreamPoint:
    """What a threshold gives on a stream: hits of all prompts, and how many hits were wrong.

    `unlabelled` hits join two prompts that no label relates; they count as neither right nor
    wrong.
    """

    threshold: float
    prompts: int
    hits: int
    wrong: int
    unlabelled: int

    @property
    def hit_rate(self) -> float | None:
        """Hits by prompts."""
        return share(self.hits, self.prompts)

    @property
    def wrong_share(self) -> float | None:
        """Wrong hits by hits that a label judges."""
        return share(self.wrong, self.hits - self.unlabelled)

    @property
    def wrong_share_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of `wrong_share`."""
        return wilson_interval(self.wrong, self.hits - self.unlabelled)

    def as_json(self) -> PointJson:
        """One threshold of `llm-cache-proxy eval --stream --json`."""
        hits = wilson_interval(self.hits, self.prompts)
        wrong = self.wrong_share_interval
        return {
            "threshold": self.threshold,
            "hits": self.hits,
            "wrong": self.wrong,
            "unlabelled": self.unlabelled,
            "hit_rate": self.hit_rate,
            "hit_rate_ci": None if hits is None else list(hits),
            "wrong_share": self.wrong_share,
            "wrong_share_ci": None if wrong is None else list(wrong),
        }


def evaluate_stream(
    prompts: Sequence[Prompt],
    arrivals: Iterable[NearEarlier],
    same_answer: SameAnswer,
    *,
    thresholds: Sequence[float],
    decision: Decision,
) -> list[StreamPoint]:
    """Hit rate and wrong share at each of `thresholds`, whatever the decision's own is.

    A prompt hits by the first of its arrivals, in the order given, that is at or above the
    threshold and not refused.
    """
    judged = [arrival for arrival in arrivals if _serves(decision, prompts, arrival)]
    return [_point(threshold, len(prompts), judged, same_answer) for threshold in thresholds]


def _serves(decision: Decision, prompts: Sequence[Prompt], arrival: NearEarlier) -> bool:
    later, earlier = prompts[arrival.later], prompts[arrival.earlier]
    whole = later.whole and earlier.whole
    return decision.refusal(later.text, earlier.text, whole=whole) is None


def _point(
    threshold: float, prompts: int, judged: list[NearEarlier], same_answer: SameAnswer
) -> StreamPoint:
    first: dict[int, int] = {}
    for arrival in judged:
        if arrival.similarity >= threshold:
            first.setdefault(arrival.later, arrival.earlier)
    right = [same_answer(later, earlier) for later, earlier in first.items()]
    return StreamPoint(threshold, prompts, len(first), right.count(False), right.count(None))
