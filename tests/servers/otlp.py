"""A collector of OpenTelemetry: receives OTLP over HTTP as protobuf, and keeps it all."""

import gzip
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_WAIT_SECONDS = 60
SERVER, CLIENT = 2, 3
"""Kinds of spans."""


@dataclass(frozen=True)
class ReceivedSpan:
    """A span as it came."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    failed: bool
    facts: dict[str, Any]
    service: str


class Collector:
    """`app` is where it listens; `received` is every body as it came, `spans` what was in them."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.spans: list[ReceivedSpan] = []
        self.metrics: dict[str, Any] = {}
        self._changed = threading.Condition()
        self.app = Starlette(
            routes=[
                Route("/v1/traces", self._traces, methods=["POST"]),
                Route("/v1/metrics", self._metrics, methods=["POST"]),
            ]
        )

    def trace(self, trace_id: str, steps: int = 0) -> list[ReceivedSpan]:
        """The trace's spans, once the server's own and so many of its steps are here.

        A plain answer is stored behind it: those steps end after the server's span.
        """

        def received() -> list[ReceivedSpan]:
            return [span for span in self.spans if span.trace_id == trace_id]

        def whole() -> bool:
            return sum(s.kind != SERVER for s in received()) >= steps and any(
                s.kind == SERVER for s in received()
            )

        self._wait(whole)
        return received()

    def points(self, metric: str, **labels: str) -> list[dict[str, Any]]:
        """The metric's points with these labels, once there are any."""
        wanted = {name.replace("__", "."): value for name, value in labels.items()}

        def found() -> list[dict[str, Any]]:
            points = self.metrics.get(metric, [])
            return [p for p in points if wanted.items() <= p["labels"].items()]

        self._wait(lambda: bool(found()))
        return found()

    def _wait(self, there: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(there, _WAIT_SECONDS), "nothing came to the collector"

    async def _traces(self, request: Request) -> Response:
        found = ExportTraceServiceRequest.FromString(await self._body(request))
        with self._changed:
            self.spans += _spans(found)
            self._changed.notify_all()
        return Response(media_type="application/x-protobuf")

    async def _metrics(self, request: Request) -> Response:
        found = ExportMetricsServiceRequest.FromString(await self._body(request))
        with self._changed:
            self.metrics |= dict(_metric_points(found))
            self._changed.notify_all()
        return Response(media_type="application/x-protobuf")

    async def _body(self, request: Request) -> bytes:
        body = await request.body()
        if request.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.received.append(body)
        self.headers.append(dict(request.headers))
        return body


def _spans(found: ExportTraceServiceRequest) -> Iterator[ReceivedSpan]:
    for resource in found.resource_spans:
        service = _facts(resource.resource.attributes)["service.name"]
        for span in (span for scope in resource.scope_spans for span in scope.spans):
            yield ReceivedSpan(
                name=span.name,
                kind=span.kind,
                trace_id=span.trace_id.hex(),
                span_id=span.span_id.hex(),
                parent_id=span.parent_span_id.hex(),
                failed=span.status.code == 2,
                facts=_facts(span.attributes),
                service=service,
            )


def _metric_points(found: ExportMetricsServiceRequest) -> Iterator[tuple[str, list[Any]]]:
    for scope in (scope for each in found.resource_metrics for scope in each.scope_metrics):
        for metric in scope.metrics:
            data = getattr(metric, metric.WhichOneof("data"))
            yield (
                metric.name,
                [
                    {"labels": _facts(point.attributes), "point": point}
                    for point in data.data_points
                ],
            )


def _facts(attributes: Any) -> dict[str, Any]:
    return {each.key: _value(each) for each in attributes}


def _value(attribute: Any) -> Any:
    return getattr(attribute.value, attribute.value.WhichOneof("value"))
