"""How long a lease lasts, how long anybody waits for it, and how hard one is given back."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from llm_cache_proxy.domain.errors import CacheTierError

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 1.0


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """`lease_seconds` without a heartbeat end a lease; nobody waits longer than `wait_seconds`.

    A command has `command_seconds`. Giving a lease back is tried again for `retry_seconds`, 0
    where nothing runs after an answer.
    """

    lease_seconds: float = 10.0
    wait_seconds: float = 60.0
    command_seconds: float = 1.0
    retry_seconds: float = 10.0

    async def attempt(self, call: Awaitable[object]) -> bool:
        """Whether the store took `call` in time; its failure is nobody's."""
        try:
            async with asyncio.timeout(self.command_seconds):
                await call
        except (CacheTierError, TimeoutError):
            return False
        return True

    async def insist(self, step: Callable[[], Awaitable[object]]) -> None:
        """Take `step` until the store has taken it: one that is away may be back soon."""
        give_up_at, pause = time.monotonic() + self.retry_seconds, _FIRST_PAUSE_SECONDS
        while not await self.attempt(step()) and time.monotonic() + pause < give_up_at:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
