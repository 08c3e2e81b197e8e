"""What an app serves with, over a pipeline's harness."""

from typing import Any

from fakes.health import no_health
from llm_cache_proxy.administration import Feedback
from llm_cache_proxy.api.v1.service import Service
from llm_cache_proxy.pipeline.recording.request_events import RequestEvents
from unit.pipeline.harness import PRICES, Harness


def service_over(harness: Harness, **changes: Any) -> Service:
    """Everything that a `Service` needs, with `changes`."""
    given: dict[str, Any] = {
        "pipeline": harness.pipeline,
        "embedder": harness.embedder,
        "feedback": lambda: Feedback(harness.exact, harness.vectors),
        "max_body_bytes": 100_000,
        "health": no_health,
        "close": harness.proxy.drain,
        "request_events": RequestEvents(PRICES),
    }
    return Service(**given | changes)
