"""Asking the verifier about a pair of prompts, once: its word is remembered for the pair.

A verifier that fails has not approved.
"""

from collections.abc import Callable, Sequence

from llm_cache_proxy.domain.entries.pairs import judged_pair
from llm_cache_proxy.domain.metrics.counter_names import VERIFIER_FAILED, ruling_counts
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.ports.exact_store.pairs import PairMemory
from llm_cache_proxy.ports.vector_store import Candidate
from llm_cache_proxy.ports.verifier import Kind, Question, Ruling, Verifier

REMEMBERED_SECONDS = 30 * 86_400
"""How long a verdict is kept: as long as an entry can live by default."""


@record()
class PairVerifier:
    """Rulings on pairs; `counted_model` and `cost` (nano-dollars) say how one is counted.

    Where `asks` is False only what is remembered counts, as for an explanation.
    """

    verifier: Verifier
    memory: PairMemory
    dependency: Dependency
    exact_dependency: Dependency
    counter_writer: CounterWriter
    background: Background
    counted_model: Callable[[str], str]
    cost: Callable[[str, int, int], int]
    asks: bool = True

    async def remembered(
        self, planned: PlannedRequest, state: RequestState, near: Sequence[Candidate]
    ) -> dict[str, bool]:
        """Approved or not by the candidate's key, for the pairs that were judged before."""
        if not near:
            return {}
        fingerprint, tenant = planned.fingerprint(), planned.identity.tenant
        pairs = [judged_pair(fingerprint, planned.text, candidate.text) for candidate in near]
        verdicts = await self.exact_dependency.attempt(
            state, lambda: self.memory.verdicts(tenant, pairs)
        )
        known = zip(near, verdicts or (), strict=False)
        return {candidate.key: verdict for candidate, verdict in known if verdict is not None}

    async def judged(
        self, planned: PlannedRequest, state: RequestState, candidate: Candidate
    ) -> bool | None:
        """The verifier's word on the pair, remembered; None where it has none."""
        if not self.asks:
            return None
        ruling = await self.ruled(state, Kind.PROMPTS, planned, planned.text, candidate.text)
        if ruling is None:
            return None
        pair = judged_pair(planned.fingerprint(), planned.text, candidate.text)
        await self.exact_dependency.attempt(
            state,
            lambda: self.memory.remember(
                planned.identity.tenant,
                pair,
                approved=ruling.approved,
                ttl_seconds=REMEMBERED_SECONDS,
            ),
        )
        return ruling.approved

    def begin(self, planned: PlannedRequest, candidate: Candidate) -> None:
        """Have the pair judged beside what the request does next."""

        async def judge() -> None:
            state = RequestState()
            await self.judged(planned, state, candidate)
            self.counter_writer.later(planned.identity.tenant, state.counts.pending)

        self.background.start(judge)

    async def ruled(
        self, state: RequestState, kind: Kind, planned: PlannedRequest, a: str, b: str
    ) -> Ruling | None:
        """One question to the verifier, counted; None where it did not answer it."""
        question = Question(kind, a, b, planned.request.model)
        ruling = await self.dependency.attempt(state, lambda: self.verifier.rule(question))
        if ruling is None:
            state.counts.add({VERIFIER_FAILED: 1})
            return None
        tokens = (ruling.prompt_tokens, ruling.completion_tokens)
        model = self.counted_model(ruling.model) if ruling.model else ""
        cost = self.cost(model, *tokens) if model else 0
        state.counts.add(ruling_counts(model, *tokens, approved=ruling.approved, nano_dollars=cost))
        return ruling
