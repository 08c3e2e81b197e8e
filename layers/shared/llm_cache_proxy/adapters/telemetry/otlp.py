"""Spans and metrics to an OpenTelemetry collector, by OTLP over HTTP.

Threads of the SDK send them: a collector that is away costs a request nothing, and what waits is
bounded. The SDK's own variables (OTEL_TRACES_SAMPLER, OTEL_BSP_SCHEDULE_DELAY and the like) hold.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from llm_cache_proxy.ports.tracer import Facts, Span

_NAME = "llm_cache_proxy"
_PACKAGE = "llm-cache-proxy"
_SEND_SECONDS = 5
_CLOSE_SECONDS = 1.0
_QUIET_SECONDS = 60.0
_PROPAGATOR = TraceContextTextMapPropagator()
_CURRENT: ContextVar[trace.Span] = ContextVar("server span", default=trace.INVALID_SPAN)


@dataclass(frozen=True, slots=True)
class Collector:
    """Where the collector is: `endpoint` is its base, `headers` may hold secrets."""

    endpoint: str
    service_name: str
    headers: Mapping[str, str] = field(default_factory=dict)


class OtlpSpan:
    """A `Span` of the SDK's."""

    def __init__(self, span: trace.Span) -> None:
        self.inner = span

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits, as in `traceparent`."""
        context = self.inner.get_span_context()
        return trace.format_trace_id(context.trace_id) if context.is_valid else ""

    def note(self, facts: Facts) -> None:
        """Add attributes."""
        self.inner.set_attributes(facts)

    def fail(self, kind: str) -> None:
        """Set the status, and `error.type`."""
        self.inner.set_status(trace.StatusCode.ERROR)
        self.inner.set_attribute("error.type", kind)

    def end(self) -> None:
        """End the span once: the SDK warns of a second time."""
        if self.inner.is_recording():
            self.inner.end()


class OtlpTracer:
    """A `Tracer` over the SDK's providers, which are this process's own and not the global ones."""

    def __init__(self, collector: Collector) -> None:
        resource = Resource.create(
            {"service.name": collector.service_name, "service.version": version(_PACKAGE)}
        )
        once_in_a_while(logging.getLogger("opentelemetry"))
        self._exporter = OTLPSpanExporter(
            endpoint=f"{collector.endpoint}/v1/traces",
            headers=dict(collector.headers),
            timeout=_SEND_SECONDS,
        )
        self._spans = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._spans.add_span_processor(BatchSpanProcessor(self._exporter))
        counts = OTLPMetricExporter(
            endpoint=f"{collector.endpoint}/v1/metrics",
            headers=dict(collector.headers),
            timeout=_SEND_SECONDS,
        )
        self._counts = counts
        reader = PeriodicExportingMetricReader(counts)
        self._meters = MeterProvider([reader], resource, shutdown_on_exit=False)
        self._tracer = self._spans.get_tracer(_NAME)

    @property
    def meter(self) -> Meter:
        """What makes instruments."""
        return self._meters.get_meter(_NAME)

    def request(self, name: str, headers: Mapping[str, str], facts: Facts) -> Span:
        """A server span below the caller's."""
        span = self._tracer.start_span(
            name,
            context=_PROPAGATOR.extract(headers, context=Context()),
            kind=trace.SpanKind.SERVER,
            attributes=facts,
        )
        _CURRENT.set(span)
        return OtlpSpan(span)

    def current(self) -> Span:
        """The server span of this context."""
        return OtlpSpan(_CURRENT.get())

    def step(self, name: str, facts: Facts, *, leaves: bool = False) -> Span:
        """A span below the server span; without one, none."""
        server = _CURRENT.get()
        if not server.get_span_context().is_valid:
            return OtlpSpan(trace.INVALID_SPAN)
        span = self._tracer.start_span(
            name,
            context=trace.set_span_in_context(server, Context()),
            kind=trace.SpanKind.CLIENT if leaves else trace.SpanKind.INTERNAL,
            attributes=facts,
        )
        return OtlpSpan(span)

    def onward(self, span: Span) -> Mapping[str, str]:
        """`traceparent`, and `tracestate` where there is one."""
        carrier: dict[str, str] = {}
        if isinstance(span, OtlpSpan):
            _PROPAGATOR.inject(carrier, trace.set_span_in_context(span.inner, Context()))
        return carrier

    def close(self) -> None:
        """Send what is waiting; what is not sent soon is given up."""
        exporters = (self._exporter, self._counts)
        given_up = threading.Timer(_CLOSE_SECONDS, lambda: [each.shutdown() for each in exporters])
        given_up.daemon = True
        given_up.start()
        self._spans.shutdown()
        self._meters.shutdown()
        given_up.cancel()


def once_in_a_while(logger: logging.Logger, now: Callable[[], float] = time.monotonic) -> None:
    """Let one line of the SDK through a minute, without its traceback: its collector may be away.

    The SDK's loggers are below `logger`, whose handlers do not ask its filters about them.
    """
    handler = _Rare(now)
    logger.handlers[:] = [handler]
    logger.propagate = False


class _Rare(logging.Handler):
    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._next = 0.0
        self._log = logging.getLogger(__name__)

    def emit(self, record: logging.LogRecord) -> None:
        """Log the line as ours, or not at all."""
        if self._now() >= self._next:
            self._next = self._now() + _QUIET_SECONDS
            self._log.warning("OpenTelemetry: %s", record.getMessage())
