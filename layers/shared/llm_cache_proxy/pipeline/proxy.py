"""The path of one request: policy, keys, exact, semantic, upstream, store."""

import time
from dataclasses import dataclass

from llm_cache_proxy.domain.errors import NotInCache, RequestRefused, UpstreamError
from llm_cache_proxy.domain.metrics.counter_names import merged
from llm_cache_proxy.domain.metrics.histogram import latency_counts
from llm_cache_proxy.domain.requests.policy import Policy
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.client_request import ClientRequest
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest, model_of, plan_request
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.single_flight.coordinator import SingleFlight
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.tiers.exact import ExactTier
from llm_cache_proxy.pipeline.tiers.semantic import SemanticTier
from llm_cache_proxy.pipeline.upstream.miss import MissPath
from llm_cache_proxy.pipeline.upstream.revalidation import Revalidation
from llm_cache_proxy.ports.upstream import Upstream

_DRAIN_SECONDS = 10.0
_CLIENT_ERROR, _TOO_MANY, _SERVER_ERROR = 400, 429, 500

_FROM_UPSTREAM = frozenset({Result.MISS, Result.BYPASS})


@dataclass(frozen=True, slots=True)
class CachingProxy:
    """Answers requests from the nearest tier that may; composed in `bootstrap`."""

    policy: Policy
    upstream: Upstream
    exact: ExactTier
    semantic: SemanticTier
    miss: MissPath
    counter_writer: CounterWriter
    background: Background
    single_flight: SingleFlight
    revalidation: Revalidation

    async def wait_for_background(self) -> None:
        """Wait for what requests have left behind; counts may stay pending until the next call."""
        await self.background.wait()
        await self.counter_writer.wait()

    async def drain(self) -> None:
        """Wait for what requests have left behind, not for ever, and write what is pending."""
        await self.background.wait_at_most(_DRAIN_SECONDS)
        await self.counter_writer.drain()

    async def answer(self, request: ClientRequest) -> Answer:
        """The answer to `request`.

        Raises RequestRefused where it cannot be served as it is, and UpstreamError where the
        upstream gave no answer. Cache trouble raises nothing.
        """
        start = time.perf_counter()
        state = RequestState()
        try:
            answer = await self._answer(self.exact.keys.placed(request), state)
        except BaseException:
            self._give_back(request.tenant, state)
            raise
        answer.outcome.grant = state.grant
        if answer.outcome.result not in _FROM_UPSTREAM:
            self._give_back(request.tenant, state)
        spent = (time.perf_counter() - start) * 1000
        self.counter_writer.later(
            request.tenant, latency_counts(answer.outcome.result.value, spent)
        )
        return answer

    def _give_back(self, tenant: str, state: RequestState) -> None:
        """Take back what is still reserved of the key's budgets: the upstream was not asked."""
        charge, state.charge = state.charge, None
        if charge is not None:
            self.counter_writer.write_in_background(tenant, charge.corrected_to(0, 0))

    async def _answer(self, request: ClientRequest, state: RequestState) -> Answer:
        planned = plan_request(request, self.policy, self.upstream.routes(model_of(request.fields)))
        state.prompt = planned.text
        if planned.plan.bypass is not None:
            return await self._from_upstream(planned, state)
        try:
            answer = await self._found(planned, state)
        except UpstreamError:
            stale = await self._stale(planned, state)
            if stale is None:
                raise
            return stale
        except BaseException:
            state.abandon_leadership()
            raise
        if answer.status != _TOO_MANY and answer.status < _SERVER_ERROR:
            return answer
        return await self._stale(planned, state) or answer

    async def _stale(self, planned: PlannedRequest, state: RequestState) -> Answer | None:
        """An expired answer in place of the upstream's failure, where one may be given."""
        state.abandon_leadership()
        if planned.plan.stale_if_error_seconds <= 0:
            return None
        apart = RequestState(timings=state.timings, prompt=state.prompt, grant=state.grant)
        answer = await self.exact.stand_in(planned, apart)
        if answer is not None:  # the failure has been counted as this request's result
            apart.count({name: -amount for name, amount in state.counted.items()})
        self.counter_writer.later(planned.request.tenant, apart.take_counts())
        apart.written = merged(apart.written, state.written, state.counts)  # for the request log
        return answer

    async def _found(self, planned: PlannedRequest, state: RequestState) -> Answer:
        if (unread := planned.plan.no_read) is not None:
            planned = await self.exact.begin(planned, state)
            state.because(unread)
            return await self._beyond_exact(planned, state)
        hit, planned = await self.exact.find(planned, state)
        if hit is None:
            hit = await self.single_flight.enter(planned, state, self._beyond_exact)
        else:
            hit = await self.revalidation.begin(planned, state, hit, self._from_upstream)
            if hit is None:
                return await self._from_upstream(planned, state)
        if hit is not None:
            self.counter_writer.later(planned.request.tenant, state.take_counts())
            return hit
        return await self._beyond_exact(planned, state)

    async def _beyond_exact(self, planned: PlannedRequest, state: RequestState) -> Answer:
        if planned.plan.read:
            hit = await self.semantic.find(planned, state)
            if hit is not None:
                self.counter_writer.later(planned.request.tenant, state.take_counts())
                return hit
        if planned.plan.only_if_cached:
            raise NotInCache("No stored answer may serve this request, and no other was wanted.")
        return await self._from_upstream(planned, state)

    async def _from_upstream(self, planned: PlannedRequest, state: RequestState) -> Answer:
        """The upstream's answer, or the one to fall back on where there is none to be had."""
        try:
            await self.exact.before_upstream(planned, state)
            if state.unjudged is not None and self.semantic.pair_verifier is not None:
                self.semantic.pair_verifier.begin(planned, state.unjudged)
            answer = await self.miss.answer(planned, state)
        except (UpstreamError, RequestRefused):
            if state.fallback is None:
                raise
            return self._fallen_back(planned, state, state.fallback)
        if answer.status < _CLIENT_ERROR or state.fallback is None:
            return answer
        return self._fallen_back(planned, state, state.fallback)

    def _fallen_back(
        self, planned: PlannedRequest, state: RequestState, fallback: Answer
    ) -> Answer:
        state.abandon_leadership()
        # Where the upstream was asked, the trail's counts have been written with its failure.
        unwritten = {} if state.counted else state.counts
        failure = {name: -amount for name, amount in state.counted.items()}
        counts = merged(unwritten, failure, state.fallback_counts)
        self.counter_writer.later(planned.request.tenant, counts)
        return fallback
