"""What an upstream's answer adds to the counters and to a key's charge, and when it is written."""

from dataclasses import dataclass

from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.metrics.counter_names import (
    BYPASSES,
    ERROR,
    MISSES,
    miss_counts,
    upstream_answers,
)
from llm_cache_proxy.domain.metrics.pricing import PriceList
from llm_cache_proxy.domain.metrics.request_event import Usage
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.pipeline.request.planned_request import PlannedRequest
from llm_cache_proxy.pipeline.request.state import RequestState


@dataclass(frozen=True, slots=True)
class UpstreamUsage:
    """Counts answers of the upstream; a model is counted under the name that `prices` gives it."""

    counter_writer: CounterWriter
    prices: PriceList

    def count(self, planned: PlannedRequest, state: RequestState, completion: JsonObject) -> Usage:
        """Add the result and the tokens of an answer, and charge the key what it cost.

        An answer that does not report its tokens is charged as was reserved for it.
        """
        model = self.prices.counted_name(planned.identity.model)
        tokens = planned.request.dialect.token_counts(completion)
        usage = Usage(model, *tokens, saved=False)
        if state.has_answer or any(tokens):
            state.facts.usage = usage
        counts = miss_counts(model, *tokens)
        del counts[MISSES]
        if not state.has_answer:  # what it took may be on the bill all the same
            counts = {name: amount for name, amount in counts.items() if amount}
            del counts[upstream_answers(model)]
        if state.has_client:  # else it is no request's result
            counts[_result(planned, state)] = 1
        state.counts.add_result(counts)
        if state.account.charge is None:
            return usage
        if any(tokens):
            state.charge_actual(sum(tokens), self.prices.known_cost(model, *tokens) or 0)
        else:
            state.charge_as_reserved()
        return usage

    async def write(
        self, planned: PlannedRequest, state: RequestState, completion: JsonObject
    ) -> None:
        """Count an answer of which nothing is kept, before it is sent."""
        self.count(planned, state, completion)
        await self.counter_writer.write(planned.identity.tenant, state.counts.pending)

    def count_unsent(
        self, planned: PlannedRequest, state: RequestState, completion: JsonObject
    ) -> None:
        """Count an answer that was lost or left, whatever becomes of the caller."""
        self.count(planned, state, completion)
        self.counter_writer.write_in_background(planned.identity.tenant, state.counts.pending)


def _result(planned: PlannedRequest, state: RequestState) -> str:
    if not state.has_answer:
        return ERROR
    return MISSES if planned.plan.bypass is None else BYPASSES
