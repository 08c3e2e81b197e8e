"""How long a lease lasts and how long a follower waits; and leases that the store gave unheard.

A store that answers too late, or whose answer is lost, may have given a lease: others would wait
for a leader that there is not. Such a lease is given back.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from llm_cache_proxy.domain.errors import CacheTierError
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.ports.lease_store import LeaseStore

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


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LostLeases:
    """Listens for what the store says of a claim."""

    store: LeaseStore
    terms: LeaseTerms
    background: Background

    async def heard(
        self, tenant: str, flight: str, claim: str, step: Callable[[], Awaitable[T]]
    ) -> T:
        """What `step` gives; where that is lost, so is the claim."""
        try:
            return await step()
        except BaseException:  # also a deadline's or a client's that has left
            self.background.start(lambda: self._withdraw(tenant, flight, claim))
            raise

    async def _withdraw(self, tenant: str, flight: str, claim: str) -> None:
        await self.terms.insist(lambda: self.store.withdraw(tenant, flight, claim))
