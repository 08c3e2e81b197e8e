"""How a stored answer is sent: as it was stored, unless other ways were requested."""

import asyncio
import json
from collections.abc import AsyncGenerator

from llm_cache_proxy.domain.dialects.dialect import Dialect
from llm_cache_proxy.domain.dialects.streams.fresh_ids import renewed
from llm_cache_proxy.domain.dialects.streams.sse import EventSplitter, data_event, named_event
from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.domain.entries.pairs import EntryHandle
from llm_cache_proxy.domain.json_text import compact_text
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.domain.metrics.request_event import Usage
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE, SSE_TYPE, Answer, Outcome
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.ports.exact_store.store import Hit


@record()
class HitAnswers:
    """How hits are sent: `words_per_second` 0 is at once; `fresh_ids` gives each an id and date.

    A client may ask for a fresh id itself.
    """

    prices: PriceList
    words_per_second: float = 0.0
    fresh_ids: bool = False

    def answer(
        self,
        planned: PlannedRequest,
        state: RequestState,
        hit: Hit,
        result: Result,
        reason: Reason,
        *,
        pair: str | None = None,
    ) -> Answer:
        """The answer that a hit gives; `pair` names both texts where they differ, for feedback."""
        whole = planned.form is Form.JSON
        tokens = hit.prompt_tokens + hit.completion_tokens
        return Answer(
            status=200,
            content_type=JSON_TYPE if whole else SSE_TYPE,
            body=self._body(planned, hit),
            outcome=Outcome(
                result=result,
                reason=str(reason),
                similarity=state.facts.similarity,
                age_seconds=max(0, hit.now - hit.created_at),
                ttl_seconds=max(0, hit.expires_at - hit.now),
                entry_id=hit.entry_id if pair is None else str(EntryHandle(hit.entry_id, pair)),
                saved_tokens=tokens or None,
                saved_nano_dollars=self.prices.known_cost(
                    hit.model, hit.prompt_tokens, hit.completion_tokens
                )
                if tokens
                else None,
                timings=state.timings,
                usage=Usage(hit.model, hit.prompt_tokens, hit.completion_tokens, saved=True),
            ),
        )

    def _body(self, planned: PlannedRequest, hit: Hit) -> bytes | AsyncGenerator[bytes, None]:
        dialect, text = planned.request.dialect, hit.body
        chosen = planned.request.controls.fresh_id
        if (self.fresh_ids if chosen is None else chosen) and dialect.id_prefix:
            text = renewed(text, dialect.id_prefix, hit.now)
        if planned.form is Form.JSON:
            return text.encode("utf-8")
        if self.words_per_second > 0:
            return _word_by_word(text, dialect, 1 / self.words_per_second)
        return (text + dialect.terminator).encode("utf-8")


async def _word_by_word(
    events: str, dialect: Dialect, pause_seconds: float
) -> AsyncGenerator[bytes, None]:
    number = 0
    for event in EventSplitter().feed(events.encode("utf-8")):
        parts = [] if event.data is None else dialect.word_by_word(json.loads(event.data))
        for part in parts:
            if "sequence_number" in part:
                part["sequence_number"] = number
            number += 1
            text = compact_text(part)
            sent = named_event(event.name, text) if event.name else data_event(text)
            yield sent.encode("utf-8")
            if len(parts) > 1:
                await asyncio.sleep(pause_seconds)
    if dialect.terminator:
        yield dialect.terminator.encode("utf-8")
