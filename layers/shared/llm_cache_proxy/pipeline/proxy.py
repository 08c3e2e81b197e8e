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
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest, asked, model_of
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
    ledger: CounterWriter
    background: Background
    single_flight: SingleFlight
    renewing: Revalidation

    async def settled(self) -> None:
        """Wait for what requests have left behind; counts may stay pending until the next call."""
        await self.background.settled()
        await self.ledger.settled()

    async def drain(self) -> None:
        """Wait for what requests have left behind, not for ever, and write what is pending."""
        await self.background.drained(_DRAIN_SECONDS)
        await self.ledger.drain()

    async def answer(self, request: ClientRequest) -> Answer:
        """The answer to `request`.

        Raises RequestRefused where it cannot be served as it is, and UpstreamError where the
        upstream gave no answer. Cache trouble raises nothing.
        """
        start = time.perf_counter()
        trail = RequestState()
        try:
            answer = await self._answer(self.exact.keys.placed(request), trail)
        except BaseException:
            self._give_back(request.tenant, trail)
            raise
        answer.outcome.grant = trail.grant
        if answer.outcome.result not in _FROM_UPSTREAM:
            self._give_back(request.tenant, trail)
        spent = (time.perf_counter() - start) * 1000
        self.ledger.later(request.tenant, latency_counts(answer.outcome.result.value, spent))
        return answer

    def _give_back(self, tenant: str, trail: RequestState) -> None:
        """Take back what is still reserved of the key's budgets: the upstream was not asked."""
        charge, trail.charge = trail.charge, None
        if charge is not None:
            self.ledger.settle(tenant, charge.corrected_to(0, 0))

    async def _answer(self, request: ClientRequest, trail: RequestState) -> Answer:
        this = asked(request, self.policy, self.upstream.routes(model_of(request.fields)))
        trail.prompt = this.text
        if this.plan.bypass is not None:
            return await self._from_upstream(this, trail)
        try:
            answer = await self._found(this, trail)
        except UpstreamError:
            stale = await self._stale(this, trail)
            if stale is None:
                raise
            return stale
        except BaseException:
            trail.abandon_lead()
            raise
        if answer.status != _TOO_MANY and answer.status < _SERVER_ERROR:
            return answer
        return await self._stale(this, trail) or answer

    async def _stale(self, this: PlannedRequest, trail: RequestState) -> Answer | None:
        """An expired answer in place of the upstream's failure, where one may be given."""
        trail.abandon_lead()
        if this.plan.stale_if_error_seconds <= 0:
            return None
        apart = RequestState(timings=trail.timings, prompt=trail.prompt, grant=trail.grant)
        answer = await self.exact.stand_in(this, apart)
        if answer is not None:  # the failure has been counted as this request's result
            apart.count({name: -amount for name, amount in trail.counted.items()})
        self.ledger.later(this.request.tenant, apart.handed_over())
        apart.written = merged(apart.written, trail.written, trail.counts)  # for the request log
        return answer

    async def _found(self, this: PlannedRequest, trail: RequestState) -> Answer:
        if (unread := this.plan.no_read) is not None:
            this = await self.exact.begin(this, trail)
            trail.because(unread)
            return await self._beyond_exact(this, trail)
        hit, this = await self.exact.find(this, trail)
        if hit is None:
            hit = await self.single_flight.enter(this, trail, self._beyond_exact)
        else:
            hit = await self.renewing.begin(this, trail, hit, self._from_upstream)
            if hit is None:
                return await self._from_upstream(this, trail)
        if hit is not None:
            self.ledger.later(this.request.tenant, trail.handed_over())
            return hit
        return await self._beyond_exact(this, trail)

    async def _beyond_exact(self, this: PlannedRequest, trail: RequestState) -> Answer:
        if this.plan.read:
            hit = await self.semantic.find(this, trail)
            if hit is not None:
                self.ledger.later(this.request.tenant, trail.handed_over())
                return hit
        if this.plan.only_if_cached:
            raise NotInCache("No stored answer may serve this request, and no other was wanted.")
        return await self._from_upstream(this, trail)

    async def _from_upstream(self, this: PlannedRequest, trail: RequestState) -> Answer:
        """The upstream's answer, or the one to fall back on where there is none to be had."""
        try:
            await self.exact.before_upstream(this, trail)
            if trail.unjudged is not None and self.semantic.verifying is not None:
                self.semantic.verifying.begin(this, trail.unjudged)
            answer = await self.miss.answer(this, trail)
        except (UpstreamError, RequestRefused):
            if trail.fallback is None:
                raise
            return self._fallen_back(this, trail, trail.fallback)
        if answer.status < _CLIENT_ERROR or trail.fallback is None:
            return answer
        return self._fallen_back(this, trail, trail.fallback)

    def _fallen_back(self, this: PlannedRequest, trail: RequestState, fallback: Answer) -> Answer:
        trail.abandon_lead()
        # Where the upstream was asked, the trail's counts have been written with its failure.
        unwritten = {} if trail.counted else trail.counts
        failure = {name: -amount for name, amount in trail.counted.items()}
        counts = merged(unwritten, failure, trail.fallback_counts)
        self.ledger.later(this.request.tenant, counts)
        return fallback
