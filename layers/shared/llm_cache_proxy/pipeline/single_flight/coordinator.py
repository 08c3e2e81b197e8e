"""Identical requests in flight at once share one upstream call, over all instances.

The first lookup that misses takes a lease; the others wait for what its holder leaves. In one
process one of them polls for all. Every wait has an end, and without a lease there is none.
"""

import asyncio
import random
import secrets
import time
from collections.abc import Coroutine
from dataclasses import field, replace
from functools import partial

from llm_cache_proxy.domain.entries.entry import Entry, Form
from llm_cache_proxy.domain.entries.shared_answer import LeaderResult, SharedAnswer
from llm_cache_proxy.domain.metrics.counter_names import COALESCED, ERROR, hit_counts, merged
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.answer import SSE_TYPE, Answer, Outcome
from llm_cache_proxy.pipeline.request.decision import Follow, Served
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.single_flight.follower import (
    WaitingBody,
    kept_answer,
    published_reply,
    read_leader_result,
)
from llm_cache_proxy.pipeline.single_flight.leader import LeaderLease
from llm_cache_proxy.pipeline.single_flight.waiting import (
    LocalWaiters,
    UpstreamPace,
    WaiterGroup,
    pauses,
)
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.tiers.exact import ExactResult, ExactTier
from llm_cache_proxy.pipeline.tiers.hit_answers import HitAnswers
from llm_cache_proxy.pipeline.tiers.leases import LostLeases
from llm_cache_proxy.ports.exact_store.leases import (
    CLAIM_BYTES,
    FoundSemantically,
    Lease,
    LeaseStore,
    NoLease,
    Poll,
    Polled,
)

KEEP_ALIVE_SECONDS = 5.0
"""How long a stream waits for its status; after that, the pause between two signs of life."""


