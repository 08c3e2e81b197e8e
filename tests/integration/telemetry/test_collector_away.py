"""A collector that is away costs a request nothing, and its operator one line a minute."""

import logging
import time
from collections.abc import Iterator

import pytest

from llm_cache_proxy.adapters.telemetry.otlp import Collector, OtlpTracer, once_in_a_while

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def tracer() -> Iterator[OtlpTracer]:
    made = OtlpTracer(Collector(NOWHERE, "service"))
    yield made
    logger = logging.getLogger("opentelemetry")
    logger.handlers.clear()
    logger.propagate = True


def test_spans_beyond_what_may_wait_are_dropped_and_the_end_is_near(tracer: OtlpTracer) -> None:
    for _ in range(3_000):
        span = tracer.request("POST /v1", {}, {})
        tracer.step("search", {}).end()
        span.end()

    begun = time.monotonic()
    tracer.close()

    assert time.monotonic() - begun < 30


def test_the_sdk_has_one_line_a_minute(
    caplog: pytest.LogCaptureFixture, tracer: OtlpTracer
) -> None:
    now = 0.0
    once_in_a_while(logging.getLogger("opentelemetry"), lambda: now)
    sdk = logging.getLogger("opentelemetry.exporter.somewhere")

    for moment in (1.0, 30.0, 62.0):
        now = moment
        sdk.error("away at %s", moment)
    tracer.close()

    assert [record.getMessage() for record in caplog.records] == [
        "OpenTelemetry: away at 1.0",
        "OpenTelemetry: away at 62.0",
    ]
