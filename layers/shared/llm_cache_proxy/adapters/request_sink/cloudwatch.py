"""Writes one line per request to standard output, which CloudWatch reads as log and as metrics.

The embedded metric format: the line's fields are the request log's, and those that `_aws` names
become metrics. The tier is the only dimension, since every set of dimensions is a metric that is
paid for. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import sys
from collections.abc import Iterator
from typing import TextIO

from llm_cache_proxy.domain.metrics.request_event import RequestEvent
from llm_cache_proxy.domain.requests.reasons import NOTHING_READ, Result

DIMENSION = "tier"
UNITS = {
    "Requests": "Count",
    "Latency": "Milliseconds",
    "TokensUsed": "Count",
    "TokensSaved": "Count",
    "DollarsSpent": "None",
    "DollarsSaved": "None",
    "UpstreamErrors": "Count",
    "CacheErrors": "Count",
    "NotRead": "Count",
    "GuardVetoes": "Count",
    "ShadowSamples": "Count",
    "ShadowWrong": "Count",
    "ThresholdsRaised": "Count",
    "EmbeddingLatency": "Milliseconds",
    "ColdStart": "Count",
}
"""Every metric that is ever written, and its unit; infra/monitoring.yaml shows these names."""

_CACHE_TIERS = frozenset({"exact", "embed", "search"})


class CloudWatchRequests:
    """A `RequestSink` that writes to `stream`, standard output where none is given.

    Lambda collects what is written there on its own; nothing is sent, and nothing waits.
    """

    def __init__(self, namespace: str, stream: TextIO | None = None) -> None:
        self._namespace = namespace
        self._stream = stream
        self._cold = True

    def write(self, served: RequestEvent) -> None:
        """Write the line."""
        from aws_lambda_powertools.metrics import EphemeralMetrics

        metrics = EphemeralMetrics(namespace=self._namespace)
        metrics.add_dimension(DIMENSION, served.result)
        for name, value in _measured(served, cold=self._cold):
            metrics.add_metric(name, UNITS[name], value)
        for name, logged in served.line().items():
            metrics.add_metadata(name, logged)
        self._cold = False
        line = json.dumps(metrics.serialize_metric_set())
        print(line, file=self._stream or sys.stdout, flush=True)

    def close(self) -> None:
        """Nothing is waiting."""


def _measured(served: RequestEvent, *, cold: bool) -> Iterator[tuple[str, float]]:
    yield "Requests", 1
    yield "Latency", served.latency_ms
    usage = served.usage
    if usage is not None:
        tokens = usage.prompt_tokens + usage.completion_tokens
        yield ("TokensSaved" if usage.saved else "TokensUsed"), tokens
        if served.nano_dollars is not None:
            yield ("DollarsSaved" if usage.saved else "DollarsSpent"), served.nano_dollars / 1e9
    cache_errors = sum(n for name, n in served.failures.items() if name in _CACHE_TIERS)
    upstream_errors = sum(n for name, n in served.failures.items() if name.startswith("upstream"))
    if served.reason == "upstream-error":
        upstream_errors = max(upstream_errors, 1)
    wrong = served.samples.get("wrong", 0)
    counted = {
        "UpstreamErrors": upstream_errors,
        "CacheErrors": cache_errors,
        "NotRead": int(served.result == Result.MISS and served.reason in NOTHING_READ),
        "GuardVetoes": sum(served.vetoes.values()),
        "ShadowSamples": wrong + served.samples.get("right", 0),
        "ShadowWrong": wrong,
        "ThresholdsRaised": served.samples.get("threshold_raised", 0),
        "ColdStart": int(cold),
    }
    yield from ((name, count) for name, count in counted.items() if count)
    if "embed" in served.timings:
        yield "EmbeddingLatency", served.timings["embed"]
