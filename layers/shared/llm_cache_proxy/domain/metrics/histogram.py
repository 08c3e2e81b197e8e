"""Latencies as a few counters that add up over calls, instances and days.

Decides the buckets and how a percentile is read from them. Never keeps single values.
"""

from collections.abc import Mapping
from dataclasses import dataclass

BOUNDS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000)
"""Upper bounds of the buckets in milliseconds, each included; above the last comes `inf`."""

INFINITE = "inf"
SUM = "sum_us"
"""What stands in a counter's name for the last bucket, and for the sum in microseconds."""

PREFIX = "latency:"


def latency_counts(result: str, milliseconds: float) -> dict[str, int]:
    """What an answer adds: one in its bucket, and its microseconds.

    `result` is the value of `x-cache`, so that `HIT-EXACT` counts in
    `latency:hit_exact:<bound in ms>` and `latency:hit_exact:sum_us`.
    """
    tier = result.lower().replace("-", "_")
    spent = max(0.0, milliseconds)
    bound = next((str(bound) for bound in BOUNDS_MS if spent <= bound), INFINITE)
    return {f"{PREFIX}{tier}:{bound}": 1, f"{PREFIX}{tier}:{SUM}": round(spent * 1000)}


@dataclass(frozen=True, slots=True)
class Histogram:
    """Answers by bucket: one number for each of BOUNDS_MS and one above; and their sum."""

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

        Read between a bucket's bounds as if its answers lay evenly in it, as Prometheus's
        histogram_quantile does; what lies above the last bound reads as the last bound.
        """
        wanted = share * self.count
        below = 0
        lower = 0
        for bound, inside in zip(BOUNDS_MS, self.buckets, strict=False):
            if inside and below + inside >= wanted:
                return lower + (bound - lower) * max(0.0, wanted - below) / inside
            below += inside
            lower = bound
        return float(BOUNDS_MS[-1]) if self.count else 0.0


def histogram(parts: Mapping[str, int]) -> Histogram:
    """The histogram in a tier's counters, by what follows the tier in their names."""
    names = (*(str(bound) for bound in BOUNDS_MS), INFINITE)
    return Histogram(
        buckets=tuple(max(0, parts.get(name, 0)) for name in names),
        sum_us=max(0, parts.get(SUM, 0)),
    )
