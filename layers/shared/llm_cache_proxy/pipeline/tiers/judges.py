"""Whether a near prompt's answer may serve this one, candidate by candidate.

By default the guard alone decides. Where a verifier has to approve, its word decides and may
overrule the guard's veto: the guard then only says when it is asked. A pair that the guard accepts
at `LIKELY_SIMILARITY` is most likely right, so that asking first spares a call to the upstream;
any other pair is judged beside the upstream's call, and may match the next time.
"""

from typing import TYPE_CHECKING, NamedTuple, Protocol

from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.promise import Cell, Plan, cell_of
from llm_cache_proxy.domain.requests.presets import LIKELY_SIMILARITY
from llm_cache_proxy.domain.requests.reasons import Reason
from llm_cache_proxy.pipeline.checks.near import Near
from llm_cache_proxy.pipeline.checks.verifier import PairVerifier
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.ports.vector_store import Candidate

if TYPE_CHECKING:
    from llm_cache_proxy.pipeline.checks.learning import Learning


class Judge(Protocol):
    """One request's judge; a refusal is explained in the request's state."""

    unjudged: Candidate | None
    """The nearest entry that the verifier has yet to judge."""

    async def accepts(self, candidate: Candidate) -> Reason | None:
        """Why the candidate's answer may serve, or None."""
        ...


class GuardJudge:
    """Decides by the guard."""

    def __init__(self, planned: PlannedRequest, state: RequestState, guard: Guard) -> None:
        self._planned = planned
        self._state = state
        self._guard = guard
        self.unjudged: Candidate | None = None

    async def accepts(self, candidate: Candidate) -> Reason | None:
        """Accept the candidate, unless a rule sees a difference in meaning."""
        verdict = self._guard.compare(self._planned.text, candidate.text)
        if verdict.accepted:
            return Reason.SIMILAR
        self._state.vetoed(verdict.rule)
        return None


class Acceptance(NamedTuple):
    """Why a candidate may serve, and what its hit teaches; its text is the same without `near`.

    `expected` is the share of its cell that the judge of answers is expected to call different.
    """

    reason: Reason
    near: Near | None = None
    expected: float = 0.0


class LearnedJudge:
    """Decides by what a tenant's labels show of candidates in this `group`."""

    def __init__(
        self,
        planned: PlannedRequest,
        state: RequestState,
        guard: Guard,
        learning: "Learning",
        group: int,
    ) -> None:
        self._planned = planned
        self._state = state
        self._guard = guard
        self._learning = learning
        self._group = group
        self._plan: Plan = learning.learned(planned.identity.tenant).part(group).plan
        self.fixed = False
        """Whether the operator's threshold and the guard would have served any of them so far."""
        self.near_miss: Near | None = None
        """The nearest entry that was not accepted."""

    def accepts(self, candidate: Candidate) -> Acceptance | None:
        """Accept the candidate, if its kind keeps the promise."""
        if candidate.text == self._planned.text:
            return Acceptance(Reason.SIMILAR)
        verdict, traits = self._guard.compare_closely(self._planned.text, candidate.text)
        self.fixed |= verdict.accepted and candidate.similarity >= self._learning.configured
        cell = cell_of(candidate.similarity, verdict.rule, traits)
        near = None if cell is None else Near(candidate, self._group, cell)
        if cell is not None and (reason := self._reason(cell)) is not None:
            return Acceptance(reason, near, self._plan.served[cell])
        self.near_miss = self.near_miss or near
        if verdict.accepted:
            self._state.facts.because(Reason.UNPROVEN)
        else:
            self._state.vetoed(verdict.rule)
        return None

    def _reason(self, cell: Cell) -> Reason | None:
        """Why a candidate of the cell may be served; None where it may not."""
        if not self._plan.serves(cell):
            return None
        if cell not in self._plan.trusted:
            return Reason.LEARNED
        tenant = self._planned.identity.tenant
        return Reason.TRUSTED if self._learning.may_trust(tenant, self._group) else None


class VerifierJudge:
    """Decides by the verifier; `known` are remembered verdicts, by the candidates' keys."""

    def __init__(
        self,
        planned: PlannedRequest,
        state: RequestState,
        guard: Guard,
        pair_verifier: PairVerifier,
        known: dict[str, bool],
    ) -> None:
        self._planned = planned
        self._state = state
        self._guard = guard
        self._pair_verifier = pair_verifier
        self._known = known
        self._has_asked = False
        self.unjudged: Candidate | None = None

    async def accepts(self, candidate: Candidate) -> Reason | None:
        """Accept the candidate, if the verifier approves of the pair."""
        if candidate.text == self._planned.text:
            return Reason.SIMILAR
        approved = self._known.get(candidate.key)
        if approved is None and not self._has_asked and self._is_likely(candidate):
            self._has_asked = True  # one wait a request at most
            approved = await self._pair_verifier.judged(self._planned, self._state, candidate)
        elif approved is None and self.unjudged is None:
            self.unjudged = candidate
        if approved:
            return Reason.VERIFIED
        self._state.facts.because(Reason.UNVERIFIED if approved is None else Reason.VERIFIER)
        return None

    def _is_likely(self, candidate: Candidate) -> bool:
        return (
            candidate.similarity >= LIKELY_SIMILARITY
            and self._guard.compare(self._planned.text, candidate.text).accepted
        )
