"""What is kept of an answer: one entry, the exact tier first, then its vector.

Everything is written before the answer's end is sent, since nothing runs after a Lambda has
answered. A clear that came meanwhile wins.
"""

from collections.abc import Callable
from dataclasses import dataclass

from llm_cache_proxy.domain.entries.entry import Entry, selectors
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests import keys
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.tiers.semantic import SemanticTier
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store import Commit, ExactStore


@dataclass(frozen=True, slots=True)
class EntryWriter:
    """Writes entries; `counted_model` gives the name a model is counted under."""

    exact: ExactStore
    exact_tier: Dependency
    semantic: SemanticTier
    ledger: CounterWriter
    clock: Clock
    counted_model: Callable[[str], str]

    async def store(
        self, asked: PlannedRequest, trail: RequestState, completion: JsonObject, json_text: str
    ) -> Entry | None:
        """The entry as stored, or None where it was not; the trail's counts go with it."""
        tenant, counts = asked.request.tenant, dict(trail.counts)
        entry = self._entry(asked, trail, completion, json_text)
        lead = trail.lead
        covered = lead is not None and lead.covers(entry.key)
        commit = Commit(tenant, entry, counts, lead.lease if lead and covered else None)
        accepted = None
        if not trail.exact_away:
            accepted = await self.exact_tier.attempt(trail, lambda: self.exact.commit(commit))
        if lead is not None and accepted is False:
            lead.abandon()  # a clear came: whoever waits asks anew
        elif lead is not None and accepted is None:
            lead.unstored(entry)
        elif lead is not None:
            await lead.stored(entry)
        if accepted is None:
            self.ledger.settle(tenant, trail.counts)
            return None
        if not accepted:
            return None
        if asked.plan.no_semantic is None:
            await self._store_vector(asked, trail, entry)
        return entry

    async def _store_vector(self, asked: PlannedRequest, trail: RequestState, entry: Entry) -> None:
        after = RequestState(timings=trail.timings, vector=trail.vector)
        vector = await self.semantic.vector(asked, after)
        if vector is not None:
            scope = self.semantic.scope(asked)
            await self.semantic.search_tier.attempt(
                after, lambda: self.semantic.vectors.store(scope, vector, entry)
            )
        self.ledger.later(asked.request.tenant, after.counts)

    def _entry(
        self, asked: PlannedRequest, trail: RequestState, completion: JsonObject, json_text: str
    ) -> Entry:
        controls = asked.request.controls
        model = self.counted_model(asked.identity.model)
        entry_id = keys.entry_id(asked.request.tenant, asked.key)
        prompt_tokens, completion_tokens = asked.request.dialect.token_counts(completion)
        now = int(self.clock.now())
        return Entry(
            key=asked.key,
            entry_id=entry_id,
            created_at=now,
            expires_at=now + asked.plan.ttl_seconds,
            purge_at=now + asked.plan.ttl_seconds + asked.plan.kept_seconds,
            sequence=trail.sequence,
            selectors=selectors(
                namespace=controls.namespace,
                model=_storable(asked.identity.model),
                entry_id=entry_id,
                tags=controls.tags,
            ),
            model=model,
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            text=_storable(asked.text),
            text_digest=asked.text_digest,
            forms=asked.request.dialect.forms(completion, json_text),
        )


def _storable(text: str) -> str:
    """`text` without the lone surrogates that UTF-8 cannot carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
