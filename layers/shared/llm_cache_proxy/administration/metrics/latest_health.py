"""One health check at a time, and its verdict for all who ask: strangers ask often.

Never lets one who leaves end the check of the others.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from llm_cache_proxy.administration.metrics.store_health import StoreHealth
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.ports.clock import Clock


@dataclass(slots=True)
class LatestHealth:
    """A verdict is given as it is for `fresh_seconds`; for `old_seconds` while another is sought.

    So a client that asks regularly never waits for a store, and none gets an old verdict.
    `prepare` is awaited before the first check.
    """

    health: StoreHealth
    clock: Clock
    prepare: Callable[[], Awaitable[None]] | None = None
    fresh_seconds: float = 5.0
    old_seconds: float = 30.0
    operators_fresh_seconds: float = 1.0
    _verdict: JsonObject | None = None
    _found_at: float = 0.0
    _check: asyncio.Task[JsonObject] | None = field(default=None, repr=False)

    async def recent(self) -> JsonObject:
        """For those who ask often."""
        found, age = self._verdict, self.clock.monotonic() - self._found_at
        if found is not None and age < self.fresh_seconds:
            return found
        check = self._checking()
        if found is not None and age < self.old_seconds:
            return found
        return await asyncio.shield(check)

    async def current(self) -> JsonObject:
        """For operators: a verdict of at most `operators_fresh_seconds`."""
        found, age = self._verdict, self.clock.monotonic() - self._found_at
        if found is not None and age < self.operators_fresh_seconds:
            return found
        return await asyncio.shield(self._checking())

    async def aclose(self) -> None:
        """End the check that is under way."""
        if self._check is not None:
            self._check.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._check

    def _checking(self) -> asyncio.Task[JsonObject]:
        if self._check is None or self._check.done():
            self._check = asyncio.create_task(self._checked())
        return self._check

    async def _checked(self) -> JsonObject:
        if self.prepare is not None and self._verdict is None:
            await self.prepare()
        self._verdict = await self.health.health()
        self._found_at = self.clock.monotonic()
        return self._verdict
