"""Answers that clients have already and the stores not yet.

The next client must not notice: a request that such an answer may serve waits until it is stored.
"""

import asyncio
from collections.abc import Set as AbstractSet

from llm_cache_proxy.pipeline.support.background import TaskSet, Work

MOST_UNSTORED = 32
"""The most answers that wait to be stored; a further one is stored before it is sent."""
MOST_UNSTORED_BYTES = 8_000_000
"""Their most bytes together; the same applies beyond it."""
_WAIT_SECONDS = 2.0
"""Longer than the deadlines of both stores: after it a request reads what is stored by then."""


class UnstoredAnswers:
    """`under_way` has the tenant and the exact keys of each, by which it is asked for."""

    def __init__(self) -> None:
        self._tasks = TaskSet()
        self.under_way: dict[asyncio.Task[None], tuple[str, frozenset[str]]] = {}
        self._held_bytes = 0

    def start(self, tenant: str, keys: frozenset[str], size_bytes: int, work: Work) -> bool:
        """Begin to store an answer; False if enough are under way, and nothing begins."""
        if (
            len(self.under_way) >= MOST_UNSTORED
            or self._held_bytes + size_bytes > MOST_UNSTORED_BYTES
        ):
            return False
        task = self._tasks.start(work())
        self.under_way[task] = (tenant, keys)
        self._held_bytes += size_bytes

        def ended(task: asyncio.Task[None]) -> None:
            del self.under_way[task]
            self._held_bytes -= size_bytes

        task.add_done_callback(ended)
        return True

    async def stored(self, tenant: str, keys: AbstractSet[str] | None = None) -> None:
        """Wait for the tenant's answers that are under way now, or only for those under `keys`.

        The wait has a limit, and a failed write ends it.
        """
        mine = [
            task
            for task, (its_tenant, its_keys) in self.under_way.items()
            if its_tenant == tenant and (keys is None or not its_keys.isdisjoint(keys))
        ]
        if mine:
            await asyncio.wait(mine, timeout=_WAIT_SECONDS)

    async def all_stored(self) -> None:
        """Wait for every tenant's."""
        if self.under_way:
            await asyncio.wait(list(self.under_way), timeout=_WAIT_SECONDS)

    async def wait_at_most(self, within_seconds: float) -> None:
        """Wait until none is left, for a limited time; the rest is cancelled."""
        try:
            async with asyncio.timeout(within_seconds):
                await self._tasks.wait()
        except TimeoutError:
            await self._tasks.cancel()
