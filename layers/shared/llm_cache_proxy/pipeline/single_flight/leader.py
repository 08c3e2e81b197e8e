"""The leader's side of single flight: keep the lease while the upstream works, then hand over.

Whatever happens, the lease ends: by the commit, by an answer left for the followers, by release,
or by lapsing. Never fails the leader's own request.
"""

import asyncio
import time
from collections.abc import Callable

from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.entries.shared_answer import LeaderResult, SharedAnswer
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms
from llm_cache_proxy.ports.exact_store.leases import Lease, LeaseStore

PUBLISHED_ANSWER_SECONDS = 15.0
"""Longer than the longest pause between two polls of a follower."""
_BEATS = 3
"""Heartbeats before a lease lapses: two may be lost."""


class LeaderLease:
    """A lease and its heartbeat, from now until it ends.

    `on_end` is called once, with what the followers get (None: nothing) and the seconds it took.
    """

    def __init__(
        self,
        store: LeaseStore,
        terms: LeaseTerms,
        tenant: str,
        key: str,
        lease: Lease,
        background: Background,
        on_end: Callable[[LeaderResult | None, float], None],
    ) -> None:
        self.lease = lease
        self._store = store
        self._terms = terms
        self._tenant = tenant
        self.key = key
        self._background = background
        self._on_end = on_end
        self._began = time.monotonic()
        self._over = False
        self._heart: asyncio.Task[None] | asyncio.TimerHandle
        self._heart = asyncio.get_running_loop().call_later(
            self._pause_seconds, self._start_beating
        )

    async def stored(self, entry: Entry) -> None:
        """The answer is stored; if it is under another route's key, it is also published."""
        if entry.key == self.key:
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
        """Publish an answer that is not stored to the present followers."""
        if not self._over:
            self._end(answer)
            text = answer.text()
            publishing = self._store.publish(
                self._tenant, self.lease, text, PUBLISHED_ANSWER_SECONDS
            )
            if not await self._terms.attempt(publishing):
                self._background.start(self._release)

    def unstored(self, entry: Entry) -> None:
        """The store did not confirm the answer: local followers get it, others ask the upstream."""
        if not self._over:
            self._end(entry)
            self._background.start(self._release)

    def ended(self) -> None:
        """Another command has ended the lease; there is nothing to hand over."""
        self._end(None)

    def abandon(self) -> None:
        """Release the lease: a follower takes over."""
        if not self._over:
            self._end(None)
            self._background.start(self._release)

    def _end(self, result: LeaderResult | None) -> None:
        if not self._over:
            self._over = True
            self._heart.cancel()
            self._on_end(result, time.monotonic() - self._began)

    async def _release(self) -> None:
        await self._terms.insist(lambda: self._store.release(self._tenant, self.lease))

    @property
    def _pause_seconds(self) -> float:
        return self._terms.lease_seconds / _BEATS

    def _start_beating(self) -> None:
        self._heart = asyncio.get_running_loop().create_task(self._beat())

    async def _beat(self) -> None:
        terms = self._terms
        while time.monotonic() - self._began < terms.wait_seconds:
            extend = self._store.extend(self._tenant, self.lease, terms.lease_seconds)
            await terms.attempt(extend)
            await asyncio.sleep(self._pause_seconds)
