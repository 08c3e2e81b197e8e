"""Learns which semantic hits keep the promised wrong share, from answers that are at hand anyway.

A hit that is checked is asked again behind its answer, or answered by the upstream where nothing
runs afterwards; a miss with a near entry has both answers already; an exact hit that is asked again
shows how often the judge errs. Labels are counters: they are written with the request's other
counts, and read at a miss or behind a check. Never makes a hit wait for the store.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import merged
from llm_cache_proxy.domain.promise import TenantEvidence
from llm_cache_proxy.domain.promise.cells import LOWEST
from llm_cache_proxy.domain.promise.counters import (
    FORGOTTEN,
    check_counts,
    control_counts,
    evidence_in,
    label_counts,
    spent_counts,
)
from llm_cache_proxy.domain.promise.drift import has_drifted
from llm_cache_proxy.domain.promise.parts import plan_parts
from llm_cache_proxy.domain.requests.reasons import Reason
from llm_cache_proxy.pipeline.checks.agreement import Agreement, said_by
from llm_cache_proxy.pipeline.checks.fresh_answers import FreshAnswers, may_be_compared
from llm_cache_proxy.pipeline.checks.learned import (
    Learned,
    LearningRules,
    counts_of,
    following,
    tell,
)
from llm_cache_proxy.pipeline.checks.near import Near
from llm_cache_proxy.pipeline.checks.on_trust import ServedOnTrust
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.decision import Compare
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.background import Background
from llm_cache_proxy.pipeline.support.dependency import Dependency
from llm_cache_proxy.ports.clock import Clock
from llm_cache_proxy.ports.exact_store.admin import CounterWindow
from llm_cache_proxy.ports.vector_store import VectorStore

CONTROLS_WANTED = 400
"""Controls until which five times as many exact hits are asked again."""

_EAGER = 5
_MOST_INSTEAD = 0.5
"""Share of hits that are checked at most where the upstream's answer takes the cache's place."""

_NEVER = float("-inf")


class CounterReader(Protocol):
    """Failure (`ExactStoreUnavailable`) means: the plan at hand stays."""

    async def counters(self, tenant: str) -> Sequence[CounterWindow]:
        """The tenant's counter windows, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Learning:
    """What each tenant's parts are decided by; `configured` is the threshold that this replaces."""

    rules: LearningRules
    configured: float
    counters: CounterReader
    vectors: VectorStore
    agreement: Agreement
    fresh_answers: FreshAnswers
    exact_dependency: Dependency
    search_dependency: Dependency
    counter_writer: CounterWriter
    background: Background
    clock: Clock
    chance: Callable[[], float]
    inline: bool = False
    _learned: dict[str, Learned] = field(default_factory=dict)
    _on_trust: ServedOnTrust = field(default_factory=ServedOnTrust)
    _reading: set[str] = field(default_factory=set)
    """Tenants whose labels are being read."""

    def learned(self, tenant: str) -> Learned:
        """What is known of the tenant in this process; nothing is served before it was read."""
        return self._learned.get(tenant) or Learned(_NEVER, self.rules)

    def floor(self, planned: PlannedRequest) -> float:
        """The least similarity to look at: a client may ask for more, the operator's goes."""
        wanted = planned.plan.threshold
        return max(LOWEST, wanted) if wanted > self.configured else LOWEST

    def checks(self, planned: PlannedRequest, state: RequestState, group: int) -> bool:
        """Whether this hit is asked again, or answered by the upstream where nothing runs later."""
        learned = self.learned(planned.identity.tenant)
        rate = learned.check_rate_of(learned.part(group))
        if self.inline:
            rate = min(rate, _MOST_INSTEAD)
        return self.chance() < rate and may_be_compared(planned, state)

    def may_trust(self, tenant: str, group: int) -> bool:
        """Whether one more hit of the group may be served on trust before labels are read again.

        It is counted as served.
        """
        return self._on_trust.claim(tenant, self.learned(tenant).part(group))

    async def refresh(self, tenant: str, state: RequestState) -> None:
        """Read the labels and plan anew, if the plan is old; no hit waits for it.

        One request reads for all: the others keep the plan at hand. What was read before a check
        made the plan old is left out, since the check reads later. Drift is logged once.
        """
        before, now = self.learned(tenant), self.clock.now()
        if now - before.at < self.rules.refresh_seconds:
            return
        claimed, found = replace(before, at=now), None
        self._learned[tenant] = claimed
        self._reading.add(tenant)
        try:
            if read := await self._read(tenant, state):
                found = following(before, read)
        finally:
            is_latest = self._learned[tenant] is claimed
            if is_latest:
                self._learned[tenant] = found or before
                self._reading.discard(tenant)
        if is_latest and found:
            self._on_trust.labels_were_read(tenant)
            if tell(tenant, before, found):
                state.counts.add({FORGOTTEN: 1})

    def take_up(self, tenant: str, learned: Learned) -> None:
        """Decide a dry run by what was read: nothing is logged."""
        self._learned[tenant] = learned

    async def read(self, tenant: str, state: RequestState) -> Learned:
        """What the labels say now; what was known where the store does not answer."""
        return await self._read(tenant, state) or self.learned(tenant)

    async def _read(self, tenant: str, state: RequestState) -> Learned | None:
        windows = await self.exact_dependency.attempt(state, lambda: self.counters.counters(tenant))
        return None if windows is None else await self.learned_from(windows)

    async def learned_from(self, windows: Sequence[CounterWindow]) -> Learned:
        """What the labels in a tenant's windows say, which are given oldest first."""
        return await asyncio.to_thread(self._planned, counts_of(windows))  # much to add up

    def _planned(self, counted: Sequence[Mapping[str, int]]) -> Learned:
        """What these counters say, newest first."""
        evidence = evidence_in(counted)
        forgotten = evidence if has_drifted(evidence.checks) else None
        if forgotten is not None:
            evidence = TenantEvidence(controls=evidence.controls, changed=True)
        parts = plan_parts(self.rules.promise, evidence)
        return Learned(self.clock.now(), self.rules, evidence, parts, counted, forgotten)

    def compare(self, planned: PlannedRequest, near: Near, *, expected: float | None) -> Compare:
        """Labels the candidate by the upstream's answer; `expected` where it is a checked hit."""

        async def compare(completion: JsonObject) -> None:
            fresh = planned.request.dialect.answer_text(completion)
            spent = 0 if expected is None else self.fresh_answers.cost_of(planned, completion)

            async def work() -> None:
                state = RequestState()
                state.counts.add(spent_counts(spent))
                differs = await self._label(planned, state, near, fresh, expected)
                if expected is not None:
                    self._outdate(planned.identity.tenant, differs=differs)
                self.counter_writer.later(planned.identity.tenant, state.counts.take())

            if self.inline:
                await self.background.at_once(work)
            else:
                self.background.start(work)

        return compare

    def check(self, planned: PlannedRequest, near: Near, expected: float) -> None:
        """Ask the upstream behind a hit that was served, and label it.

        The next look is at the evidence with it.
        """

        async def work() -> None:
            tenant, state = planned.identity.tenant, RequestState()
            fresh = await self.fresh_answers.ask(planned, state)
            differs = None
            if fresh is not None:
                state.counts.add(spent_counts(fresh.nano_dollars))
                differs = await self._label(planned, state, near, fresh.said, expected)
            await self.counter_writer.write(tenant, state.counts.take())
            self._outdate(tenant, differs=differs)
            await self.refresh(tenant, state)
            self.counter_writer.later(tenant, state.counts.take())

        self.background.start(work)

    def _outdate(self, tenant: str, *, differs: bool | None) -> None:
        """Make the plan old after a check that differs, or where little more may be trusted.

        The latter is no reason to read what is being read.
        """
        learned = self.learned(tenant)
        used = tenant not in self._reading and self._on_trust.is_half_used(tenant, learned.parts)
        if differs or used:
            self._learned[tenant] = replace(learned, at=_NEVER)

    async def _label(
        self,
        planned: PlannedRequest,
        state: RequestState,
        near: Near,
        fresh: str,
        expected: float | None,
    ) -> bool | None:
        """Whether the candidate's answer differs from `fresh`, which is counted."""
        candidate, group, cell = near
        differs = await self._differs(planned, state, candidate.key, candidate.text, fresh)
        if differs is not None:
            source = "missed" if expected is None else "explored"
            check = {} if expected is None else check_counts(expected, differs=differs)
            label = label_counts(group, cell, differs=differs, source=source)
            state.counts.add(merged(label, check))
        return differs

    def control(self, planned: PlannedRequest, state: RequestState, reason: str) -> None:
        """Ask the upstream behind an exact hit, in some cases: what differs is the judge's error.

        Not where nothing runs after an answer: there it would keep the client waiting.
        """
        if self.inline or reason != Reason.IDENTICAL or planned.plan.no_semantic is not None:
            return
        few = self.learned(planned.identity.tenant).evidence.controls.labelled < CONTROLS_WANTED
        rate = self.rules.explore_rate * (_EAGER if few else 1)
        if self.chance() >= rate or not may_be_compared(planned, state):
            return

        async def work() -> None:
            state = RequestState()
            fresh = await self.fresh_answers.ask(planned, state)
            if fresh is not None:
                state.counts.add(spent_counts(fresh.nano_dollars))
                differs = await self._differs(planned, state, planned.key, planned.text, fresh.said)
                if differs is not None:
                    state.counts.add(control_counts(differs=differs))
            self.counter_writer.later(planned.identity.tenant, state.counts.take())

        self.background.start(work)

    async def _differs(
        self, planned: PlannedRequest, state: RequestState, key: str, text: str, fresh: str
    ) -> bool | None:
        """Whether the stored answer under `key`, given to `text`, differs clearly from `fresh`."""
        entry = await self.search_dependency.attempt(
            state, lambda: self.vectors.fetch(planned.identity.tenant, key)
        )
        body = "" if entry is None else entry.forms.json
        held = said_by(planned.request.dialect, Form.JSON, body)
        if held is None:
            return None
        return await self.agreement.clearly_differ(planned, state, text, fresh, held)
