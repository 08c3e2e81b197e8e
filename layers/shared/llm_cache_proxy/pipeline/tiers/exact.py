"""The first tier: the same request was answered before, or one with another spelling.

Never serves a text that only normalising makes identical before the guard has read both as written.
"""

import os
from dataclasses import replace
from functools import partial

from llm_cache_proxy.domain.entries.pairs import barred_pair, spelling_pair
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.metrics.counter_names import EXACT_HITS, STALE, hit_counts
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.keys import text_digest
from llm_cache_proxy.domain.requests.presets import decision_version
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.client_keys import ClientKeyGate
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter, PendingCounts
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.tiers.hit_answers import HitAnswers
from llm_cache_proxy.pipeline.tiers.leases import LostLeases
from llm_cache_proxy.ports.exact_store.leases import CLAIM_BYTES, Lease
from llm_cache_proxy.ports.exact_store.store import (
    AliasFound,
    Answered,
    Barred,
    ExactStore,
    Found,
    Hit,
    Lookup,
    Miss,
    OtherNamespace,
    Refused,
)

NO_KEY = "none"
"""A key that no record has: the lookup only checks the client key and reads the clear sequence."""


@record()
class ExactResult:
    """`planned` is the request under the key its answer is to be stored by.

    `lease` is the one that came with the lookup.
    """

    planned: PlannedRequest
    answer: Answer | None = None
    lease: Lease | None = None


