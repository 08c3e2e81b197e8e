"""The counters, read over all tenants and cut into the times people ask about.

Decides which windows belong to a span of time. Never writes.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from llm_cache_proxy.domain.metrics.counter_totals import summed
from llm_cache_proxy.ports.exact_store.admin import CounterWindow, ExactAdmin

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
