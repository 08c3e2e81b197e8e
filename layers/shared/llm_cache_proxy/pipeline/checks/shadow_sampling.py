"""Samples semantic hits: the upstream is asked all the same, and both answers are compared.

Where work may go on after an answer, the client has the cached one and the sample follows; where
everything stops then, a sampled hit is answered by the upstream and compared with the entry
before it ends. Never changes what a hit that is not sampled gets.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import (
    SHADOW_FAILED,
    SHADOW_RAISED,
    sample_counts,
)
from llm_cache_proxy.domain.metrics.intervals import wilson_interval
from llm_cache_proxy.domain.requests.reasons import Reason
from llm_cache_proxy.domain.requests.shadow_rules import ShadowRules
from llm_cache_proxy.pipeline.checks.agreement import Agreement, said_by
from llm_cache_proxy.pipeline.checks.fresh_answers import FreshAnswers, may_be_compared
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.decision import AskUpstream, Fallback, Served
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.ports.exact_store.pairs import PairMemory, Standing
from llm_cache_proxy.ports.exact_store.store import Hit

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ShadowSampler:
    """Takes samples; `instead` says that nothing runs after an answer.

    `threshold` is the operator's, which samples may raise. `chance` gives a number from 0 to 1.
    """

    rules: ShadowRules
    threshold: float
    fresh_answers: FreshAnswers
    agreement: Agreement
    memory: PairMemory
    exact_dependency: Dependency
    counter_writer: CounterWriter
    background: Background
    chance: Callable[[], float]
    instead: bool = False

    def decide(
        self, planned: PlannedRequest, state: RequestState, hit: Hit, answer: Answer
    ) -> Served | AskUpstream:
        """Serve `answer`, or ask the upstream for one in its place and fall back on `answer`."""
        if self.chance() >= self.rules.rate or not may_be_compared(planned, state):
            return Served(answer)
        held = said_by(planned.request.dialect, planned.form, hit.body)
        if held is None:
            return Served(answer)
        if not self.instead:
            self.background.start(lambda: self._follow(planned, held))
            return Served(answer)
        # The store counted a hit in the same round trip; it is none.
        counted = state.counts.result
        state.counts.undo_result()

        async def compare(completion: JsonObject) -> None:
            fresh = planned.request.dialect.answer_text(completion)
            await self._compare(planned, state, held, fresh)

        return AskUpstream(str(Reason.SHADOW), Fallback(answer, counted), compare)

    async def _follow(self, planned: PlannedRequest, held: str) -> None:
        """Ask the upstream what the client was not kept waiting for, and compare."""
        state = RequestState()
        fresh = await self.fresh_answers.ask(planned, state)
        if fresh is None:
            state.counts.add({SHADOW_FAILED: 1})
        else:
            await self._compare(planned, state, held, fresh.said)
        self.counter_writer.later(planned.identity.tenant, state.counts.pending)

    async def _compare(
        self, planned: PlannedRequest, state: RequestState, held: str, fresh: str
    ) -> None:
        agrees = await self.agreement.holds(planned, state, held, fresh)
        if agrees is None:
            state.counts.add({SHADOW_FAILED: 1})
            return
        state.counts.add(sample_counts(wrong=not agrees))
        tenant = planned.identity.tenant
        standing = await self.exact_dependency.attempt(
            state, lambda: self.memory.sampled(tenant, wrong=not agrees)
        )
        if standing is not None:
            await self._raise(tenant, state, standing)

    async def _raise(self, tenant: str, state: RequestState, standing: Standing) -> None:
        """Raise the tenant's threshold where the samples say so, in one instance of all."""
        before = standing.raised_threshold
        samples, wrong = standing.samples, standing.wrong
        higher = self.rules.raised(max(self.threshold, before), samples=samples, wrong=wrong)
        if higher is None:
            return
        done = await self.exact_dependency.attempt(
            state, lambda: self.memory.set_threshold(tenant, higher, before=before)
        )
        if done:
            state.counts.add({SHADOW_RAISED: 1})
            interval = wilson_interval(wrong, samples)
            _log.warning(
                "semantic threshold raised to %s for tenant %r: %d of %d sampled hits were wrong "
                "(95 %% interval %s)",
                higher,
                tenant,
                wrong,
                samples,
                interval,
            )
