"""Counts on their way to the store: with the next call or in the background, never lost.

Never makes a request wait for a count that does not belong to its own answer.
"""

import asyncio
import logging
from collections.abc import Mapping

from llm_cache_proxy.domain.counting import merged
from llm_cache_proxy.domain.errors import CacheTierError
from llm_cache_proxy.ports.exact_store import ExactStore

_log = logging.getLogger(__name__)


class Ledger:
    """Pending counts by tenant, and the writes under way."""

    def __init__(self, store: ExactStore, deadline_seconds: float) -> None:
        self._store = store
        self._deadline_seconds = deadline_seconds
        self._pending: dict[str, dict[str, int]] = {}
        self._writes: set[asyncio.Task[None]] = set()

    def take(self, tenant: str) -> dict[str, int]:
        """The tenant's pending counts, which now ride on the caller's own write."""
        return self._pending.pop(tenant, {})

    def later(self, tenant: str, counts: Mapping[str, int]) -> None:
        """Keep `counts` for the tenant's next call."""
        if counts:
            self._pending[tenant] = merged(self._pending.get(tenant, {}), dict(counts))

    def settle(self, tenant: str, counts: Mapping[str, int]) -> None:
        """Write `counts` in the background, whatever becomes of the caller."""
        task = asyncio.get_running_loop().create_task(self.write(tenant, counts))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def write(self, tenant: str, counts: Mapping[str, int]) -> None:
        """Write `counts` and what is pending now; what fails waits for the next call."""
        total = merged(self.take(tenant), dict(counts))
        if not total:
            return
        try:
            async with asyncio.timeout(self._deadline_seconds):
                await self._store.record(tenant, total)
        except (CacheTierError, TimeoutError) as exc:
            _log.warning("counts could not be written: %s", exc or type(exc).__name__)
            self.later(tenant, total)

    async def settled(self) -> None:
        """Wait for the writes under way; what is pending stays so until the next call."""
        while self._writes:
            await asyncio.gather(*self._writes)

    async def drain(self) -> None:
        """Wait for the writes under way, and write what is pending."""
        await self.settled()
        for tenant in list(self._pending):
            await self.write(tenant, {})
