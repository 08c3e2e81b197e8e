"""What is kept of an answer: one entry, the exact tier first, then its vector.

Everything is written before the answer's end is sent, since nothing runs after a Lambda has
answered. A clear that came meanwhile wins.
"""

from dataclasses import dataclass
from functools import partial

from llm_cache_proxy.domain.entries.entry import Entry, Forms
from llm_cache_proxy.domain.metrics.counter_names import unproved_counts
from llm_cache_proxy.domain.metrics.request_event import Usage
from llm_cache_proxy.domain.requests import keys
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.tiers.semantic import SemanticTier
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store import Commit, ExactStore


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry that is stored, and whether its vector is, where it was to have one."""

    entry: Entry
    without_vector: bool = False


@dataclass(frozen=True, slots=True)
class EntryWriter:
    """Writes entries."""

    exact: ExactStore
    exact_dependency: Dependency
    semantic: SemanticTier
    counter_writer: CounterWriter
    clock: Clock

    async def store(
        self,
        planned: PlannedRequest,
        state: RequestState,
        usage: Usage,
        forms: Forms,
        *,
        created_at: float | None = None,
    ) -> StoredEntry | None:
        """The entry as stored, or None where it was not; the request's counts go with it.

        `created_at` is None for an answer that was given just now.
        """
        if not (forms.json and forms.sse):
            state.counts.add(unproved_counts(forms))
        tenant, counts = planned.identity.tenant, dict(state.counts.pending)
        now = int(self.clock.now() if created_at is None else created_at)
        entry = _entry(planned, state, usage, forms, now)
        leadership = state.leadership
        covered = leadership is not None and leadership.key == entry.key
        commit = Commit(tenant, entry, counts, leadership.lease if leadership and covered else None)
        accepted = None
        if not state.exact_unavailable:
            accepted = await self.exact_dependency.attempt(
                state, partial(self.exact.commit, commit)
            )
        if leadership is not None and accepted is False:
            leadership.abandon()  # a clear came in between: followers ask for themselves
        elif leadership is not None and accepted is None:
            leadership.unstored(entry)
        elif leadership is not None:
            await leadership.stored(entry)
        if accepted is None:
            self.counter_writer.write_in_background(tenant, state.counts.pending)
            return None
        if not accepted:
            return None
        if planned.plan.no_semantic is not None:
            return StoredEntry(entry)
        after = state.child()
        has_vector = await self.semantic.store(planned, after, entry)
        self.counter_writer.later(tenant, after.counts.pending)
        return StoredEntry(entry, without_vector=not has_vector)


def _entry(
    planned: PlannedRequest, state: RequestState, usage: Usage, forms: Forms, now: int
) -> Entry:
    controls = planned.request.controls
    model, text = _storable(planned.identity.model), _storable(planned.text)
    entry_id = keys.entry_id(planned.identity.tenant, planned.key)
    return Entry(
        key=planned.key,
        entry_id=entry_id,
        created_at=now,
        expires_at=now + planned.plan.ttl_seconds,
        purge_at=now + planned.plan.ttl_seconds + planned.plan.kept_seconds,
        sequence=state.sequence,
        selectors=keys.selectors(
            namespace=controls.namespace, model=model, entry_id=entry_id, tags=controls.tags
        ),
        model=usage.model,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        text=text,
        text_digest=planned.text_digest,
        forms=forms,
    )


def _storable(text: str) -> str:
    """`text` without the lone surrogates that UTF-8 cannot carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
