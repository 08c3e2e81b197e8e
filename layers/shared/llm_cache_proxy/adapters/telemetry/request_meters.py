"""Requests as OpenTelemetry's metrics: how many, how long, what they used and saved."""

from opentelemetry.metrics import Meter

from llm_cache_proxy.domain.metrics.request_event import RequestEvent

_LATENCY_BOUNDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class RequestMeters:
    """A `RequestSink` that counts requests, time, tokens and dollars; labels are bounded."""

    def __init__(self, meter: Meter) -> None:
        self._requests = meter.create_counter(
            "llm_cache.requests", "{request}", "Requests by result."
        )
        self._duration = meter.create_histogram(
            "llm_cache.request.duration",
            "s",
            "Time until the answer began, by result.",
            explicit_bucket_boundaries_advisory=_LATENCY_BOUNDS,
        )
        self._tokens = meter.create_counter(
            "llm_cache.tokens", "{token}", "Tokens used and saved, by model."
        )
        self._dollars = meter.create_counter(
            "llm_cache.dollars", "{USD}", "Dollars spent and saved at list prices, by model."
        )

    def write(self, served: RequestEvent) -> None:
        """Count the request."""
        result = {"llm_cache.result": served.result}
        self._requests.add(1, result)
        self._duration.record(served.latency_ms / 1000, result)
        usage = served.usage
        if usage is None:
            return
        labels = {
            "gen_ai.request.model": usage.model,
            "llm_cache.outcome": "saved" if usage.saved else "used",
        }
        self._tokens.add(usage.prompt_tokens, {**labels, "gen_ai.token.type": "input"})
        self._tokens.add(usage.completion_tokens, {**labels, "gen_ai.token.type": "output"})
        if served.nano_dollars is not None:
            self._dollars.add(served.nano_dollars / 1e9, labels)

    def close(self) -> None:
        """Nothing of its own: the tracer sends what is counted."""
