"""Spans as subsegments of Lambda's own trace, to the X-Ray daemon beside the function.

Each is one UDP datagram to this machine: it is gone or lost at once, and nothing waits. Lambda's
sampling decides; the trace is the one that its header names.
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import json
import re
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field

from llm_cache_proxy.ports.tracer import Facts, Span

HEADER = "x-amzn-trace-id"
_DATAGRAM = b'{"format": "json", "version": 1}\n'
_MOST_BYTES = 60_000
_TRACE = re.compile(r"1-([0-9a-f]{8})-([0-9a-f]{24})")
_SPAN = re.compile(r"[0-9a-f]{16}")
_TOO_MANY = "429"
_NOT_IN_A_NAME = re.compile(r"[^\w\s.:/%&#=+\-@]")
_NOT_IN_A_KEY = re.compile(r"\W")


@dataclass(slots=True)
class XRaySpan:
    """A subsegment of `root` below `parent`; without a root nothing is recorded."""

    send: Callable[[bytes], None]
    name: str
    root: str = ""
    parent: str = ""
    facts: dict[str, str | int | float | bool] = field(default_factory=dict)
    remote: bool = False
    failure: str | None = None
    span_id: str = field(default_factory=lambda: secrets.token_hex(8))
    begun: float = field(default_factory=time.time)

    @property
    def trace_id(self) -> str:
        """The trace as X-Ray names it."""
        return self.root

    def note(self, facts: Facts) -> None:
        """Add facts, which become annotations."""
        self.facts.update(facts)

    def fail(self, kind: str) -> None:
        """A fault, or the client's error where `kind` is a status of 4xx."""
        self.failure = kind

    def end(self) -> None:
        """Send the subsegment, once."""
        if self.root:
            document = json.dumps(self._document()).encode()
            if len(document) < _MOST_BYTES:
                self.send(_DATAGRAM + document)
            self.root = ""

    def _document(self) -> dict[str, object]:
        document: dict[str, object] = {
            "type": "subsegment",
            "name": _NOT_IN_A_NAME.sub("_", self.name)[:200],
            "id": self.span_id,
            "trace_id": self.root,
            "parent_id": self.parent,
            "start_time": self.begun,
            "end_time": time.time(),
            "annotations": {
                _NOT_IN_A_KEY.sub("_", key): value for key, value in self.facts.items()
            },
        }
        if self.remote:
            document["namespace"] = "remote"
        if self.failure is not None:
            kind = "error" if self.failure[:1] == "4" else "fault"
            document |= {kind: True, "throttle": self.failure == _TOO_MANY}
        return document


class XRayTracer:
    """A `Tracer` whose daemon listens at `address`; `trace_header` is Lambda's, where it is one."""

    def __init__(
        self, address: tuple[str, int], trace_header: Callable[[], str | None] = lambda: None
    ) -> None:
        self._address = address
        self._trace_header = trace_header
        self._socket: socket.socket | None = None
        self._current: ContextVar[XRaySpan | None] = ContextVar("segment", default=None)

    def request(self, name: str, headers: Mapping[str, str], facts: Facts) -> Span:
        """A subsegment of the function's own segment, where Lambda samples the request."""
        root, parent = sampled(self._trace_header() or headers.get(HEADER, ""))
        span = XRaySpan(self._send, name, root, parent, dict(facts))
        self._current.set(span)
        return span

    def current(self) -> Span:
        """The request's subsegment in this context."""
        return self._current.get() or XRaySpan(self._send, "")

    def step(self, name: str, facts: Facts, *, leaves: bool = False) -> Span:
        """A subsegment below the request's."""
        above = self._current.get()
        if above is None or not above.root:
            return XRaySpan(self._send, name)
        return XRaySpan(self._send, name, above.root, above.span_id, dict(facts), leaves)

    def onward(self, span: Span) -> Mapping[str, str]:
        """`traceparent`, in which the trace's two parts are one."""
        found = _TRACE.fullmatch(span.trace_id)
        if found is None or not isinstance(span, XRaySpan):
            return {}
        return {"traceparent": f"00-{found[1]}{found[2]}-{span.span_id}-01"}

    def close(self) -> None:
        """Close the socket; the next span opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, datagram: bytes) -> None:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        with suppress(OSError):  # a full buffer, or no daemon: the span is lost
            self._socket.sendto(datagram, self._address)


def sampled(header: str) -> tuple[str, str]:
    """Root and parent that the header of a sampled request names; both empty where it does not."""
    fields = dict(part.strip().partition("=")[::2] for part in header.split(";"))
    root, parent = fields.get("Root", ""), fields.get("Parent", "")
    if fields.get("Sampled") == "1" and _TRACE.fullmatch(root) and _SPAN.fullmatch(parent):
        return root, parent
    return "", ""
