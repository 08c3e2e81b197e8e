"""A semantic match becomes a hit in the exact tier, which alone knows what was cleared."""

from collections.abc import Mapping
from functools import partial

from llm_cache_proxy.domain.entries.entry import Alias, Entry
from llm_cache_proxy.domain.entries.pairs import barred_pair
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.metrics.counter_names import SEMANTIC_HITS, hit_counts, merged
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.presets import decision_version
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.store import (
    Commit,
    ExactStore,
    Hit,
    Lookup,
    Match,
    Miss,
    Promoted,
)
from llm_cache_proxy.ports.vector_store import Candidate, VectorStore


@record()
class Promotions:
    """Serves matches; restores an entry that only the vector store still has."""

    exact: ExactStore
    vectors: VectorStore
    guard: Guard
    embedder_id: str
    exact_dependency: Dependency
    search_dependency: Dependency
    clock: Clock

    async def serve(
        self,
        planned: PlannedRequest,
        state: RequestState,
        candidate: Candidate,
        learned: Mapping[str, int] | None = None,
    ) -> Promoted | None:
        """The candidate's answer as a hit, with an alias left; None if the store is away.

        `learned` is what a learned decision counts: then no alias is left.
        """
        return await self.exact_dependency.attempt(
            state, partial(self._served, planned, state, candidate, learned)
        )

    async def _served(
        self,
        planned: PlannedRequest,
        state: RequestState,
        candidate: Candidate,
        learned: Mapping[str, int] | None,
    ) -> Promoted:
        found = await self._promoted(planned, state, candidate, learned)
        lost = isinstance(found, Miss) and not found.unproved
        if lost and await self._restored(planned, state, candidate):
            found = await self._promoted(planned, state, candidate, learned)
        if isinstance(found, Hit):
            tokens = (found.prompt_tokens, found.completion_tokens)
            state.counts.result = hit_counts(SEMANTIC_HITS, found.model, *tokens)
            state.charge_as_reserved()  # the promotion has given it back
            if state.leadership is not None:
                state.leadership.ended()
        return found

    async def _promoted(
        self,
        planned: PlannedRequest,
        state: RequestState,
        candidate: Candidate,
        learned: Mapping[str, int] | None,
    ) -> Promoted:
        alias, pair = None, pair_of(planned, candidate)
        seen = dict(learned or {})
        # A learned decision may change: no alias may outlive it.
        if planned.plan.write and candidate.key != planned.key and learned is None:
            alias = Alias(
                key=planned.key,
                target=candidate.key,
                similarity=candidate.similarity,
                decision_version=decision_version(
                    self.guard.decision_version, verified=planned.plan.verified
                ),
                embedder_id=self.embedder_id,
                text_digest=planned.text_digest,
                pair=pair or "",
            )
        charge = state.account.charge
        query = Lookup(
            tenant=planned.identity.tenant,
            key=candidate.key,
            form=planned.form,
            text_digest=planned.text_digest,
            max_age_seconds=planned.plan.max_age_seconds,
            counts=seen if charge is None else merged(seen, charge.corrected_to(0, 0)),
            held=None if state.leadership is None else state.leadership.lease,
        )
        # Labels decide what samples have raised a threshold for, so that nothing is left to raise.
        similarity = candidate.similarity if learned is None else 1.0
        match = None if pair is None else Match(similarity, pair)
        return await self.exact.promote(planned.identity.tenant, alias, query, match)

    async def _restored(
        self, planned: PlannedRequest, state: RequestState, candidate: Candidate
    ) -> bool:
        """Restore an entry that the exact tier has lost, with its expiry; whether that worked."""
        tenant = planned.identity.tenant
        entry = await self.search_dependency.attempt(
            state, lambda: self.vectors.fetch(tenant, candidate.key)
        )
        if entry is None or self._is_too_old(planned, entry):
            return False
        return await self.exact.commit(Commit(tenant, entry))

    def _is_too_old(self, planned: PlannedRequest, entry: Entry) -> bool:
        """Whether the entry is older than the client allows; the exact tier may still hold it."""
        most = planned.plan.max_age_seconds
        return most is not None and self.clock.now() - entry.created_at > most


def pair_of(planned: PlannedRequest, candidate: Candidate) -> str | None:
    """The name of both texts as a barred pair; None if they are one text."""
    return None if planned.text == candidate.text else barred_pair(planned.text, candidate.text)
