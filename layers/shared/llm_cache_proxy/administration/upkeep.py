"""Keeps embedded stores within bounds while the server runs; an entry leaves both tiers at once.

Never fails its server: a store that cannot be trimmed now is trimmed at the next turn.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from llm_cache_proxy.domain.errors import CacheTierError
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.bounded import BoundedExact, BoundedVectors, Bounds, Removed

_PAUSE_SECONDS = 0.05
"""Between two batches, so that requests have their turn."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """`vectors` is None where a server, which purges on request, keeps them."""

    exact: BoundedExact
    vectors: BoundedVectors | None
    bounds: Bounds
    clock: Clock

    async def run(self, every_seconds: float) -> None:
        """Trim for as long as the server runs."""
        while True:
            try:
                await self.once()
            except CacheTierError as exc:
                _log.warning("the embedded stores are not trimmed now: %s", exc)
            await asyncio.sleep(every_seconds)

    async def once(self) -> int:
        """How many records left; both stores are within their bounds then.

        Raises CacheTierError where a store failed.
        """
        count = 0
        while removed := await self.exact.trim(self.bounds):
            count += len(removed)
            await self._remove_vectors(removed)
            await asyncio.sleep(_PAUSE_SECONDS)
        if self.vectors is not None:
            count += await self.vectors.purge(int(self.clock.now()))
        if count:
            await self.exact.shrink()
        return count

    async def _remove_vectors(self, removed: Sequence[Removed]) -> None:
        if self.vectors is None:
            return
        entries = sorted((one.tenant, one.key) for one in removed if not one.is_alias)
        for tenant, keys in groupby(entries, key=lambda entry: entry[0]):
            await self.vectors.remove(tenant, [key for _, key in keys])