@record()
class SingleFlight:
    """Leads and follows; `exact` looks a promoted key up again."""

    store: LeaseStore
    exact: ExactTier
    dependency: Dependency
    lost_leases: LostLeases
    hits: HitAnswers
    counter_writer: CounterWriter
    background: Background
    keep_alive_seconds: float = KEEP_ALIVE_SECONDS
    local_waiters: LocalWaiters = field(default_factory=LocalWaiters)
    pace: UpstreamPace = field(default_factory=UpstreamPace)

    async def lead_or_follow(
        self, found: ExactResult, state: RequestState
    ) -> Served | Follow | None:
        """The leader's answer, for a follower; None where this request finds its own.

        It then leads if `state.leadership` is set.
        """
        planned, lease = found.planned, found.lease
        if lease is None:
            return None
        if lease.led:
            await self.lead(planned, state, lease)
            return None
        if planned.form is Form.JSON:
            return await self._follow(planned, state, lease)
        task = asyncio.get_running_loop().create_task(self._follow(planned, state, lease))
        try:
            done, _ = await asyncio.wait([task], timeout=self.keep_alive_seconds)
        except asyncio.CancelledError:
            task.cancel()
            raise
        return task.result() if done else Follow(task)

    async def lead(self, planned: PlannedRequest, state: RequestState, lease: Lease) -> None:
        """Lead the local waiters; the caller must end `state.leadership`."""
        flight_key = (planned.identity.tenant, lease.flight)
        self._take_leadership(
            planned, state, lease, await self.local_waiters.start_group(flight_key, lease.token)
        )

    def streamed(
        self,
        planned: PlannedRequest,
        follow: Follow,
        found: Coroutine[None, None, Answer],
        state: RequestState,
    ) -> Answer:
        """A stream that stays alive until `found`, which waits for the leader, has an answer."""
        coming = asyncio.get_running_loop().create_task(found)

        def over(done: asyncio.Task[Answer]) -> None:
            follow.leader.cancel()
            if done.cancelled() or done.exception() is not None:
                state.abandon_leadership()

        coming.add_done_callback(over)
        outcome = Outcome(Result.COALESCED, str(Reason.COALESCED), timings=state.timings)
        body = WaitingBody(coming, self.keep_alive_seconds, planned.request.dialect)
        return Answer(200, SSE_TYPE, body, outcome)

    async def _follow(
        self, planned: PlannedRequest, state: RequestState, lease: Lease
    ) -> Served | None:
        result = await self._await_result(planned, state, lease)
        answer = await self._follower_answer(planned, state, result)
        return None if answer is None else Served(answer)

    async def _await_result(
        self, planned: PlannedRequest, state: RequestState, lease: Lease
    ) -> LeaderResult | FoundSemantically | None:
        """The leader's result; None if there is no leader any more, or no result in time."""
        group = self.local_waiters.join((planned.identity.tenant, lease.flight), lease.token)
        try:
            with state.timed("wait"):
                async with asyncio.timeout(self.lost_leases.terms.wait_seconds):
                    return await self._poll_once_per_process(group, planned, state, lease)
        except TimeoutError:
            state.facts.because(Reason.SINGLE_FLIGHT_TIMEOUT)
            return None
        finally:
            self.local_waiters.leave(group)

    async def _poll_once_per_process(
        self, group: WaiterGroup, planned: PlannedRequest, state: RequestState, lease: Lease
    ) -> LeaderResult | FoundSemantically | None:
        came = time.monotonic()
        await group.turn.acquire()
        leads = False
        try:
            if group.result is None:
                found = await self._poll_until_result(planned, state, lease, came)
                if isinstance(found, Lease):
                    leads = True
                    self._take_leadership(planned, state, found, group)
                    return None
                group.result = found
            return None if isinstance(group.result, NoLease) else group.result
        finally:
            if not leads:
                group.turn.release()

    async def _poll_until_result(
        self, planned: PlannedRequest, state: RequestState, lease: Lease, came: float
    ) -> LeaderResult | FoundSemantically | NoLease | Lease:
        expected = self.pace.expected_seconds(planned.identity.model)
        age_seconds = lease.age_seconds + time.monotonic() - came
        waits = pauses(expected, age_seconds, random.random())  # noqa: S311 - no secret
        while True:
            await asyncio.sleep(next(waits))
            query = Poll(
                tenant=planned.identity.tenant,
                key=planned.key,
                lease=lease,
                text_digest=planned.text_digest,
                lease_seconds=self.lost_leases.terms.lease_seconds,
                claim=secrets.token_hex(CLAIM_BYTES),
                max_age_seconds=planned.plan.max_age_seconds,
            )
            polled = await self.dependency.attempt(state, partial(self._poll_store, query))
            if polled is None:
                return NoLease()
            found, state.sequence = polled
            if isinstance(found, Lease) and not found.led:
                lease = found
                continue
            return read_leader_result(found)

    async def _poll_store(self, query: Poll) -> tuple[Polled, int]:
        try:
            return await self.store.poll(query)
        except BaseException:  # the last poll of a lease that has lapsed may have taken it
            self.lost_leases.withdraw(query.tenant, query.lease.flight, query.claim)
            raise

    def _take_leadership(
        self, planned: PlannedRequest, state: RequestState, lease: Lease, group: WaiterGroup
    ) -> None:
        def finish(result: LeaderResult | None, seconds: float) -> None:
            if result is not None:
                self.pace.saw(planned.identity.model, seconds)
            self.local_waiters.finish(group, result)

        state.leadership = LeaderLease(
            self.store,
            self.lost_leases.terms,
            planned.identity.tenant,
            planned.key,
            lease,
            self.background,
            finish,
        )

    async def _follower_answer(
        self,
        planned: PlannedRequest,
        state: RequestState,
        result: LeaderResult | FoundSemantically | None,
    ) -> Answer | None:
        if result is None:
            return None
        if not isinstance(result, FoundSemantically) and not _has_form(result, planned.form):
            return None
        state.charge_actual(0, 0)  # the leader pays
        if isinstance(result, FoundSemantically):
            alone = replace(planned, plan=replace(planned.plan, coalesce=False))
            return (await self.exact.find(alone, state)).answer
        tokens = (result.prompt_tokens, result.completion_tokens)
        counted = hit_counts(COALESCED, result.model, *tokens)
        failed = isinstance(result, SharedAnswer) and result.is_failure
        state.counts.result = {ERROR: 1} if failed else counted
        counts = merged(state.counts.result, state.counts.take())
        await self.counter_writer.write_together(planned.identity.tenant, counts)
        if isinstance(result, Entry):
            return kept_answer(self.hits, planned, state, result)
        if result.failure is not None:
            raise result.failure.error()
        return published_reply(planned, state, result)


def _has_form(result: LeaderResult, form: Form) -> bool:
    return result.forms.has(form) if isinstance(result, Entry) else result.has(form)
