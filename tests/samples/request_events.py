"""One request event, as the sinks get it."""

from dataclasses import replace

from llm_cache_proxy.domain.metrics.request_event import RequestEvent, Usage

USED = Usage("gpt-4o-mini", 120, 34, saved=False)
SAVED = Usage("gpt-4o-mini", 120, 34, saved=True)


def an_event(**changes: object) -> RequestEvent:
    """A miss that took 12.3 ms to begin and 40 ms to end."""
    made = RequestEvent(
        time=1_700_000_000.25,
        request_id="req_1",
        status=200,
        result="MISS",
        reason="not-found",
        latency_ms=12.3456,
        duration_ms=40,
        tenant="default",
        model="gpt-4o-mini",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test names the fields it means
