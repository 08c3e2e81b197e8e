"""The first tier: the same request was answered before, or one that differs in spelling only.

Never serves a text that only normalising makes alike before the guard has read both as written.
"""

from collections.abc import Awaitable
from dataclasses import dataclass, replace

from llm_cache_proxy.domain.entries.pairs import barred_pair, spelling_pair
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.metrics.counter_names import EXACT_HITS, STALE, hit_counts
from llm_cache_proxy.domain.requests.keys import text_digest
from llm_cache_proxy.domain.requests.presets import decision_version
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.client_keys.gate import ClientKeyGate
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter, PendingCounts
from llm_cache_proxy.pipeline.request.answer import Answer
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.tiers.hit_answers import HitAnswers
from llm_cache_proxy.pipeline.tiers.leases import LostLeases, new_claim
from llm_cache_proxy.ports.exact_store import (
    AliasFound,
    Answered,
    Barred,
    ExactStore,
    Found,
    Hit,
    Lookup,
    Miss,
    OtherNamespace,
)

NO_KEY = "none"
"""No digest: finds nothing, and so counts no hit."""


@dataclass(frozen=True, slots=True)
class ExactTier:
    """Looks up by exact key; `embedder_id` is the one whose promotions are believed."""

    store: ExactStore
    tier: Dependency
    guard: Guard
    ledger: CounterWriter
    embedder_id: str
    hits: HitAnswers
    keys: ClientKeyGate
    claims: LostLeases

    async def find(
        self, asked: PlannedRequest, trail: RequestState
    ) -> tuple[Answer | None, PlannedRequest]:
        """The answer if there is one, and the request under the key it is to be stored by.

        Raises RequestRefused where the client's key is not served, as `begin` does.
        """
        pending = self.ledger.take(asked.request.tenant)
        found = await self._look(asked, trail, asked.key, pending)
        if isinstance(found, OtherNamespace):
            asked = asked.asking(self.keys.learned(asked.request, found.namespace))
            found = await self._look(asked, trail, asked.key, PendingCounts())
        if isinstance(found, AliasFound):
            return await self._through_alias(asked, trail, found), asked
        if isinstance(found, Barred):
            trail.because(Reason.FEEDBACK)
            return await self._verbatim(asked.verbatim(), trail)
        if not isinstance(found, Hit):
            return None, asked
        if found.text is None:
            return self._answer(asked, trail, found, Reason.IDENTICAL), asked
        if not asked.normalises:
            _take_back(trail, found)
        elif self._says_the_same(asked, trail, found):
            pair = spelling_pair(asked.text_digest, text_digest(found.text))
            return self._answer(asked, trail, found, Reason.NORMALISED, pair), asked
        return await self._verbatim(asked.verbatim(), trail)

    async def stand_in(self, asked: PlannedRequest, trail: RequestState) -> Answer | None:
        """What may be given where the upstream gave no answer, expired or not."""
        # The key's own namespace may have become known meanwhile; nothing corrects it any more.
        asked = asked.asking(self.keys.placed(asked.request))
        plan = asked.plan.after_failure()
        answer, _ = await self.find(replace(asked, plan=plan), trail)
        return answer

    async def begin(self, asked: PlannedRequest, trail: RequestState) -> PlannedRequest:
        """Learn the clear sequence for an answer that will be stored without having been read."""
        pending = self.ledger.take(asked.request.tenant)
        found = await self._look(asked, trail, NO_KEY, pending)
        if isinstance(found, OtherNamespace):
            asked = asked.asking(self.keys.learned(asked.request, found.namespace))
            await self._look(asked, trail, NO_KEY, PendingCounts())
        return asked

    async def before_upstream(self, asked: PlannedRequest, trail: RequestState) -> None:
        """Reserve what the upstream may cost, where the lookups have not.

        Raises RequestRefused where the client's key or its budgets forbid it.
        """
        client = asked.request.client
        short = trail.grant is not None and trail.grant.short is not None
        if client.key_id is not None and trail.charge is None and not short:
            await self._look(asked, trail, NO_KEY, PendingCounts(), leases=False)
        self.keys.may_ask_upstream(client, trail, model=asked.model)

    async def _verbatim(
        self, asked: PlannedRequest, trail: RequestState
    ) -> tuple[Answer | None, PlannedRequest]:
        found = await self._look(asked, trail, asked.key, PendingCounts())
        if isinstance(found, Hit) and found.text is None:
            return self._answer(asked, trail, found, Reason.IDENTICAL), asked
        return None, asked

    async def _through_alias(
        self, asked: PlannedRequest, trail: RequestState, promotion: AliasFound
    ) -> Answer | None:
        alias = promotion.alias
        believed = (
            asked.plan.no_semantic is None
            and not promotion.barred
            and alias.similarity >= max(asked.plan.threshold, promotion.raised_threshold)
            and alias.embedder_id == self.embedder_id
        )
        wanted = decision_version(self.guard.decision_version, verified=asked.plan.verified)
        judged = alias.decision_version == wanted and alias.text_digest == asked.text_digest
        if not believed or (asked.plan.verified and not judged):
            return None
        found = await self._look(asked, trail, alias.target, PendingCounts(), leases=False)
        if not isinstance(found, Hit):
            return None
        if not judged and not self._says_the_same(asked, trail, found):
            return None
        trail.similarity = alias.similarity
        pair = barred_pair(asked.text, found.text) if found.text is not None else None
        return self._answer(asked, trail, found, Reason.PROMOTED, pair)

    def _answer(
        self,
        asked: PlannedRequest,
        trail: RequestState,
        found: Hit,
        reason: Reason,
        pair: str | None = None,
    ) -> Answer:
        trail.counted = _counted(found)
        if not found.is_stale:
            return self.hits.answer(asked, trail, found, Result.HIT_EXACT, reason, pair=pair)
        failed = asked.plan.failed
        stale = Reason.STALE_IF_ERROR if failed else Reason.STALE_WHILE_REVALIDATE
        return self.hits.answer(asked, trail, found, Result.STALE, stale, pair=pair)

    def _says_the_same(self, asked: PlannedRequest, trail: RequestState, found: Hit) -> bool:
        verdict = self.guard.compare(asked.text, found.text if found.text is not None else "")
        if not verdict.accepted:
            trail.vetoed(verdict.rule)
            _take_back(trail, found)
        return verdict.accepted

    async def _look(
        self,
        asked: PlannedRequest,
        trail: RequestState,
        key: str,
        pending: PendingCounts,
        *,
        leases: bool = True,
    ) -> Found | OtherNamespace | None:
        coalesces = leases and asked.plan.coalesce
        check = None if asked.plan.failed else self.keys.check(asked, trail)
        query = Lookup(
            tenant=asked.request.tenant,
            key=key,
            form=asked.form,
            text_digest=asked.text_digest,
            max_age_seconds=asked.plan.max_age_seconds,
            counts=pending.counts,
            recent=pending.recent,
            check=check,
            flight=f"{key}:{asked.text_digest}" if coalesces else None,
            lease_seconds=self.claims.terms.lease_seconds,
            claim=new_claim() if coalesces else "",
            # Nobody renews what is found without a lease.
            stale_seconds=asked.plan.stale_seconds if coalesces or asked.plan.failed else 0,
            refresh_ahead=asked.plan.refresh_ahead,
        )
        answer = await self.tier.attempt(trail, lambda: self._asked(query))
        if answer is None:
            trail.exact_away = True
            trail.because(Reason.EXACT_UNAVAILABLE)
            self.ledger.later(asked.request.tenant, pending.counts, pending.recent)
        found = self.keys.passed(asked.request.client, trail, check, answer)
        if found is not None and not isinstance(found, OtherNamespace):
            trail.sequence = found.sequence
            trail.lease = found.lease if isinstance(found, Hit | Miss) else None
        return found

    def _asked(self, query: Lookup) -> Awaitable[Answered]:
        call = self.store.lookup(query)
        if query.flight is None:
            return call
        return self.claims.heard(query.tenant, query.flight, query.claim, call)


def _counted(hit: Hit) -> dict[str, int]:
    """What the store has counted for a hit in the same round trip."""
    tier = STALE if hit.is_stale else EXACT_HITS
    return hit_counts(tier, hit.model, hit.prompt_tokens, hit.completion_tokens)


def _take_back(trail: RequestState, found: Hit) -> None:
    """Uncount what the store has counted as a hit, and what was none."""
    trail.counted = _counted(found)
    trail.uncount()
