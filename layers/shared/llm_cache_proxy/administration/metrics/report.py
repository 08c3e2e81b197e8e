"""The figures that `/metrics`, `stats` and the dashboard show, from the counters.

Decides what goes into each. Never estimates: what was not counted is not there.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

from llm_cache_proxy.administration.metrics.counters import (
    SPANS,
    Counters,
    over,
)
from llm_cache_proxy.administration.metrics.drawing import drawn
from llm_cache_proxy.administration.metrics.spans import Span
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_totals import Tally, tally
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.domain.metrics.report import cost_analysis, sections, token_usage
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.admin import CounterWindow
from llm_cache_proxy.ports.exact_store.pairs import PairMemory, Standing

_MOST_TENANTS = 100
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Trust:
    """Several tenants' standings as one: the highest raised threshold, and all barred pairs."""

    raised_threshold: float
    barred_pairs: int

    @classmethod
    def over(cls, standings: Iterable[Standing]) -> Self:
        """The sum of `standings`."""
        held = list(standings)
        return cls(
            max((standing.raised_threshold for standing in held), default=0.0),
            sum(standing.barred for standing in held),
        )


Breakers = Callable[[], Mapping[str, str]]
"""Gives `open` or `closed` by tier, of the process that serves requests itself; else nothing."""


@dataclass(frozen=True, slots=True)
class MetricsReport:
    """Reads the counters and says what they mean."""

    counters: Counters
    pairs: PairMemory
    clock: Clock
    prices: PriceList
    breakers: Breakers = dict

    async def tally(self, tenant: str | None) -> Tally:
        """Everything ever counted, of one tenant or of all."""
        windows = await self.counters.by_tenant(tenant)
        return tally(over(_all(windows), self.clock.now(), None))

    async def metrics(self, tenant: str | None) -> JsonObject:
        """The JSON of `/metrics`: all time at the top, then by window and by tenant."""
        by_tenant = await self.counters.by_tenant(tenant)
        windows, now = _all(by_tenant), self.clock.now()
        total = sections(tally(over(windows, now, None)), self.prices)
        spans = {
            name: sections(tally(over(windows, now, seconds)), self.prices)
            for name, seconds in SPANS.items()
        }
        return {
            "generated_at": int(now),
            **total,
            "breakers": self._breakers(windows, now),
            "windows": {**spans, "total": total},
            **await self._tenants(by_tenant, now),
        }

    async def dashboard(self, span: Span, tenant: str | None) -> JsonObject:
        """What the dashboard draws for a span of time, of one tenant or of all."""
        by_tenant = await self.counters.by_tenant(tenant)
        windows, now = _all(by_tenant), self.clock.now()
        return {
            "generated_at": int(now),
            "breakers": self._breakers(windows, now),
            **drawn(windows, span, self.prices),
            "total": sections(tally(over(windows, now, None)), self.prices),
            **await self._tenants(by_tenant, now),
        }

    async def trust(self, tenant: str | None) -> Trust:
        """How far semantic hits are trusted, of one tenant or over all."""
        tenants = [tenant] if tenant is not None else await self.counters.exact.tenants()
        return Trust.over((await self._standings(tenants)).values())

    async def _standings(self, tenants: Sequence[str]) -> dict[str, Standing]:
        free = asyncio.Semaphore(_AT_ONCE)

        async def read(tenant: str) -> Standing:
            async with free:
                return await self.pairs.standing(tenant)

        found = await asyncio.gather(*(read(tenant) for tenant in tenants))
        return dict(zip(tenants, found, strict=True))

    def _breakers(self, windows: Sequence[CounterWindow], now: float) -> JsonObject:
        """How often each breaker has opened, in all processes, and how it stands in this one."""
        trips, present = tally(over(windows, now, None)).trips, self.breakers()
        return {
            name: {"trips": trips.get(name, 0), "state": present.get(name)}
            for name in sorted({*trips, *present})
        }

    async def _tenants(
        self, by_tenant: Mapping[str, Sequence[CounterWindow]], now: float
    ) -> dict[str, object]:
        """Totals of the busiest tenants, and how many more there are."""
        tallies = {name: tally(over(windows, now, None)) for name, windows in by_tenant.items()}
        busiest = sorted(tallies, key=lambda name: (-tallies[name].total_requests, name))
        shown = busiest[:_MOST_TENANTS]
        standings = await self._standings(shown)
        return {
            "tenants": {name: self._tenant(tallies[name], standings[name]) for name in shown},
            "tenants_not_shown": max(0, len(busiest) - _MOST_TENANTS),
        }

    def _tenant(self, read: Tally, standing: Standing) -> JsonObject:
        cost, tokens = cost_analysis(read, self.prices), token_usage(read)
        return {
            "total_requests": read.total_requests,
            "hit_rate": round(read.hit_rate, 6),
            "total_tokens_used": tokens["total_tokens_used"],
            "total_tokens_saved": tokens["total_tokens_saved"],
            "dollars_spent": cost["dollars_spent"],
            "dollars_saved": cost["dollars_saved"],
            "raised_threshold": standing.raised_threshold or None,
            "barred_pairs": standing.barred,
        }


def _all(by_tenant: Mapping[str, Sequence[CounterWindow]]) -> list[CounterWindow]:
    return list(chain.from_iterable(by_tenant.values()))
