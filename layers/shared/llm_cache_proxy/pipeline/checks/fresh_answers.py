"""Asks the upstream for an answer that no client waits for, only to compare it.

What it costs is counted, and is no result. Never raises where the upstream has none.
"""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.json_text import JsonObject, compact_text, object_or_none
from llm_cache_proxy.domain.metrics.counter_names import shadow_call_counts
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState
from llm_cache_proxy.ports.upstream import Upstream, UpstreamCall

_log = logging.getLogger(__name__)
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class FreshAnswer:
    """What the upstream said, and what it cost in billionths of a dollar."""

    said: str
    nano_dollars: int


@dataclass(frozen=True, slots=True)
class FreshAnswers:
    """`counted_model` is the name that a model's tokens are counted under."""

    upstream: Upstream
    counted_model: Callable[[str], str]
    cost: Callable[[str, int, int], int]

    async def ask(self, planned: PlannedRequest, state: RequestState) -> FreshAnswer | None:
        """What the upstream says to the request now; None where it gave no whole answer."""
        try:
            completion = await self._completion(planned)
        except UpstreamError as exc:
            _log.info("a sample got no answer: %s", type(exc).__name__)
            return None
        dialect = planned.request.dialect
        if completion is None or not dialect.is_whole(completion):
            return None
        model = self.counted_model(planned.identity.model)
        state.counts.add(shadow_call_counts(model, *dialect.token_counts(completion)))
        return FreshAnswer(dialect.answer_text(completion), self.cost_of(planned, completion))

    def cost_of(self, planned: PlannedRequest, completion: JsonObject) -> int:
        """What an answer to the request has cost, in billionths of a dollar."""
        tokens = planned.request.dialect.token_counts(completion)
        return self.cost(self.counted_model(planned.identity.model), *tokens)

    async def _completion(self, planned: PlannedRequest) -> JsonObject | None:
        request = planned.request
        plain = {
            name: value
            for name, value in request.fields.items()
            if name not in ("stream", "stream_options")
        }
        call = UpstreamCall(
            method="POST",
            path=request.dialect.path,
            query=request.query,
            headers=request.headers,
            body=compact_text(plain).encode("utf-8"),
            model=planned.request.model,
            routes=planned.routes[:1],
            streaming=False,
            upstream_key=request.client.upstream_key,
        )
        reply = await self.upstream.send(call)
        body = await _read(reply.body)
        return object_or_none(body) if reply.status in _SUCCESS else None


def may_be_compared(planned: PlannedRequest, state: RequestState) -> bool:
    """Whether the upstream may be asked about a hit, which the client has not asked for.

    Not where the client wants no upstream or may spend nothing more, nor at the cost of its own
    account there.
    """
    return not (
        planned.plan.only_if_cached
        or state.account.is_used_up
        or planned.request.client.upstream_key is not None
    )


async def _read(body: AsyncGenerator[bytes, None]) -> bytes:
    async with aclosing(body) as pieces:
        return b"".join([piece async for piece in pieces])
