"""The path of one request: plan, exact tier, single flight, semantic tier, upstream.

Each step returns what it decided (`pipeline/request/decision.py`); only this file carries it out.
"""

from asyncio import gather, to_thread
from typing import TYPE_CHECKING

from llm_cache_proxy.domain.errors import NotInCache, RequestRefused, UpstreamError
from llm_cache_proxy.domain.metrics.counter_names import merged, negated
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.checks.verifier import PairVerifier
from llm_cache_proxy.pipeline.client_keys import ClientKeyGate
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.answer import Answer, mark_error
from llm_cache_proxy.pipeline.request.decision import (
    AskUpstream,
    Decision,
    Fallback,
    Follow,
    Served,
)
from llm_cache_proxy.pipeline.request.planned_request import (
    LARGE_BODY_BYTES,
    ClientRequest,
    PlannedRequest,
    plan_request,
)
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.single_flight.coordinator import SingleFlight
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.support.unstored import UnstoredAnswers
from llm_cache_proxy.pipeline.tiers.exact import ExactTier
from llm_cache_proxy.pipeline.tiers.semantic import SemanticTier
from llm_cache_proxy.pipeline.upstream.miss import MissPath
from llm_cache_proxy.pipeline.upstream.revalidation import Revalidation, read_to_end
from llm_cache_proxy.ports.upstream import Upstream

if TYPE_CHECKING:
    from llm_cache_proxy.pipeline.checks.learning import Learning

_DRAIN_SECONDS = 10.0
_CLIENT_ERROR, _TOO_MANY, _SERVER_ERROR = 400, 429, 500
_FROM_UPSTREAM = frozenset({Result.MISS, Result.BYPASS, Result.ERROR})


