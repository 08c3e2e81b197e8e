"""The counters, read over all tenants and cut into the times people ask about.

Decides which windows belong to a span of time. Never writes.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import (
    ERROR,
    EXACT_HITS,
    MISSES,
    REFUSED,
    SEMANTIC_HITS,
)
from llm_cache_proxy.domain.metrics.counter_totals import summed, tally
from llm_cache_proxy.ports.exact_admin import CounterWindow, ExactAdmin

HOUR_SECONDS = 3_600
DAY_SECONDS = 86_400
SPANS = {
    "last_hour": HOUR_SECONDS,
    "last_day": DAY_SECONDS,
    "last_30_days": 30 * DAY_SECONDS,
}
"""Spans of time in seconds, by the name that `/metrics` gives them."""

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Counters:
    """Reads counters; one call to the store for each tenant, a few at once."""

    exact: ExactAdmin

    async def by_tenant(self, only: str | None) -> dict[str, Sequence[CounterWindow]]:
        """Every tenant's windows, or those of the given one. Raises ExactStoreUnavailable."""
        tenants = [only] if only is not None else await self.exact.tenants()
        free = asyncio.Semaphore(_AT_ONCE)

        async def read(tenant: str) -> Sequence[CounterWindow]:
            async with free:
                return await self.exact.counters(tenant)

        windows = await asyncio.gather(*(read(tenant) for tenant in tenants))
        return dict(zip(tenants, windows, strict=True))


def over(windows: Sequence[CounterWindow], now: float, span_seconds: int | None) -> dict[str, int]:
    """The counts of the last `span_seconds`, or (None) of all time.

    A window belongs to a span when its middle does, so that a span is right to half a window.
    """
    return summed(
        window.counts
        for window in windows
        if span_seconds is None
        or (window.seconds and window.start + window.seconds / 2 >= now - span_seconds)
    )


def series(
    windows: Sequence[CounterWindow], now: float, step_seconds: int, steps: int
) -> list[JsonObject]:
    """Results in `steps` equal pieces of time up to now, oldest first.

    `hit_rate` is None for a piece in which nothing could have been hit. A window wider than a
    step cannot be distinguished and is left out.
    """
    first = (int(now) // step_seconds - steps + 1) * step_seconds
    pieces: list[list[Mapping[str, int]]] = [[] for _ in range(steps)]
    for window in windows:
        place = (window.start - first) // step_seconds
        if 0 < window.seconds <= step_seconds and 0 <= place < steps:
            pieces[place].append(window.counts)
    return [
        _piece(first + place * step_seconds, summed(parts)) for place, parts in enumerate(pieces)
    ]


def _piece(start: int, counts: Mapping[str, int]) -> JsonObject:
    read = tally(counts)
    exact, semantic = read.results[EXACT_HITS], read.results[SEMANTIC_HITS]
    misses = read.results[MISSES]
    failed = read.results[ERROR] + read.results[REFUSED]
    return {
        "start": start,
        "exact_hits": exact,
        "semantic_hits": semantic,
        "misses": misses,
        "failed": failed,
        "others": read.total_requests - exact - semantic - misses - failed,
        "hit_rate": round(read.hit_rate, 6) if read.could_have_hit else None,
    }
