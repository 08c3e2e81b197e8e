"""Requests that are alike and in flight at once share one upstream call, over all instances.

The first lookup that misses takes a lease; the others wait for what its holder leaves. In one
process one of them polls for all. Nobody waits for ever, and without a lease nobody waits at all.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial

from llm_cache_proxy.domain.entries.entry import Entry, Form
from llm_cache_proxy.domain.entries.shared_answer import LeaderResult
from llm_cache_proxy.domain.metrics.counter_names import COALESCED, hit_counts, merged
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.domain.upstreams.pacing import UpstreamPace, pauses
from llm_cache_proxy.pipeline.request.answer import SSE_TYPE, Answer, Outcome
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.single_flight.follower import (
    WaitingBody,
    kept_answer,
    published_reply,
    read_leader_result,
)
from llm_cache_proxy.pipeline.single_flight.leader import LeaderLease
from llm_cache_proxy.pipeline.single_flight.local_waiters import LocalWaiters, WaiterGroup
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.tiers.exact import ExactTier
from llm_cache_proxy.pipeline.tiers.leases import LeaseTerms, new_claim
from llm_cache_proxy.ports.lease_store import (
    FoundSemantically,
    Lease,
    LeaseStore,
    NoLease,
    Poll,
    Polled,
)

KEEP_ALIVE_SECONDS = 5.0
"""A stream is held back so long for its status, and then kept alive as often."""

GoOn = Callable[[PlannedRequest, RequestState], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class SingleFlight:
    """Leads and follows; `exact` looks a promoted key up again."""

    store: LeaseStore
    exact: ExactTier
    terms: LeaseTerms
    background: Background
    keep_alive_seconds: float = KEEP_ALIVE_SECONDS
    flights: LocalWaiters = field(default_factory=LocalWaiters)
    pace: UpstreamPace = field(default_factory=UpstreamPace)

    async def enter(self, asked: PlannedRequest, trail: RequestState, go_on: GoOn) -> Answer | None:
        """What another caller's answer gives; None where this one is to find its own.

        It then leads, if `trail.lead` says so. `go_on` finds the answer of a follower whose stream
        has begun already.
        """
        lease = trail.lease
        if lease is None:
            return None
        if lease.led:
            await self.lead(asked, trail, lease)
            return None
        if asked.form is Form.JSON:
            return await self._told(asked, trail, await self._landing(asked, trail, lease))
        return await self._streamed(asked, trail, lease, go_on)

    async def lead(self, asked: PlannedRequest, trail: RequestState, lease: Lease) -> None:
        """Take the lead of those who wait; `trail.lead` is to be ended."""
        place = (asked.request.tenant, lease.flight)
        self._lead(asked, trail, lease, await self.flights.led(place, lease.token))

    async def _streamed(
        self, asked: PlannedRequest, trail: RequestState, lease: Lease, go_on: GoOn
    ) -> Answer | None:
        task = asyncio.get_running_loop().create_task(self._landing(asked, trail, lease))
        try:
            done, _ = await asyncio.wait([task], timeout=self.keep_alive_seconds)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if done:
            return await self._told(asked, trail, task.result())

        async def rest() -> Answer:
            told = await self._told(asked, trail, await task)
            if told is None:
                return await go_on(asked, trail)
            self.exact.ledger.later(asked.request.tenant, trail.handed_over())
            return told

        def over(done: asyncio.Task[Answer]) -> None:
            task.cancel()
            left = done.cancelled() or done.exception() is not None
            if left and trail.lead is not None:
                trail.lead.abandon()

        coming = asyncio.get_running_loop().create_task(rest())
        coming.add_done_callback(over)
        body = WaitingBody(coming, self.keep_alive_seconds)
        outcome = Outcome(
            Result.COALESCED, str(Reason.COALESCED), timings=trail.timings, trail=trail
        )
        return Answer(200, SSE_TYPE, body, outcome)

    async def _landing(
        self, asked: PlannedRequest, trail: RequestState, lease: Lease
    ) -> LeaderResult | FoundSemantically | None:
        """What the leader left; None where nobody else will answer, or not in time."""
        flight = self.flights.joined((asked.request.tenant, lease.flight), lease.token)
        try:
            with trail.timed("wait"):
                async with asyncio.timeout(self.terms.wait_seconds):
                    return await self._in_turn(flight, asked, trail, lease)
        except TimeoutError:
            trail.because(Reason.SINGLE_FLIGHT_TIMEOUT)
            return None
        finally:
            self.flights.left(flight)

    async def _in_turn(
        self, flight: WaiterGroup, asked: PlannedRequest, trail: RequestState, lease: Lease
    ) -> LeaderResult | FoundSemantically | None:
        came = time.monotonic()
        await flight.turn.acquire()
        leads = False
        try:
            if flight.landing is None:
                found = await self._polled(asked, trail, lease, came)
                if isinstance(found, Lease):
                    leads = True
                    self._lead(asked, trail, found, flight)
                    return None
                flight.landing = found
            return None if isinstance(flight.landing, NoLease) else flight.landing
        finally:
            if not leads:
                flight.turn.release()

    async def _polled(
        self, asked: PlannedRequest, trail: RequestState, lease: Lease, came: float
    ) -> LeaderResult | FoundSemantically | NoLease | Lease:
        expected = self.pace.expected_seconds(asked.identity.model)
        age_seconds = lease.age_seconds + time.monotonic() - came
        waits = pauses(expected, age_seconds, random.random())  # noqa: S311 - no secret
        while True:
            await asyncio.sleep(next(waits))
            query = Poll(
                tenant=asked.request.tenant,
                key=asked.key,
                lease=lease,
                text_digest=asked.text_digest,
                lease_seconds=self.terms.lease_seconds,
                claim=new_claim(),
                max_age_seconds=asked.plan.max_age_seconds,
            )
            polled = await self.exact.tier.attempt(trail, partial(self._poll, query))
            if polled is None:
                return NoLease()
            found, trail.sequence = polled
            if isinstance(found, Lease) and not found.led:
                lease = found
                continue
            return read_leader_result(found)

    def _poll(self, query: Poll) -> Awaitable[tuple[Polled, int]]:
        call = self.store.poll(query)
        return self.exact.claims.heard(query.tenant, query.lease.flight, query.claim, call)

    def _lead(
        self, asked: PlannedRequest, trail: RequestState, lease: Lease, flight: WaiterGroup
    ) -> None:
        def landed(landing: LeaderResult | None, seconds: float) -> None:
            if landing is not None:
                self.pace.saw(asked.identity.model, seconds)
            self.flights.landed(flight, landing)

        trail.lead = LeaderLease(
            self.store,
            self.terms,
            asked.request.tenant,
            asked.key,
            lease,
            self.background,
            landed,
        )

    async def _told(
        self,
        asked: PlannedRequest,
        trail: RequestState,
        landing: LeaderResult | FoundSemantically | None,
    ) -> Answer | None:
        if landing is None:
            return None
        trail.settle(0, 0)  # the leader pays
        if isinstance(landing, FoundSemantically):
            alone = replace(asked, plan=replace(asked.plan, coalesce=False))
            answer, _ = await self.exact.find(alone, trail)
            return answer
        tokens = (landing.prompt_tokens, landing.completion_tokens)
        trail.counted = hit_counts(COALESCED, landing.model, *tokens)
        counts = merged(trail.counted, trail.handed_over())
        await self.exact.ledger.write_together(asked.request.tenant, counts)
        if isinstance(landing, Entry):
            return kept_answer(self.exact.hits, asked, trail, landing)
        if landing.failure is not None:
            raise landing.failure.error()
        return published_reply(asked, trail, landing)