@record()
class CachingProxy:
    """Answers requests from the nearest tier that may; made by `pipeline/composition.py`.

    `unstored_items` are of the batches of embeddings, which have places of their own to be stored
    in. They are here to be waited for, and hold no request up.
    """

    policy: Policy
    upstream: Upstream
    keys: ClientKeyGate
    exact: ExactTier
    single_flight: SingleFlight
    revalidation: Revalidation
    semantic: SemanticTier
    miss: MissPath
    pair_verifier: PairVerifier | None
    learning: "Learning | None"
    counter_writer: CounterWriter
    background: Background
    unstored: UnstoredAnswers | None = None
    unstored_items: UnstoredAnswers | None = None

    async def answer(self, request: ClientRequest, state: RequestState | None = None) -> Answer:
        """The answer to `request`; `state` goes on being filled in until a stream has ended.

        Raises RequestRefused where it cannot be served as it is, and UpstreamError where the
        upstream gave no answer. Cache trouble raises nothing.
        """
        state = RequestState() if state is None else state
        try:
            if request.client.key_id is not None:
                request = self.keys.placed(request)
            answer = await self._answer(request, state)
        except BaseException:
            self._release_charge(request.client.tenant, state)
            raise
        if answer.status >= _CLIENT_ERROR:
            mark_error(answer)
        answer.outcome.grant = state.account.grant
        if answer.outcome.result not in _FROM_UPSTREAM:
            self._release_charge(request.client.tenant, state)
        return answer

    async def _answer(self, request: ClientRequest, state: RequestState) -> Answer:
        routes = self.upstream.routes(request.model, request.dialect.path)
        if len(request.body) < LARGE_BODY_BYTES:
            planned = plan_request(request, self.policy, routes)
        else:
            planned = await to_thread(plan_request, request, self.policy, routes)
        state.facts.prompt = planned.text
        if planned.plan.bypass is not None:
            return await self._from_upstream(planned, state, AskUpstream(str(planned.plan.bypass)))
        try:
            decision, decided = await self._decide(planned, state)
            answer = await self._carry_out(decision, decided, state)
        except UpstreamError:
            stale = await self._stale_after_failure(planned, state)
            if stale is None:
                raise
            return stale
        except BaseException:
            state.abandon_leadership()
            raise
        if answer.status != _TOO_MANY and answer.status < _SERVER_ERROR:
            return answer
        return await self._stale_after_failure(planned, state) or answer

    async def _decide(
        self, planned: PlannedRequest, state: RequestState
    ) -> tuple[Decision, PlannedRequest]:
        """The decision, and the request under the key that its answer is stored by."""
        if self.unstored is not None and self.unstored.under_way:
            await self.unstored.stored(planned.identity.tenant, {planned.key})
        if (unread := planned.plan.no_read) is not None:
            return AskUpstream(str(unread)), await self.exact.clear_sequence(planned, state)
        found = await self.exact.find(planned, state)
        if found.answer is not None:
            if self.learning is not None:
                self.learning.control(found.planned, state, found.answer.outcome.reason)
            if found.lease is None:
                return Served(found.answer), found.planned
            return await self.revalidation.decide(found, found.answer, state), found.planned
        shared = await self.single_flight.lead_or_follow(found, state)
        if shared is not None:
            return shared, found.planned
        return await self._similar(found.planned, state), found.planned

    async def _similar(self, planned: PlannedRequest, state: RequestState) -> Served | AskUpstream:
        if (unfit := planned.plan.no_semantic) is not None:
            state.facts.because(unfit)
            return AskUpstream(state.facts.text)
        return await self.semantic.find(planned, state)

    async def _carry_out(
        self, decision: Decision, planned: PlannedRequest, state: RequestState
    ) -> Answer:
        match decision:
            case Served(answer, renewal):
                if state.counts.pending:
                    self.counter_writer.later(planned.identity.tenant, state.counts.take())
                if renewal is not None:
                    self._refresh_in_background(planned, renewal)
                return answer
            case Follow():
                found = self._after_leader(decision, planned, state)
                return self.single_flight.streamed(planned, decision, found, state)
            case AskUpstream(fallback=None) if planned.plan.only_if_cached:
                raise NotInCache(
                    "No stored answer may serve this request, and no other was wanted."
                )
            case ask:
                return await self._from_upstream(planned, state, ask)

    async def _after_leader(
        self, follow: Follow, planned: PlannedRequest, state: RequestState
    ) -> Answer:
        """The rest of a stream that began before the leader's answer was there."""
        decision: Decision | None = await follow.leader
        if decision is None:
            decision = await self._similar(planned, state)
        answer = await self._carry_out(decision, planned, state)
        state.facts.usage = answer.outcome.usage or state.facts.usage
        return answer

    async def _from_upstream(
        self, planned: PlannedRequest, state: RequestState, ask: AskUpstream
    ) -> Answer:
        """The upstream's answer, or the fallback if the upstream has none."""
        try:
            if planned.request.client.key_id is not None:
                await self.exact.reserve_budget(planned, state)
            if ask.judge_later is not None and self.pair_verifier is not None:
                self.pair_verifier.begin(planned, ask.judge_later)
            answer = await self.miss.answer(planned, state, ask)
        except (UpstreamError, RequestRefused):
            if ask.fallback is None:
                raise
            return self._with_fallback(planned, state, ask.fallback)
        if answer.status < _CLIENT_ERROR or ask.fallback is None:
            return answer
        return self._with_fallback(planned, state, ask.fallback)

    def _with_fallback(
        self, planned: PlannedRequest, state: RequestState, fallback: Fallback
    ) -> Answer:
        state.abandon_leadership()
        # If the upstream was called, the counts have been written with its failure.
        pending = {} if state.counts.result else state.counts.pending
        counts = merged(pending, negated(state.counts.result), dict(fallback.counts))
        state.counts.result = dict(fallback.counts)
        self.counter_writer.later(planned.identity.tenant, counts)
        return fallback.answer

    async def _stale_after_failure(
        self, planned: PlannedRequest, state: RequestState
    ) -> Answer | None:
        """An expired answer in place of the upstream's failure, if the policy allows one."""
        state.abandon_leadership()
        if planned.plan.stale_if_error_seconds <= 0:
            return None
        child = state.child()
        answer = await self.exact.stand_in(planned, child)
        if answer is not None:  # the failure has been counted as this request's result
            child.counts.add(negated(state.counts.result))
            state.counts.result = child.counts.result
        self.counter_writer.later(planned.identity.tenant, child.counts.take())
        state.counts.include(child.counts)
        return answer

    def _refresh_in_background(self, planned: PlannedRequest, state: RequestState) -> None:
        """Refresh the entry behind the stored answer, which the client already has."""

        async def work() -> None:
            await read_to_end(
                self._from_upstream(planned, state, AskUpstream(state.facts.text)), state
            )

        if not self.background.start(work):
            state.abandon_leadership()

    def _release_charge(self, tenant: str, state: RequestState) -> None:
        """Release what is still reserved of the key's budgets: the upstream was not called."""
        if state.account.charge is not None:
            unused = state.account.corrected_to(0, 0)
            self.counter_writer.write_in_background(tenant, unused)

    async def all_stored(self) -> None:
        """Wait, for a limited time, for what clients have already and the stores do not."""
        await gather(*(each.all_stored() for each in self._behind()))

    async def wait_for_background(self) -> None:
        """Wait for background work; counts may stay pending until the next call."""
        await self.all_stored()
        await self.background.wait()
        await self.counter_writer.wait()

    async def drain(self) -> None:
        """Wait for background work, for a limited time, and write pending counts."""
        # First: a failed one has a lease to release.
        await gather(*(each.wait_at_most(_DRAIN_SECONDS) for each in self._behind()))
        await self.background.wait_at_most(_DRAIN_SECONDS)
        await self.counter_writer.drain()

    def _behind(self) -> list[UnstoredAnswers]:
        return [each for each in (self.unstored, self.unstored_items) if each is not None]
