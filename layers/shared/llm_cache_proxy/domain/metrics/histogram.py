"""Latencies as counters that add up over calls, instances and days.

Decides the buckets and how a percentile is read from them. Never keeps single values. As in an HDR
histogram each power of two is cut into equal steps, here equal in ratio: fourteen, so that a
bucket's ends differ by 5.1 %. A tier has 324 buckets and a window holds only those in use: at most
as many as the tier had answers, and some fifty where the slowest took ten times the fastest.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

_STEPS = 14
"""Buckets to a power of two: 2 ** (1 / 14) is 1.0507."""

_LOWEST_POWER, _HIGHEST_POWER = -4, 19
"""Of two, in milliseconds: from 62 microseconds to nearly nine minutes."""

EDGES_MS = tuple(
    2.0 ** (_LOWEST_POWER + step / _STEPS)
    for step in range((_HIGHEST_POWER - _LOWEST_POWER) * _STEPS + 1)
)
"""Upper bounds of the buckets in milliseconds, each included; above the last comes one more."""

BOUNDS_MS = EDGES_MS[::_STEPS]
"""The powers of two among them: the bounds for readers that want few."""

SUM = "sum_us"
"""What stands in a counter's name for the sum in microseconds; a bucket has `b` and its number."""

PREFIX = "latency:"


def latency_counts(result: str, milliseconds: float) -> dict[str, int]:
    """What an answer adds: one in its bucket, and its microseconds.

    `result` is the value of `x-cache`, so that `HIT-EXACT` counts in
    `latency:hit_exact:b<number>` and `latency:hit_exact:sum_us`.
    """
    tier = result.lower().replace("-", "_")
    spent = max(0.0, milliseconds)
    bucket = bisect_left(EDGES_MS, spent)
    # Rounded down, so that a mean is never above the largest value.
    return {f"{PREFIX}{tier}:b{bucket}": 1, f"{PREFIX}{tier}:{SUM}": int(spent * 1000)}


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
        return tuple(sum(self.buckets[: place * _STEPS + 1]) for place, _ in enumerate(BOUNDS_MS))


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
