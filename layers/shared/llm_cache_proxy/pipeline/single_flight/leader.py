"""The leader's side of single flight: keep the lease while the upstream works, then hand over.

Whatever happens, the lease ends: by the commit, by an answer left for the followers, by release,
or by lapsing. Never fails the leader's own request.
"""

import asyncio
import time
from collections.abc import Callable

from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.entries.shared_answer import Landing, SharedAnswer
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.tiers.lease_terms import LeaseTerms
from llm_cache_proxy.ports.lease_store import Lease, LeaseStore

MAIL_SECONDS = 15.0
"""Longer than the longest pause between two looks of a follower."""
_BEATS = 3
"""Heartbeats in a lease's life: two may be lost."""


class Lead:
    """One lease in the hands of its leader, beating from now on.

    `landed` is called once, with what the others get (None: nothing) and the seconds it took.
    """

    def __init__(
        self,
        store: LeaseStore,
        terms: LeaseTerms,
        tenant: str,
        key: str,
        lease: Lease,
        background: Background,
        landed: Callable[[Landing | None, float], None],
    ) -> None:
        self.lease = lease
        self._store = store
        self._terms = terms
        self._tenant = tenant
        self._key = key
        self._background = background
        self._landed = landed
        self._began = time.monotonic()
        self._over = False
        self._heart = asyncio.get_running_loop().create_task(self._beat())

    def covers(self, key: str) -> bool:
        """Whether the answer under `key` is where followers look for it."""
        return key == self._key

    async def stored(self, entry: Entry) -> None:
        """The answer is kept; where another route gave it, followers get it by mail."""
        if self.covers(entry.key):
            self._end(entry)
            return
        answer = SharedAnswer(
            forms=entry.forms,
            model=entry.model,
            prompt_tokens=entry.prompt_tokens,
            completion_tokens=entry.completion_tokens,
        )
        await self.share(answer)

    async def share(self, answer: SharedAnswer) -> None:
        """Leave an answer that is not kept to those who wait for it now."""
        if not self._over:
            self._end(answer)
            text = answer.text()
            left = self._store.publish(self._tenant, self.lease, text, MAIL_SECONDS)
            if not await self._terms.attempt(left):
                self._background.start(self._release)

    def unstored(self, entry: Entry) -> None:
        """The store did not say that it keeps the answer: this process has it, the others ask."""
        if not self._over:
            self._end(entry)
            self._background.start(self._release)

    def ended(self) -> None:
        """The lease has ended with another command; there is nothing to hand over."""
        self._end(None)

    def abandon(self) -> None:
        """Give the lease back: one of those who wait leads from now on."""
        if not self._over:
            self._end(None)
            self._background.start(self._release)

    def _end(self, landing: Landing | None) -> None:
        if not self._over:
            self._over = True
            self._heart.cancel()
            self._landed(landing, time.monotonic() - self._began)

    async def _release(self) -> None:
        await self._terms.insist(lambda: self._store.release(self._tenant, self.lease))

    async def _beat(self) -> None:
        terms = self._terms
        while time.monotonic() - self._began < terms.wait_seconds:
            await asyncio.sleep(terms.lease_seconds / _BEATS)
            extend = self._store.extend(self._tenant, self.lease, terms.lease_seconds)
            await terms.attempt(extend)