@record()
class ExactTier:
    """Looks up by exact key; `embedder_id` is the one whose promotions are believed."""

    store: ExactStore
    dependency: Dependency
    guard: Guard
    counter_writer: CounterWriter
    embedder_id: str
    hits: HitAnswers
    keys: ClientKeyGate
    lost_leases: LostLeases
    believes_promotions: bool = True

    async def find(self, planned: PlannedRequest, state: RequestState) -> ExactResult:
        """The answer if there is one.

        Raises RequestRefused where the client's key is not served, as `clear_sequence` does.
        """
        pending = self.counter_writer.take(planned.identity.tenant)
        found = await self._checked_lookup(planned, state, planned.key, pending)
        if isinstance(found, OtherNamespace):
            planned = planned.in_namespace_of(self.keys.learned(planned.request, found.namespace))
            found = await self._checked_lookup(planned, state, planned.key, PendingCounts())
        if isinstance(found, AliasFound):
            return ExactResult(planned, await self._through_alias(planned, state, found))
        if isinstance(found, Barred):
            state.facts.because(Reason.FEEDBACK)
            return await self._verbatim(planned.verbatim(), state)
        if isinstance(found, Miss) and found.unproved:
            state.facts.because(Reason.FORM_UNPROVED)
        if not isinstance(found, Hit):
            return ExactResult(planned, lease=found.lease if isinstance(found, Miss) else None)
        if found.text is None:
            answer = self._answer(planned, state, found, Reason.IDENTICAL)
            return ExactResult(planned, answer, found.lease)
        if not planned.may_be_respelt:
            _uncount_hit(state, found)
        elif self._says_the_same(planned, state, found):
            pair = spelling_pair(planned.text_digest, text_digest(found.text))
            answer = self._answer(planned, state, found, Reason.NORMALISED, pair)
            return ExactResult(planned, answer, found.lease)
        return await self._verbatim(planned.verbatim(), state)

    async def stand_in(self, planned: PlannedRequest, state: RequestState) -> Answer | None:
        """An entry, expired or not, that may be served if the upstream gave no answer."""
        # The key's namespace may be known by now; no later step corrects it.
        planned = planned.in_namespace_of(self.keys.placed(planned.request))
        plan = planned.plan.after_failure()
        return (await self.find(replace(planned, plan=plan), state)).answer

    async def clear_sequence(self, planned: PlannedRequest, state: RequestState) -> PlannedRequest:
        """Get the clear sequence for an answer that is stored without a lookup."""
        pending = self.counter_writer.take(planned.identity.tenant)
        found = await self._checked_lookup(planned, state, NO_KEY, pending)
        if isinstance(found, OtherNamespace):
            planned = planned.in_namespace_of(self.keys.learned(planned.request, found.namespace))
            await self._checked_lookup(planned, state, NO_KEY, PendingCounts())
        return planned

    async def reserve_budget(self, planned: PlannedRequest, state: RequestState) -> None:
        """Reserve the upstream's likely cost, unless a lookup has.

        Raises RequestRefused if the client's key or its budgets forbid the call.
        """
        client = planned.request.client
        account = state.account
        if client.key_id is not None and account.charge is None and not account.is_short:
            await self._checked_lookup(planned, state, NO_KEY, PendingCounts(), leases=False)
        self.keys.may_ask_upstream(client, state, model=planned.request.model)

    async def _verbatim(self, planned: PlannedRequest, state: RequestState) -> ExactResult:
        found = await self._checked_lookup(planned, state, planned.key, PendingCounts())
        lease = found.lease if isinstance(found, Hit | Miss) else None
        if isinstance(found, Hit) and found.text is None:
            answer = self._answer(planned, state, found, Reason.IDENTICAL)
            return ExactResult(planned, answer, lease)
        return ExactResult(planned, lease=lease)

    async def _through_alias(
        self, planned: PlannedRequest, state: RequestState, promotion: AliasFound
    ) -> Answer | None:
        alias = promotion.alias
        believed = (
            self.believes_promotions
            and planned.plan.no_semantic is None
            and not promotion.barred
            and alias.similarity >= max(planned.plan.threshold, promotion.raised_threshold)
            and alias.embedder_id == self.embedder_id
        )
        wanted = decision_version(self.guard.decision_version, verified=planned.plan.verified)
        judged = alias.decision_version == wanted and alias.text_digest == planned.text_digest
        if not believed or (planned.plan.verified and not judged):
            return None
        found = await self._checked_lookup(
            planned, state, alias.target, PendingCounts(), leases=False
        )
        if not isinstance(found, Hit):
            return None
        if not judged and not self._says_the_same(planned, state, found):
            return None
        state.facts.similarity = alias.similarity
        pair = barred_pair(planned.text, found.text) if found.text is not None else None
        return self._answer(planned, state, found, Reason.PROMOTED, pair)

    def _answer(
        self,
        planned: PlannedRequest,
        state: RequestState,
        found: Hit,
        reason: Reason,
        pair: str | None = None,
    ) -> Answer:
        state.counts.result = _counted(found)
        if EXACT_HITS in state.counts.result:
            return self.hits.answer(planned, state, found, Result.HIT_EXACT, reason, pair=pair)
        failed = planned.plan.failed
        stale = Reason.STALE_IF_ERROR if failed else Reason.STALE_WHILE_REVALIDATE
        return self.hits.answer(planned, state, found, Result.STALE, stale, pair=pair)

    def _says_the_same(self, planned: PlannedRequest, state: RequestState, found: Hit) -> bool:
        verdict = self.guard.compare(planned.text, found.text if found.text is not None else "")
        if not verdict.accepted:
            state.vetoed(verdict.rule)
            _uncount_hit(state, found)
        return verdict.accepted

    async def _checked_lookup(
        self,
        planned: PlannedRequest,
        state: RequestState,
        key: str,
        pending: PendingCounts,
        *,
        leases: bool = True,
    ) -> Found | OtherNamespace | None:
        coalesces = leases and planned.plan.coalesce
        checks = planned.request.client.key_id is not None and not planned.plan.failed
        check = self.keys.check(planned, state) if checks else None
        query = Lookup(
            tenant=planned.identity.tenant,
            key=key,
            form=planned.form,
            text_digest=planned.text_digest,
            max_age_seconds=planned.plan.max_age_seconds,
            counts=pending.counts,
            recent=pending.recent,
            check=check,
            flight=f"{key}:{planned.text_digest}" if coalesces else None,
            lease_seconds=self.lost_leases.terms.lease_seconds,
            claim=os.urandom(CLAIM_BYTES).hex() if coalesces else "",
            # Without a lease this request may not refresh what it finds.
            stale_seconds=planned.plan.stale_seconds if coalesces or planned.plan.failed else 0,
            refresh_ahead=planned.plan.refresh_ahead,
        )
        answer = await self.dependency.attempt(state, partial(self._lookup_or_withdraw, query))
        if answer is None:
            state.exact_unavailable = True
            state.facts.because(Reason.EXACT_UNAVAILABLE)
            self.counter_writer.later(planned.identity.tenant, pending.counts, pending.recent)
        if check is None and not isinstance(answer, Refused):  # which only a check brings
            found: Found | OtherNamespace | None = answer
        else:
            found = self.keys.passed(planned.request.client, state, check, answer)
        if found is not None and not isinstance(found, OtherNamespace):
            state.sequence = found.sequence
        return found

    async def _lookup_or_withdraw(self, query: Lookup) -> Answered:
        try:
            return await self.store.lookup(query)
        except BaseException:  # also a deadline's or a client's that has left
            if query.flight is not None:
                self.lost_leases.withdraw(query.tenant, query.flight, query.claim)
            raise


def _counted(hit: Hit) -> dict[str, int]:
    """The counts that the store has made for a hit in the same round trip."""
    tier = STALE if hit.is_stale else EXACT_HITS
    return hit_counts(tier, hit.model, hit.prompt_tokens, hit.completion_tokens)


def _uncount_hit(state: RequestState, found: Hit) -> None:
    """Undo the store's count of a hit that was none."""
    state.counts.result = _counted(found)
    state.counts.undo_result()
