"""The second tier: another prompt that means the same was answered before.

Near is not enough: a judge must find no difference in meaning. Candidates are considered in
turn, nearest first, and everything around the prompt has to be equal already (the fingerprint).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from llm_cache_proxy.domain.entries.entry import Alias, Entry
from llm_cache_proxy.domain.entries.pairs import barred_pair
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.requests.presets import decision_version
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.checks.shadow_sampling import ShadowSampler
from llm_cache_proxy.pipeline.checks.verifier import PairVerifier
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.tiers.hit_answers import HitAnswers
from llm_cache_proxy.pipeline.tiers.judges import GuardJudge, Judge, VerifierJudge
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.embedder import Embedder, Embedding
from llm_cache_proxy.ports.exact_store import (
    Barred,
    BelowRaised,
    Commit,
    ExactStore,
    Hit,
    Lookup,
    Match,
    Miss,
    Promoted,
)
from llm_cache_proxy.ports.vector_store import Candidate, Scope, VectorStore

_TELLS_MORE = (Reason.GUARD, Reason.FEEDBACK)
"""What the exact tier found says more than that nothing else is near."""

_WITHHELD = {Barred: Reason.FEEDBACK, BelowRaised: Reason.THRESHOLD_RAISED}


async def _at_hand() -> None:
    """Nothing has to be prepared."""


@dataclass(frozen=True, slots=True)
class SemanticTier:
    """Embeds the last user text and looks for a neighbour whose answer may serve.

    `prepare` is awaited before the tier's parts are asked, outside their deadlines. `verifying`
    is there where the policy asks for a verifier, `shadowing` where hits are sampled.
    """

    exact: ExactStore
    vectors: VectorStore
    embedder: Embedder
    guard: Guard
    exact_tier: Dependency
    embed_tier: Dependency
    search_tier: Dependency
    clock: Clock
    candidates: int
    hits: HitAnswers
    prepare: Callable[[], Awaitable[None]] = _at_hand
    verifying: PairVerifier | None = None
    shadowing: ShadowSampler | None = None

    async def find(self, asked: PlannedRequest, trail: RequestState) -> Answer | None:
        """The answer of the nearest entry that means the same, promoted to the exact tier.

        Without the exact tier nothing is served by meaning: it alone knows what was cleared.
        """
        if asked.plan.no_semantic is not None:
            trail.because(asked.plan.no_semantic)
            return None
        if trail.exact_away:
            return None
        vector = await self.vector(asked, trail)
        if vector is None:
            return None
        scope = self.scope(asked)
        near = await self.search_tier.attempt(
            trail,
            lambda: self.vectors.nearest(
                scope, vector, now=int(self.clock.now()), limit=self.candidates
            ),
        )
        if near is None:
            trail.because(Reason.SEARCH_UNAVAILABLE)
            return None
        return await self._first_alike(asked, trail, near)

    def scope(self, asked: PlannedRequest) -> Scope:
        """What must match before meaning is compared."""
        return Scope(asked.request.tenant, asked.fingerprint(), self.embedder.embedder_id)

    async def vector(self, asked: PlannedRequest, trail: RequestState) -> Sequence[float] | None:
        """The prompt's vector, computed once a request; None where none stands for all of it."""
        if trail.vector is None:
            await self.prepare()
            embedded = await self.embed_tier.attempt(trail, lambda: self._embedding(asked.text))
            if embedded is None:
                trail.because(Reason.EMBEDDER_UNAVAILABLE)
            elif not embedded.whole:
                trail.because(Reason.TOO_LONG)
            else:
                trail.vector = embedded.vector
        return trail.vector

    async def _embedding(self, text: str) -> Embedding:
        [embedding] = await self.embedder.embed([text])
        return embedding

    async def _first_alike(
        self, asked: PlannedRequest, trail: RequestState, near: Sequence[Candidate]
    ) -> Answer | None:
        if near and near[0].similarity < asked.plan.threshold:
            trail.similarity = near[0].similarity
            if trail.reason not in _TELLS_MORE:
                trail.because(Reason.BELOW_THRESHOLD)
        eligible = [c for c in near if c.similarity >= asked.plan.threshold]
        judge = await self._judge(asked, trail, eligible)
        for candidate in eligible:
            trail.similarity = candidate.similarity
            accepted = await judge.accepts(candidate)
            if accepted is None:
                continue
            found = await self.exact_tier.attempt(
                trail, partial(self._served, asked, trail, candidate)
            )
            if isinstance(found, Hit):
                pair = _pair(asked, candidate)
                answer = self.hits.answer(
                    asked, trail, found, Result.HIT_SEMANTIC, accepted, pair=pair
                )
                if self.shadowing is None:
                    return answer
                return self.shadowing.sampled(asked, trail, found, answer)
            trail.because(_WITHHELD.get(type(found), Reason.CUT_OFF))
        return None

    async def _judge(
        self, asked: PlannedRequest, trail: RequestState, near: Sequence[Candidate]
    ) -> Judge:
        if not asked.plan.verified:
            return GuardJudge(asked, trail, self.guard)
        if self.verifying is None:
            raise ValueError("a policy that asks for a verifier has none to ask")
        known = await self.verifying.remembered(asked, trail, near)
        return VerifierJudge(asked, trail, self.guard, self.verifying, known)

    async def _served(
        self, asked: PlannedRequest, trail: RequestState, candidate: Candidate
    ) -> Promoted:
        found = await self._promoted(asked, trail, candidate)
        if isinstance(found, Miss) and await self._restored(asked, trail, candidate):
            found = await self._promoted(asked, trail, candidate)
        if isinstance(found, Hit):
            trail.settle_as_reserved()  # the promotion has given it back
            if trail.lead is not None:
                trail.lead.ended()
        return found

    async def _promoted(
        self, asked: PlannedRequest, trail: RequestState, candidate: Candidate
    ) -> Promoted:
        alias, pair = None, _pair(asked, candidate)
        if asked.plan.write and candidate.key != asked.key:
            alias = Alias(
                key=asked.key,
                target=candidate.key,
                similarity=candidate.similarity,
                decision_version=decision_version(
                    self.guard.decision_version, verified=asked.plan.verified
                ),
                embedder_id=self.embedder.embedder_id,
                text_digest=asked.text_digest,
                pair=pair or "",
            )
        query = Lookup(
            tenant=asked.request.tenant,
            key=candidate.key,
            form=asked.form,
            text_digest=asked.text_digest,
            max_age_seconds=asked.plan.max_age_seconds,
            counts={} if trail.charge is None else trail.charge.corrected_to(0, 0),
            held=None if trail.lead is None else trail.lead.lease,
        )
        match = None if pair is None else Match(candidate.similarity, pair)
        return await self.exact.promote(asked.request.tenant, alias, query, match)

    async def _restored(
        self, asked: PlannedRequest, trail: RequestState, candidate: Candidate
    ) -> bool:
        """Whether an entry that the exact tier has lost was put back, with the life it had."""
        tenant = asked.request.tenant
        entry = await self.search_tier.attempt(
            trail, lambda: self.vectors.fetch(tenant, candidate.key)
        )
        if entry is None or self._is_too_old(asked, entry):
            return False
        return await self.exact.commit(Commit(tenant, entry))

    def _is_too_old(self, asked: PlannedRequest, entry: Entry) -> bool:
        """Whether the client takes no answer of that age: the exact tier may well have it."""
        most = asked.plan.max_age_seconds
        return most is not None and self.clock.now() - entry.created_at > most


def _pair(asked: PlannedRequest, candidate: Candidate) -> str | None:
    """Both texts' name as a barred pair; None where they are one."""
    return None if asked.text == candidate.text else barred_pair(asked.text, candidate.text)
