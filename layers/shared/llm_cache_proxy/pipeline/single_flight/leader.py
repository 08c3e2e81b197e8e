"""The leader's side of single flight: keep the lease while the upstream works, then hand over.

Whatever happens, the lease ends: by the commit, by an answer left for the followers, by release,
or by lapsing. Never fails the leader's own request.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping

from llm_cache_proxy.domain.entries.entry import Entry, Forms
from llm_cache_proxy.domain.entries.shared_answer import Failure, LeaderResult, SharedAnswer
from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms
from llm_cache_proxy.ports.exact_store.leases import Lease, LeaseStore


async def publish_failure(state: RequestState, exc: BaseException) -> None:
    """Publish an upstream failure; on cancellation release the lease, so a follower takes over."""
    if state.leadership is None:
        return
    if isinstance(exc, UpstreamError):
        await state.leadership.share(SharedAnswer(status=exc.status, failure=Failure.of(exc)))
    else:
        state.leadership.abandon()


async def publish_body(
    state: RequestState, status: int, headers: Mapping[str, str], content_type: str, body: bytes
) -> None:
    """Publish an answer that is no completion, such as an error, as it came."""
    if state.leadership is not None:
        text = body.decode("utf-8", "replace")
        answer = SharedAnswer(status, content_type, dict(headers), body=text)
        await state.leadership.share(answer)


async def publish_completion(
    planned: PlannedRequest,
    state: RequestState,
    headers: Mapping[str, str],
    completion: JsonObject,
    forms: Forms,
) -> None:
    """Publish a completion that may not be stored, in its proved forms."""
    if state.leadership is not None:
        prompt_tokens, completion_tokens = planned.request.dialect.token_counts(completion)
        answer = SharedAnswer(
            headers=dict(headers),
            forms=forms,
            model="other" if state.facts.usage is None else state.facts.usage.model,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
        )
        await state.leadership.share(answer)


async def publish_stream(state: RequestState, sent: str, error: JsonObject | None) -> None:
    """Publish a stream that is no whole answer: as it came, or its error to JSON followers.

    Without an error, a follower that wants JSON finds its own answer.
    """
    if state.leadership is not None:
        answer = SharedAnswer(stream=sent)
        if error is not None:
            body = json.dumps({"error": error}, ensure_ascii=False)
            answer = SharedAnswer(_error_status(error), stream=sent, body=body)
        await state.leadership.share(answer)


def _error_status(error: JsonObject) -> int:
    """The status that an error in a stream names, or that of a failed upstream."""
    named = (error.get(name) for name in ("status", "status_code", "code"))
    known = (each for each in named if isinstance(each, int) and 400 <= each < 600)  # noqa: PLR2004
    return next(known, 502)


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
            left = self._store.publish(self._tenant, self.lease, text, PUBLISHED_ANSWER_SECONDS)
            if not await self._terms.attempt(left):
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
