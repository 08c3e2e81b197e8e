"""Asking the verifier about a pair of prompts, once: its word is remembered for the pair.

A verifier that fails has not approved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llm_cache_proxy.domain.entries.pairs import judged_pair
from llm_cache_proxy.domain.metrics.counter_names import VERIFIER_FAILED, ruling_counts
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.ports.pair_memory import PairMemory
from llm_cache_proxy.ports.vector_store import Candidate
from llm_cache_proxy.ports.verifier import Kind, Question, Ruling, Verifier

REMEMBERED_SECONDS = 30 * 86_400
"""How long a verdict is kept: as long as an entry can live by default."""


@dataclass(frozen=True, slots=True)
class PairVerifier:
    """Rulings on pairs; `counted_model` and `cost` (nano-dollars) say how one is counted.

    Where `asks` is False only what is remembered counts, as for an explanation.
    """

    verifier: Verifier
    memory: PairMemory
    tier: Dependency
    exact_tier: Dependency
    ledger: CounterWriter
    background: Background
    counted_model: Callable[[str], str]
    cost: Callable[[str, int, int], int]
    asks: bool = True

    async def remembered(
        self, asked: PlannedRequest, trail: RequestState, near: Sequence[Candidate]
    ) -> dict[str, bool]:
        """Approved or not by the candidate's key, for the pairs that were judged before."""
        if not near:
            return {}
        fingerprint, tenant = asked.fingerprint(), asked.request.tenant
        pairs = [judged_pair(fingerprint, asked.text, candidate.text) for candidate in near]
        verdicts = await self.exact_tier.attempt(trail, lambda: self.memory.verdicts(tenant, pairs))
        known = zip(near, verdicts or (), strict=False)
        return {candidate.key: verdict for candidate, verdict in known if verdict is not None}

    async def judged(
        self, asked: PlannedRequest, trail: RequestState, candidate: Candidate
    ) -> bool | None:
        """The verifier's word on the pair, remembered; None where it has none."""
        if not self.asks:
            return None
        ruling = await self.ruled(trail, Kind.PROMPTS, asked, asked.text, candidate.text)
        if ruling is None:
            return None
        pair = judged_pair(asked.fingerprint(), asked.text, candidate.text)
        await self.exact_tier.attempt(
            trail,
            lambda: self.memory.remember(
                asked.request.tenant,
                pair,
                approved=ruling.approved,
                ttl_seconds=REMEMBERED_SECONDS,
            ),
        )
        return ruling.approved

    def begin(self, asked: PlannedRequest, candidate: Candidate) -> None:
        """Have the pair judged beside what the request does next."""

        async def judge() -> None:
            trail = RequestState()
            await self.judged(asked, trail, candidate)
            self.ledger.later(asked.request.tenant, trail.counts)

        self.background.start(judge)

    async def ruled(
        self, trail: RequestState, kind: Kind, asked: PlannedRequest, a: str, b: str
    ) -> Ruling | None:
        """One question to the verifier, counted; None where it did not answer it."""
        question = Question(kind, a, b, asked.model)
        ruling = await self.tier.attempt(trail, lambda: self.verifier.rule(question))
        if ruling is None:
            trail.count({VERIFIER_FAILED: 1})
            return None
        tokens = (ruling.prompt_tokens, ruling.completion_tokens)
        model = self.counted_model(ruling.model) if ruling.model else ""
        cost = self.cost(model, *tokens) if model else 0
        trail.count(ruling_counts(model, *tokens, approved=ruling.approved, nano_dollars=cost))
        return ruling
