"""The second tier: another prompt that means the same was answered before.

Near is not enough: a judge must find no difference in meaning. Candidates are considered in
turn, nearest first, and everything around the prompt has to be equal already (the fingerprint).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.promise import group_of
from llm_cache_proxy.domain.promise.counters import seen_counts
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.keys import is_respelt
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.checks.near import Near
from llm_cache_proxy.pipeline.checks.verifier import PairVerifier
from llm_cache_proxy.pipeline.request.decision import AskUpstream, Served
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.support.embedding_calls import EmbeddingCalls
from llm_cache_proxy.pipeline.support.unstored import UnstoredAnswers
from llm_cache_proxy.pipeline.tiers.hit_answers import HitAnswers
from llm_cache_proxy.pipeline.tiers.judges import GuardJudge, Judge, LearnedJudge, VerifierJudge
from llm_cache_proxy.pipeline.tiers.promotions import Promotions, pair_of
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.embedder import Embedder
from llm_cache_proxy.ports.exact_store.store import (
    Barred,
    BelowRaised,
    Hit,
    Miss,
)
from llm_cache_proxy.ports.vector_store import Candidate, Scope, VectorStore

if TYPE_CHECKING:
    from llm_cache_proxy.pipeline.checks.learning import Learning
    from llm_cache_proxy.pipeline.checks.shadow_sampling import ShadowSampler

_TELLS_MORE = (Reason.GUARD, Reason.FEEDBACK)
"""Reasons of the exact tier, which explain more than that nothing else is near."""

_WITHHELD = {Barred: Reason.FEEDBACK, BelowRaised: Reason.THRESHOLD_RAISED}


async def nothing_to_prepare() -> None:
    """Nothing has to be prepared."""


@record()
class SemanticTier:
    """Embeds the last user text and looks for a neighbour whose answer may serve.

    `prepare` is awaited before the tier's parts are asked, outside their deadlines. `pair_verifier`
    is there where the policy asks for a verifier, `shadow_sampler` where hits are sampled, and
    `unstored`, of answers whose vectors are searched, where one may leave before it is stored.
    """

    promotions: Promotions
    vectors: VectorStore
    embedder: Embedder
    guard: Guard
    embedding_calls: EmbeddingCalls
    search_dependency: Dependency
    clock: Clock
    candidates: int
    hits: HitAnswers
    prepare: Callable[[], Awaitable[None]] = nothing_to_prepare
    pair_verifier: PairVerifier | None = None
    shadow_sampler: "ShadowSampler | None" = None
    learning: "Learning | None" = None
    unstored: UnstoredAnswers | None = None

    async def find(self, planned: PlannedRequest, state: RequestState) -> Served | AskUpstream:
        """The answer of the nearest entry that means the same, promoted to the exact tier.

        Without the exact tier no semantic hit is served: it alone knows what was cleared. The
        request's plan allows the tier.
        """
        if state.exact_unavailable:
            return AskUpstream(state.facts.text)
        vector = await self.vector(planned, state)
        if vector is None:
            return AskUpstream(state.facts.text)
        if self.unstored is not None and self.unstored.under_way:
            await self.unstored.stored(planned.identity.tenant)
        scope = self.scope(planned)
        learning = None if planned.plan.verified else self.learning
        floor = planned.plan.threshold if learning is None else learning.floor(planned)
        now = int(self.clock.now())
        near = await self.search_dependency.attempt(
            state,
            lambda: self.vectors.nearest(
                scope, vector, now=now, limit=self.candidates, at_least=floor
            ),
        )
        if near is None:
            return AskUpstream(str(Reason.SEARCH_UNAVAILABLE))
        if learning is not None:
            group = group_of(scope.fingerprint)
            return await self._first_learned(learning, planned, state, near, group)
        return await self._first_match(planned, state, near)

    def scope(self, planned: PlannedRequest) -> Scope:
        """What must match before meaning is compared."""
        return Scope(planned.identity.tenant, planned.fingerprint(), self.embedder.embedder_id)

    async def vector(self, planned: PlannedRequest, state: RequestState) -> Sequence[float] | None:
        """The prompt's vector, computed once a request; None if it would not cover the prompt."""
        if state.vector is None and not state.too_long:
            await self.prepare()
            found = await self.embedding_calls.embed(state, [planned.text])
            if found is None:
                state.facts.because(Reason.EMBEDDER_UNAVAILABLE)
            elif not found[0].whole:
                state.too_long = True
                state.facts.because(Reason.TOO_LONG)
            else:
                state.vector = found[0].vector
        return state.vector

    async def store(self, planned: PlannedRequest, state: RequestState, entry: Entry) -> bool:
        """Whether the entry's vector was stored beside it."""
        vector = await self.vector(planned, state)
        if vector is None:
            return False
        scope = self.scope(planned)
        stored = await self.search_dependency.attempt(
            state, lambda: self._stored(scope, vector, entry)
        )
        return stored is not None

    async def _stored(self, scope: Scope, vector: Sequence[float], entry: Entry) -> bool:
        await self.vectors.store(scope, vector, entry)
        return True

    async def _first_match(
        self, planned: PlannedRequest, state: RequestState, near: Sequence[Candidate]
    ) -> Served | AskUpstream:
        if near and near[0].similarity < planned.plan.threshold:
            state.facts.compared_with(near[0].entry_id, near[0].similarity)
            if state.facts.reason not in _TELLS_MORE:
                state.facts.because(Reason.BELOW_THRESHOLD)
        eligible = [
            c for c in near if c.similarity >= planned.plan.threshold and _may_serve(planned, c)
        ]
        judge = await self._judge(planned, state, eligible)
        for candidate in eligible:
            state.facts.compared_with(candidate.entry_id, candidate.similarity)
            accepted = await judge.accepts(candidate)
            if accepted is None:
                continue
            found = await self.promotions.serve(planned, state, candidate)
            if isinstance(found, Hit):
                pair = pair_of(planned, candidate)
                answer = self.hits.answer(
                    planned, state, found, Result.HIT_SEMANTIC, accepted, pair=pair
                )
                if self.shadow_sampler is None:
                    return Served(answer)
                sampled = self.shadow_sampler.decide(planned, state, found, answer)
                if isinstance(sampled, Served):
                    return sampled
                return replace(sampled, judge_later=judge.unjudged)
            unproved = isinstance(found, Miss) and found.unproved
            withheld = _WITHHELD.get(type(found), Reason.CUT_OFF)
            state.facts.because(Reason.FORM_UNPROVED if unproved else withheld)
        return AskUpstream(state.facts.text, judge_later=judge.unjudged)

    async def _first_learned(
        self,
        learning: "Learning",
        planned: PlannedRequest,
        state: RequestState,
        near: Sequence[Candidate],
        group: int,
    ) -> Served | AskUpstream:
        """The same, by what labels show of candidates in this group, in place of the threshold."""
        floor = learning.floor(planned)
        judge = LearnedJudge(planned, state, self.guard, learning, group)
        if near and near[0].similarity < floor:
            state.facts.compared_with(near[0].entry_id, near[0].similarity)
            state.facts.because(Reason.BELOW_THRESHOLD)
        for candidate in near:
            if candidate.similarity < floor or not _may_serve(planned, candidate):
                continue
            state.facts.compared_with(candidate.entry_id, candidate.similarity)
            accepted = judge.accepts(candidate)
            if accepted is None:
                continue
            reason, learned_from, expected = accepted
            checked = learned_from is not None and learning.checks(planned, state, group)
            if checked and learning.inline:
                return await self._ask_and_learn(
                    learning, planned, state, learned_from, fixed=judge.fixed, expected=expected
                )
            counts = (
                None
                if learned_from is None
                else seen_counts(group, learned_from.cell, served=True, fixed=judge.fixed)
            )
            found = await self.promotions.serve(planned, state, candidate, counts)
            if isinstance(found, Hit):
                if learned_from is not None and checked:
                    learning.check(planned, learned_from, expected)
                pair = pair_of(planned, candidate)
                return Served(
                    self.hits.answer(planned, state, found, Result.HIT_SEMANTIC, reason, pair=pair)
                )
            state.facts.because(_WITHHELD.get(type(found), Reason.CUT_OFF))
        return await self._ask_and_learn(
            learning, planned, state, judge.near_miss, fixed=judge.fixed
        )

    async def _ask_and_learn(
        self,
        learning: "Learning",
        planned: PlannedRequest,
        state: RequestState,
        near: Near | None,
        *,
        fixed: bool,
        expected: float | None = None,
    ) -> AskUpstream:
        """Ask the upstream, and learn from its answer whether `near` would have been right.

        `fixed` says whether a fixed threshold would have served, `expected` that the hit is checked
        and how much of its kind should differ. A plan that is old is renewed first.
        """
        await learning.refresh(planned.identity.tenant, state)
        if expected is not None:
            state.facts.because(Reason.EXPLORED)
        if near is None:
            return AskUpstream(state.facts.text)
        state.counts.add(seen_counts(near.group, near.cell, fixed=fixed))
        return AskUpstream(
            state.facts.text, compare=learning.compare(planned, near, expected=expected)
        )

    async def _judge(
        self, planned: PlannedRequest, state: RequestState, near: Sequence[Candidate]
    ) -> Judge:
        if not planned.plan.verified:
            return GuardJudge(planned, state, self.guard)
        if self.pair_verifier is None:
            raise ValueError("a policy that asks for a verifier has none to ask")
        known = await self.pair_verifier.remembered(planned, state, near)
        return VerifierJudge(planned, state, self.guard, self.pair_verifier, known)


def _may_serve(planned: PlannedRequest, candidate: Candidate) -> bool:
    """Whether the texts differ in more than their spelling, where the spelling counts."""
    return planned.normalises or not is_respelt(planned.text, candidate.text)
