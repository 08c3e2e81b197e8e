"""What became of a request, on its span: the request event's facts, without its prompt."""

from llm_cache_proxy.adapters.telemetry.traced_upstream import OPERATIONS
from llm_cache_proxy.domain.metrics.request_event import RequestEvent
from llm_cache_proxy.ports.tracer import Facts, Tracer

_SERVER_ERROR = 500


class RequestSpans:
    """A `RequestSink` that notes the event on the span of the request that is being served."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def write(self, served: RequestEvent) -> None:
        """Note the event's facts."""
        span = self._tracer.current()
        span.note(event_facts(served))
        if served.status >= _SERVER_ERROR:
            span.fail(str(served.status))
        elif served.result == "ERROR":
            span.fail(served.reason)

    def close(self) -> None:
        """Nothing of its own: the tracer is closed by its owner."""


def event_facts(served: RequestEvent) -> Facts:
    """The event as a span's attributes; what is unknown is left out."""
    usage, operation = served.usage, OPERATIONS.get((served.path or "").removeprefix("/v1"))
    known = {
        "http.response.status_code": served.status,
        "gen_ai.operation.name": operation,
        "gen_ai.request.model": served.model,
        "gen_ai.usage.input_tokens": None if usage is None else usage.prompt_tokens,
        "gen_ai.usage.output_tokens": None if usage is None else usage.completion_tokens,
        "llm_cache.result": served.result,
        "llm_cache.reason": served.reason,
        "llm_cache.similarity": served.similarity,
        "llm_cache.entry": served.entry,
        "llm_cache.tenant": served.tenant,
        "llm_cache.request_id": served.request_id,
        "llm_cache.tokens_saved": None if usage is None else usage.saved,
        "llm_cache.dollars": None if served.nano_dollars is None else served.nano_dollars / 1e9,
    }
    return {name: value for name, value in known.items() if value is not None}
