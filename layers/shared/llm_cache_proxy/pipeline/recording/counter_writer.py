"""Counts on their way to the store: with the next call or in the background, never lost.

Lines on recent decisions travel with them. Never makes a request wait for a count that does not
belong to its own answer.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from llm_cache_proxy.domain.errors import CacheTierError
from llm_cache_proxy.pipeline.support.background import TaskSet
from llm_cache_proxy.ports.exact_store.store import ExactStore

_MOST_LINES = 500
"""Lines of a tenant that wait for its next call; the oldest are given up."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class PendingCounts:
    """Counts and lines that are still to be written, oldest first."""

    counts: dict[str, int] = field(default_factory=dict)
    recent: list[str] = field(default_factory=list)


class CounterWriter:
    """What is pending by tenant, and the writes under way."""

    def __init__(self, store: ExactStore, deadline_seconds: float) -> None:
        self._store = store
        self._deadline_seconds = deadline_seconds
        self._pending: dict[str, PendingCounts] = {}
        self._writes = TaskSet()
        self._added = 0

    def take(self, tenant: str) -> PendingCounts:
        """What is pending for the tenant, which now rides on the caller's own write."""
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
        """Write `counts` in the background, whatever becomes of the caller."""
        self._writes.start(self.write(tenant, counts))

    async def write(self, tenant: str, counts: Mapping[str, int]) -> None:
        """Write `counts` and what is pending now; what fails waits for the next call."""
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
        """Write `counts` now, in one call with those of others who ask at the same moment."""
        self.later(tenant, counts)
        await asyncio.sleep(0)
        await self.write(tenant, {})

    async def wait(self) -> None:
        """Wait for the writes under way; what is pending stays so until the next call."""
        await self._writes.wait()

    async def write_when_idle(self, quiet_seconds: float) -> None:
        """For ever, write what is pending as soon as nothing was added for so long.

        For servers that live on after an answer: the last of a series of requests has no next
        call that its counts could ride with.
        """
        while True:
            before = self._added
            await asyncio.sleep(quiet_seconds)
            if self._pending and self._added == before:
                await self.drain()

    async def drain(self) -> None:
        """Wait for the writes under way, and write what is pending."""
        await self.wait()
        for tenant in list(self._pending):
            await self.write(tenant, {})
