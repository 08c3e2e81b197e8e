"""Judges a stream of prompts as a cache would meet them: each against its nearest earlier ones.

Never embeds and never stores: vectors are given, of unit length, so that their dot product is the
cosine.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import NamedTuple

from llm_cache_proxy.domain.evaluation.intervals import share, wilson_interval
from llm_cache_proxy.domain.guard import Guard

Vector = Sequence[float]
SameAnswer = Callable[[int, int], bool]


class Arrival(NamedTuple):
    """An earlier prompt near a later one: their positions in the stream and their cosine."""

    later: int
    earlier: int
    similarity: float


@dataclass(frozen=True, slots=True)
class StreamPoint:
    """What a threshold gives on a stream: hits of all prompts, and how many hits were wrong."""

    threshold: float
    prompts: int
    hits: int
    wrong: int

    @property
    def hit_rate(self) -> float | None:
        """Hits by prompts."""
        return share(self.hits, self.prompts)

    @property
    def wrong_share(self) -> float | None:
        """Wrong hits by hits."""
        return share(self.wrong, self.hits)

    @property
    def wrong_share_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of `wrong_share`."""
        return wilson_interval(self.wrong, self.hits)


def nearest_earlier(vectors: Sequence[Vector], *, least: float, k: int = 1) -> list[Arrival]:
    """For each vector the `k` nearest earlier ones at or above `least`, nearest first.

    Costs a dot product for every pair of the stream; a caller with a faster nearest-neighbour
    search may make the same list itself.
    """
    found: list[Arrival] = []
    for later, vector in enumerate(vectors):
        scored = (
            Arrival(later, earlier, _dot(vector, vectors[earlier])) for earlier in range(later)
        )
        near = (arrival for arrival in scored if arrival.similarity >= least)
        found.extend(nlargest(k, near, key=lambda arrival: arrival.similarity))
    return found


def evaluate_stream(
    texts: Sequence[str],
    arrivals: Iterable[Arrival],
    same_answer: SameAnswer,
    *,
    thresholds: Sequence[float],
    guard: Guard | None,
) -> list[StreamPoint]:
    """Hit rate and wrong share at each threshold.

    A prompt hits by the first of its arrivals, in the order given, that is at or above the
    threshold and passes the guard. `same_answer(later, earlier)` says whether that was right.
    """
    judged = [
        arrival
        for arrival in arrivals
        if guard is None or guard.compare(texts[arrival.later], texts[arrival.earlier]).accepted
    ]
    return [_point(threshold, len(texts), judged, same_answer) for threshold in thresholds]


def _point(
    threshold: float, prompts: int, judged: list[Arrival], same_answer: SameAnswer
) -> StreamPoint:
    first: dict[int, int] = {}
    for arrival in judged:
        if arrival.similarity >= threshold:
            first.setdefault(arrival.later, arrival.earlier)
    wrong = sum(not same_answer(later, earlier) for later, earlier in first.items())
    return StreamPoint(threshold, prompts, len(first), wrong)


def _dot(one: Vector, other: Vector) -> float:
    return sum(left * right for left, right in zip(one, other, strict=True))
