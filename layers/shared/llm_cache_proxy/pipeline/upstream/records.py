"""The record of an answer: its counts, and an entry in the exact tier, then its vector.

Written before the answer's end is sent, since nothing runs after a Lambda has answered; the local
server writes plain answers behind it. A clear in between wins.
"""

from functools import partial

from llm_cache_proxy.domain.entries.entry import Entry, Forms
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import (
    BYPASSES,
    ERROR,
    MISSES,
    miss_counts,
    unproved_counts,
    upstream_answers,
)
from llm_cache_proxy.domain.metrics.pricing import CountedModels, PriceList
from llm_cache_proxy.domain.metrics.request_event import Usage
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests import keys
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.pipeline.tiers.semantic import SemanticTier
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.store import Commit, ExactStore


@record()
class UpstreamUsage:
    """Counts answers of the upstream; a model under the name that `models` gives it."""

    counter_writer: CounterWriter
    prices: PriceList
    models: CountedModels

    def count(self, planned: PlannedRequest, state: RequestState, completion: JsonObject) -> Usage:
        """Add the result and the tokens of an answer, and charge the key what it cost.

        An answer that does not report its tokens is charged as was reserved for it.
        """
        result = _result(planned, state)
        tokens = planned.request.dialect.token_counts(completion)
        is_known = state.has_answer or any(tokens)  # else there may be no such model
        named = self.models.name if is_known else self.prices.counted_name
        model = named(planned.identity.model)
        usage = Usage(model, *tokens, saved=False)
        if is_known:
            state.facts.usage = usage
        counts = miss_counts(model, *tokens)
        del counts[MISSES]
        if not state.has_answer:  # the upstream may bill it all the same
            counts = {name: amount for name, amount in counts.items() if amount}
            del counts[upstream_answers(model)]
        if state.has_client:  # else it is no request's result
            counts[result] = 1
        state.counts.add_result(counts)
        if state.account.charge is None:
            return usage
        if any(tokens) or not planned.request.dialect.bills_tokens:
            state.charge_actual(sum(tokens), self.prices.known_cost(model, *tokens) or 0)
        else:
            state.charge_as_reserved()
        return usage

    async def write(
        self, planned: PlannedRequest, state: RequestState, completion: JsonObject
    ) -> None:
        """Count an answer that is not stored, before it is sent."""
        self.count(planned, state, completion)
        await self.counter_writer.write(planned.identity.tenant, state.counts.pending)

    def count_unsent(
        self, planned: PlannedRequest, state: RequestState, completion: JsonObject
    ) -> None:
        """Count an answer that was lost or left, even if the caller is cancelled."""
        self.count(planned, state, completion)
        self.counter_writer.write_in_background(planned.identity.tenant, state.counts.pending)


def _result(planned: PlannedRequest, state: RequestState) -> str:
    if not state.has_answer:
        return ERROR
    return MISSES if planned.plan.bypass is None else BYPASSES


@record()
class StoredEntry:
    """A stored entry, and whether its vector was stored too, if it was to have one."""

    entry: Entry
    without_vector: bool = False


@record()
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
        if planned.request.dialect.generates and not (forms.json and forms.sse):
            state.counts.add(unproved_counts(forms))
        tenant, counts = planned.identity.tenant, dict(state.counts.pending)
        now = int(self.clock.now() if created_at is None else created_at)
        entry = new_entry(planned, state, usage, forms, now)
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
            state.leadership = None
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


def new_entry(
    planned: PlannedRequest, state: RequestState, usage: Usage, forms: Forms, now: int
) -> Entry:
    """The entry of an answer to `planned` that came at `now`, in Unix seconds."""
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
