"""How long a lease lasts and a follower waits; leases whose grant was never received.

A store whose reply is late or lost may have granted a lease: followers would wait for a leader that
does not exist. Such a lease is withdrawn.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from llm_cache_proxy.domain.errors import CacheTierError
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.ports.exact_store.leases import LeaseStore

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 1.0


@record()
class LeaseTerms:
    """`lease_seconds` without a heartbeat end a lease; followers wait at most `wait_seconds`.

    A command has `command_seconds`. Giving a lease back is tried again for `retry_seconds`, 0
    where nothing runs after an answer.
    """

    lease_seconds: float = 10.0
    wait_seconds: float = 60.0
    command_seconds: float = 1.0
    retry_seconds: float = 10.0

    async def attempt(self, call: Awaitable[object]) -> bool:
        """True if the store accepted `call` in time; errors are swallowed."""
        try:
            async with asyncio.timeout(self.command_seconds):
                await call
        except (CacheTierError, TimeoutError):
            return False
        return True

    async def insist(self, step: Callable[[], Awaitable[object]]) -> None:
        """Repeat `step` until the store accepts it: it may be back soon."""
        give_up_at, pause = time.monotonic() + self.retry_seconds, _FIRST_PAUSE_SECONDS
        while not await self.attempt(step()) and time.monotonic() + pause < give_up_at:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


@record()
class LostLeases:
    """Withdraws the lease that a lookup may have taken when its reply is lost."""

    store: LeaseStore
    terms: LeaseTerms
    background: Background

    def withdraw(self, tenant: str, flight: str, claim: str) -> None:
        """Withdraw, in the background, the lease that may have been taken under `claim`."""
        self.background.start(lambda: self._withdrawn(tenant, flight, claim))

    async def _withdrawn(self, tenant: str, flight: str, claim: str) -> None:
        await self.terms.insist(lambda: self.store.withdraw(tenant, flight, claim))
