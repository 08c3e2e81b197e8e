"""The sinks that write into the exact tier: each request's result is counted, its line kept.

Most results are counted before, in the round trip that found or stored the answer; what is missing
or wrong is put right here. So the counters, the request log and the dashboard agree. All of it,
latency and similarity too, rides with the tenant's next call: a request that was served waits for
none of it.
"""

import json
from dataclasses import dataclass

from llm_cache_proxy.domain.metrics.counter_names import (
    BYPASSES,
    COALESCED,
    ERROR,
    EXACT_HITS,
    MISSES,
    NOT_READ,
    REFUSED,
    SEMANTIC_HITS,
    STALE,
    failure_count,
    latency_counts,
    refusal_count,
)
from llm_cache_proxy.domain.metrics.request_event import RequestEvent
from llm_cache_proxy.domain.metrics.similarities import similarity_count
from llm_cache_proxy.domain.requests.reasons import NOTHING_READ, Result
from llm_cache_proxy.pipeline.recording.counter_writer import CounterWriter
from llm_cache_proxy.ports.clock import Clock

UNIDENTIFIED = "(unidentified)"
"""Where requests count that came without a valid key: the name of no tenant."""

_COUNTERS = {
    Result.HIT_EXACT: EXACT_HITS,
    Result.HIT_SEMANTIC: SEMANTIC_HITS,
    Result.MISS: MISSES,
    Result.BYPASS: BYPASSES,
    Result.STALE: STALE,
    Result.COALESCED: COALESCED,
    Result.ERROR: ERROR,
    Result.REFUSED: REFUSED,
}
_SECONDS_BETWEEN_WRITES = 1.0
_SHOWN_CHARACTERS = 200
_COMPARED_CHARACTERS = 2_000
"""Of a prompt that was compared by meaning: whoever judges the pair reads it."""


@dataclass(slots=True)
class ResultCounter:
    """A `RequestSink`; requests without a tenant count under `without_tenant`.

    UNIDENTIFIED makes no calls that its counts could ride with, so they are written in the
    background, once a second at most.
    """

    counter_writer: CounterWriter
    clock: Clock
    without_tenant: str
    _next_write: float = 0.0

    def write(self, served: RequestEvent) -> None:
        """Count what is not counted yet."""
        counts = _changes(served)
        if not counts:
            return
        if served.tenant is not None or self.without_tenant != UNIDENTIFIED:
            self.counter_writer.later(served.tenant or self.without_tenant, counts)
        elif self.clock.monotonic() < self._next_write:
            self.counter_writer.later(UNIDENTIFIED, counts)
        else:
            self._next_write = self.clock.monotonic() + _SECONDS_BETWEEN_WRITES
            self.counter_writer.write_in_background(UNIDENTIFIED, counts)

    def close(self) -> None:
        """Nothing of its own: the counter writer is drained by its owner."""


class RecentDecisions:
    """A `RequestSink` whose lines ride with the tenant's counts into the exact tier."""

    def __init__(
        self, counter_writer: CounterWriter, without_tenant: str, *, with_prompts: bool
    ) -> None:
        self._counter_writer = counter_writer
        self._without_tenant = without_tenant
        self._with_prompts = with_prompts

    def write(self, served: RequestEvent) -> None:
        """Keep the line for the next call of the tenant, or of whom those without count under."""
        line = served.line()
        if self._with_prompts and served.prompt:
            compared = served.similarity is not None
            most = _COMPARED_CHARACTERS if compared else _SHOWN_CHARACTERS
            line["prompt"] = served.prompt[:most]
        tenant = served.tenant or self._without_tenant
        self._counter_writer.later(tenant, {}, [json.dumps(line, separators=(",", ":"))])

    def close(self) -> None:
        """Nothing of its own: the counter writer is drained by its owner."""


def _changes(served: RequestEvent) -> dict[str, int]:
    counts = {name: -amount for name, amount in served.counted.items()}
    counter = _COUNTERS[Result(served.result)]
    counts[counter] = counts.get(counter, 0) + 1
    if served.result == Result.ERROR:
        counts |= failure_count(served.status)
    elif served.result == Result.REFUSED:
        counts |= refusal_count(served.status, served.reason.partition(":")[2])
    elif served.result == Result.MISS and served.reason in NOTHING_READ:
        counts |= {NOT_READ: 1}
    if served.result != Result.REFUSED:  # which takes no time worth telling
        counts |= latency_counts(served.result, served.latency_ms)
    if served.similarity is not None:
        counts |= similarity_count(served.similarity, served.result, served.reason)
    return {name: amount for name, amount in counts.items() if amount}
