"""Turn the leader's result into the follower's answer; keep a waiting stream alive until then."""

import asyncio
from collections.abc import AsyncGenerator

from llm_cache_proxy.domain.closable_body import ClosableBody
from llm_cache_proxy.domain.dialects.dialect import Dialect
from llm_cache_proxy.domain.entries.entry import Entry, Form
from llm_cache_proxy.domain.entries.shared_answer import LeaderResult, SharedAnswer, shared_answer
from llm_cache_proxy.domain.errors import RequestRefused, UpstreamError
from llm_cache_proxy.domain.metrics.request_event import Usage
from llm_cache_proxy.domain.requests.reasons import Reason, Result
from llm_cache_proxy.pipeline.request.answer import JSON_TYPE, SSE_TYPE, Answer, Outcome
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.pipeline.tiers.hit_answers import HitAnswers
from llm_cache_proxy.ports.exact_store.leases import (
    FoundSemantically,
    Lease,
    NoLease,
    PublishedAnswer,
)
from llm_cache_proxy.ports.exact_store.store import Hit

KEEP_ALIVE = b": waiting\n"
"""A comment (WHATWG HTML, section 9.2.6). Some clients take an empty line behind one for an event
without data, and fail: there is none."""


class WaitingBody(ClosableBody):
    """The body of the answer that `coming` gives; closing it early ends the wait."""

    def __init__(
        self, coming: "asyncio.Task[Answer]", keep_alive_seconds: float, dialect: Dialect
    ) -> None:
        self._coming = coming
        self._dialect = dialect
        self._keep_alive_seconds = keep_alive_seconds
        self._body = self._pieces()

    async def asend(self, value: None, /) -> bytes:  # noqa: ARG002 (a generator's signature)
        """The next comment, or piece of the answer."""
        return await anext(self._body)

    async def aclose(self) -> None:
        """The client has left, or has all. Safe to repeat, begun or not."""
        await self._body.aclose()
        self._coming.cancel()
        [answer] = await asyncio.gather(self._coming, return_exceptions=True)
        if isinstance(answer, Answer) and not isinstance(answer.body, bytes):
            await answer.body.aclose()

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        while not self._coming.done():
            yield KEEP_ALIVE
            await asyncio.wait([self._coming], timeout=self._keep_alive_seconds)
        try:
            answer = self._coming.result()
        except (UpstreamError, RequestRefused) as exc:  # by its key, now that it has to ask itself
            yield self._dialect.error_event(exc)
            return
        if not isinstance(answer.body, bytes):
            async for piece in answer.body:
                yield piece
        elif answer.content_type.startswith("text/event-stream"):
            yield answer.body
        else:  # an error that came as JSON, after the status had been sent
            yield self._dialect.relayed_error_event(answer.status, answer.body)


def read_leader_result(
    found: Entry | PublishedAnswer | FoundSemantically | NoLease | Lease,
) -> LeaderResult | FoundSemantically | NoLease | Lease:
    """What a poll of the store found; `NoLease` if the published answer cannot be read."""
    if not isinstance(found, PublishedAnswer):
        return found
    try:
        return shared_answer(found.text)
    except ValueError:
        return NoLease()


def kept_answer(
    hits: HitAnswers, planned: PlannedRequest, state: RequestState, entry: Entry
) -> Answer:
    """The stored answer, as a hit of age 0."""
    hit = Hit(
        body=entry.forms.body(planned.form),
        entry_id=entry.entry_id,
        created_at=entry.created_at,
        expires_at=entry.expires_at,
        now=entry.created_at,
        model=entry.model,
        prompt_tokens=entry.prompt_tokens,
        completion_tokens=entry.completion_tokens,
        text=None,
        sequence=state.sequence,
    )
    return hits.answer(planned, state, hit, Result.COALESCED, Reason.COALESCED)


def published_reply(planned: PlannedRequest, state: RequestState, answer: SharedAnswer) -> Answer:
    """An answer that was not stored, in the form that the follower asked for."""
    status, kind, text = _in_form(planned, answer)
    tokens = (answer.prompt_tokens, answer.completion_tokens)
    return Answer(
        status=status,
        content_type=kind,
        body=text.encode("utf-8", "replace"),
        outcome=Outcome(
            Result.COALESCED,
            str(Reason.COALESCED),
            timings=state.timings,
            usage=Usage(answer.model, *tokens, saved=True),
        ),
        headers=answer.headers,
    )


def _in_form(planned: PlannedRequest, answer: SharedAnswer) -> tuple[int, str, str]:
    """Status, content type and body for a follower."""
    streams = planned.form is not Form.JSON
    if answer.forms is not None:
        body, terminator = answer.forms.body(planned.form), planned.request.dialect.terminator
        return (200, SSE_TYPE, body + terminator) if streams else (200, JSON_TYPE, body)
    if streams and answer.stream:
        return 200, SSE_TYPE, answer.stream
    return answer.status, answer.content_type, answer.body
