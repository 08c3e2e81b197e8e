"""Counts on their way to the exact tier, never lost, and the sinks that bring what a request adds.

Most results are counted before, in the round trip that found or stored the answer; what is missing
or wrong is put right here. So the counters, the request log and the dashboard agree. All of it,
lines on recent decisions too, rides with the tenant's next call or is written in the background:
no request waits for a count that does not belong to its own answer.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from llm_cache_proxy.domain.errors import CacheTierError
from llm_cache_proxy.domain.metrics.counter_names import merged, negated, result_counts
from llm_cache_proxy.domain.metrics.request_event import RequestEvent
from llm_cache_proxy.pipeline.support.background import TaskSet
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.store import ExactStore

UNIDENTIFIED = "(unidentified)"
"""The tenant of requests without a valid key: no tenant can have this name."""

_SECONDS_BETWEEN_WRITES = 1.0
_SHOWN_CHARACTERS = 200
_COMPARED_CHARACTERS = 2_000
"""Of a prompt that was compared semantically: an operator who judges the pair reads it."""
_MOST_LINES = 500
"""Lines of a tenant that wait for its next call; the oldest are dropped."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class PendingCounts:
    """Counts and lines that are still to be written, oldest first."""

    counts: dict[str, int] = field(default_factory=dict)
    recent: list[str] = field(default_factory=list)


class CounterWriter:
    """Pending counts by tenant, and the writes under way."""

    def __init__(self, store: ExactStore, deadline_seconds: float) -> None:
        self._store = store
        self._deadline_seconds = deadline_seconds
        self._pending: dict[str, PendingCounts] = {}
        self._writes = TaskSet()
        self._added = 0

    def take(self, tenant: str) -> PendingCounts:
        """The tenant's pending counts, which the caller's own write now includes."""
        return self._pending.pop(tenant, None) or PendingCounts()

    def later(self, tenant: str, counts: Mapping[str, int], recent: Sequence[str] = ()) -> None:
        """Keep `counts` and `recent` for the tenant's next call."""
        if counts or recent:
            self._added += 1
            held = self._pending.setdefault(tenant, PendingCounts())
            for name, amount in counts.items():
                held.counts[name] = held.counts.get(name, 0) + amount
            held.recent = [*held.recent, *recent][-_MOST_LINES:]

    def write_in_background(self, tenant: str, counts: Mapping[str, int]) -> None:
        """Write `counts` in the background, even if the caller is cancelled."""
        self._writes.start(self.write(tenant, counts))

    async def write(self, tenant: str, counts: Mapping[str, int]) -> None:
        """Write `counts` and pending ones now; failed ones wait for the next call."""
        self.later(tenant, counts)
        held = self._pending.pop(tenant, None)
        if held is None:
            return
        try:
            async with asyncio.timeout(self._deadline_seconds):
                await self._store.record(tenant, held.counts, held.recent)
        except (CacheTierError, TimeoutError) as exc:
            _log.warning("counts could not be written: %s", exc or type(exc).__name__)
            self.later(tenant, held.counts, held.recent)

    async def write_together(self, tenant: str, counts: Mapping[str, int]) -> None:
        """Write `counts` now, in one call with those of concurrent callers."""
        self.later(tenant, counts)
        await asyncio.sleep(0)
        await self.write(tenant, {})

    async def wait(self) -> None:
        """Wait for the writes under way; pending counts stay so until the next call."""
        await self._writes.wait()

    async def write_when_idle(self, quiet_seconds: float) -> None:
        """Write pending counts whenever nothing was added for so long; never returns.

        For servers that live on after an answer: the last of a series of requests has no next call
        that could include its counts.
        """
        while True:
            before = self._added
            await asyncio.sleep(quiet_seconds)
            if self._pending and self._added == before:
                await self.drain()

    async def drain(self) -> None:
        """Wait for the writes under way, and write pending counts."""
        await self.wait()
        for tenant in list(self._pending):
            await self.write(tenant, {})


@dataclass(slots=True)
class ResultCounter:
    """A `RequestSink`; requests without a tenant count under `without_tenant`.

    UNIDENTIFIED makes no calls that its counts could ride with, so they are written in the
    background, once a second at most.
    """

    counter_writer: CounterWriter
    clock: Clock
    without_tenant: str
    _next_write: float = 0.0

    def write(self, served: RequestEvent) -> None:
        """Count what is not counted yet."""
        counts = _changes(served)
        if served.tenant is not None or self.without_tenant != UNIDENTIFIED:
            self.counter_writer.later(served.tenant or self.without_tenant, counts)
        elif self.clock.monotonic() < self._next_write:
            self.counter_writer.later(UNIDENTIFIED, counts)
        else:
            self._next_write = self.clock.monotonic() + _SECONDS_BETWEEN_WRITES
            self.counter_writer.write_in_background(UNIDENTIFIED, counts)

    def close(self) -> None:
        """Nothing of its own: the counter writer is drained by its owner."""


class RecentDecisions:
    """A `RequestSink` whose lines ride with the tenant's counts into the exact tier."""

    def __init__(
        self, counter_writer: CounterWriter, without_tenant: str, *, with_prompts: bool
    ) -> None:
        self._counter_writer = counter_writer
        self._without_tenant = without_tenant
        self._with_prompts = with_prompts

    def write(self, served: RequestEvent) -> None:
        """Keep the line for the next call of its tenant, or of the default one."""
        shown = {}
        if self._with_prompts and served.prompt:
            compared = served.similarity is not None
            most = _COMPARED_CHARACTERS if compared else _SHOWN_CHARACTERS
            shown["prompt"] = served.prompt[:most]
        tenant = served.tenant or self._without_tenant
        self._counter_writer.later(tenant, {}, [served.json_line(**shown)])

    def close(self) -> None:
        """Nothing of its own: the counter writer is drained by its owner."""


def _changes(served: RequestEvent) -> dict[str, int]:
    counts = merged(
        negated(dict(served.counted)),
        result_counts(
            served.result,
            served.reason,
            status=served.status,
            latency_ms=served.latency_ms,
            similarity=served.similarity,
        ),
    )
    return {name: amount for name, amount in counts.items() if amount}
