"""Counts each request once, as the result that its event names.

Most results are counted by then, in the round trip that found or stored the answer; what is
missing or wrong is put right here, and rides with the tenant's next call. So the counters, the
request log and the dashboard agree. Never makes a request that was served wait.
"""

from dataclasses import dataclass

from llm_cache_proxy.domain.metrics.counter_names import (
    BYPASSES,
    COALESCED,
    ERROR,
    EXACT_HITS,
    MISSES,
    REFUSED,
    SEMANTIC_HITS,
    STALE,
    failure_count,
    merged,
    negated,
    refusal_count,
)
from llm_cache_proxy.domain.metrics.request_event import RequestEvent
from llm_cache_proxy.domain.requests.reasons import Result
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


@dataclass(slots=True)
class ResultCounter:
    """A `RequestSink`; `nobody` is the tenant of requests that have none.

    UNIDENTIFIED makes no calls that its counts could ride with, so they are written in the
    background, once a second at most.
    """

    counter_writer: CounterWriter
    clock: Clock
    nobody: str
    _next_write: float = 0.0

    def write(self, served: RequestEvent) -> None:
        """Count what is not counted yet."""
        counts = _changes(served)
        if served.tenant is not None or self.nobody != UNIDENTIFIED:
            self.counter_writer.later(served.tenant or self.nobody, counts)
        elif self.clock.monotonic() < self._next_write:
            self.counter_writer.later(UNIDENTIFIED, counts)
        else:
            self._next_write = self.clock.monotonic() + _SECONDS_BETWEEN_WRITES
            self.counter_writer.write_in_background(UNIDENTIFIED, counts)

    def close(self) -> None:
        """Nothing of its own: the counter writer is drained by its owner."""


def _changes(served: RequestEvent) -> dict[str, int]:
    counts = merged({_COUNTERS[Result(served.result)]: 1}, negated(dict(served.counted)))
    if served.result == Result.ERROR:
        counts |= failure_count(served.status)
    elif served.result == Result.REFUSED:
        counts |= refusal_count(served.status, served.reason.partition(":")[2])
    return {name: amount for name, amount in counts.items() if amount}
