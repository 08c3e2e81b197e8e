"""Whether two answers say the same, and what an answer says at all."""

from dataclasses import dataclass

from llm_cache_proxy.domain.answers import Comparison, agreement, clearly_differs, compared
from llm_cache_proxy.domain.dialects.dialect import BrokenStreamError, Dialect
from llm_cache_proxy.domain.dialects.streams.sse import DONE, EventSplitter
from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.domain.json_text import JsonObject, object_or_none
from llm_cache_proxy.domain.requests.shadow_rules import ShadowRules
from llm_cache_proxy.pipeline.checks.verifier import PairVerifier
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.support.embedding_calls import EmbeddingCalls
from llm_cache_proxy.ports.verifier import Kind


@dataclass(frozen=True, slots=True)
class Agreement:
    """Compares two answers: by the verifier where there is one, else piece by piece."""

    rules: ShadowRules
    embedding_calls: EmbeddingCalls
    pair_verifier: PairVerifier | None

    async def holds(
        self, planned: PlannedRequest, state: RequestState, one: str, other: str
    ) -> bool | None:
        """Whether both say the same; None where that could not be found out."""
        ruled = await self._ruled(planned, state, one, other)
        if ruled is not None:
            return ruled
        found = await self._compared(state, (planned.text, planned.text), one, other)
        return None if found is None else agreement(found) >= self.rules.agreement

    async def clearly_differ(
        self, planned: PlannedRequest, state: RequestState, near_text: str, one: str, other: str
    ) -> bool | None:
        """Whether the answers, the second of which was given to `near_text`, clearly differ."""
        ruled = await self._ruled(planned, state, one, other)
        if ruled is not None:
            return not ruled
        found = await self._compared(state, (planned.text, near_text), one, other)
        return None if found is None else clearly_differs(found)

    async def _ruled(
        self, planned: PlannedRequest, state: RequestState, one: str, other: str
    ) -> bool | None:
        if one == other:
            return True
        if self.pair_verifier is None:
            return None
        ruling = await self.pair_verifier.ruled(state, Kind.ANSWERS, planned, one, other)
        return None if ruling is None else ruling.approved

    async def _compared(
        self, state: RequestState, prompts: tuple[str, str], one: str, other: str
    ) -> Comparison | None:
        embedded = await self.embedding_calls.embed(state, [one, other])
        if embedded is None:
            return None
        first, second = (embedding.vector for embedding in embedded)
        similarity = sum(a * b for a, b in zip(first, second, strict=True))
        return compared(prompts, (one, other), similarity)


def said_by(dialect: Dialect, form: Form, body: str) -> str | None:
    """What a stored answer says; None where it cannot be read."""
    whole = body.encode("utf-8")
    completion = object_or_none(whole) if form is Form.JSON else _assembled(dialect, whole)
    if completion is None or not dialect.is_whole(completion):
        return None
    return dialect.answer_text(completion)


def _assembled(dialect: Dialect, events: bytes) -> JsonObject | None:
    assembler = dialect.assembler()
    for event in EventSplitter().feed(events):
        if event.data is None or event.data == DONE:
            continue
        try:
            assembler.add(event.data)
        except BrokenStreamError:
            return None
    return assembler.completion()
