"""Latencies as counters that add up over calls, instances and days.

Decides the buckets and how a percentile is read from them. Never keeps single values. As in an HDR
histogram each power of two is cut into equal steps, here equal in ratio: fourteen, so that a
bucket's ends differ by 5.1 %. A tier has 324 buckets and a window holds only those in use: at most
as many as the tier had answers, and some fifty where the slowest took ten times the fastest.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from llm_cache_proxy.domain.metrics.counter_names import EDGES_MS, STEPS, SUM

BOUNDS_MS = EDGES_MS[::STEPS]
"""The powers of two among them: the bounds for readers that want few."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Answers by bucket: one number for each of EDGES_MS and one above; and their sum."""

    buckets: tuple[int, ...]
    sum_us: int

    @property
    def count(self) -> int:
        """How many answers there were."""
        return sum(self.buckets)

    @property
    def mean_ms(self) -> float:
        """Milliseconds on average, 0 where there is nothing."""
        return self.sum_us / 1000 / self.count if self.count else 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds that `share` (0 to 1) of the answers did not exceed, 0 without answers.

        The answer of that rank to within 5 %, and never above the slowest that was seen. Outside
        of EDGES_MS it reads as 0, and as the last edge or the mean, whichever is higher.
        """
        wanted = max(1, math.ceil(share * self.count))
        below = 0
        used = [number for number, inside in enumerate(self.buckets) if inside]
        for number in used[:-1]:
            below += self.buckets[number]
            if below >= wanted:
                return _middle_ms(number)
        # Of the slowest bucket nothing but its lower end, and the mean of all, was surely reached.
        return max(_lower_ms(used[-1]), self.mean_ms) if used else 0.0

    def below_ms(self) -> tuple[int, ...]:
        """How many answers took no longer than each of BOUNDS_MS."""
        return tuple(sum(self.buckets[: place * STEPS + 1]) for place, _ in enumerate(BOUNDS_MS))


def histogram(parts: Mapping[str, int]) -> Histogram:
    """The histogram in a tier's counters, by what follows the tier in their names."""
    return Histogram(
        buckets=tuple(max(0, parts.get(f"b{number}", 0)) for number in range(len(EDGES_MS) + 1)),
        sum_us=max(0, parts.get(SUM, 0)),
    )


def _lower_ms(bucket: int) -> float:
    return EDGES_MS[bucket - 1] if bucket else 0.0


def _middle_ms(bucket: int) -> float:
    """What is as far, in ratio, from the bucket's one end as from the other."""
    return math.sqrt(_lower_ms(bucket) * EDGES_MS[bucket])
