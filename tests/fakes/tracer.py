"""A tracer that remembers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from llm_cache_proxy.ports.tracer import Facts, Span


@dataclass
class FakeSpan:
    """A span, and what was said of it."""

    name: str
    facts: dict[str, Any] = field(default_factory=dict)
    failure: str | None = None
    ended: int = 0
    leaves: bool = False

    @property
    def trace_id(self) -> str:
        return "trace-1"

    def note(self, facts: Facts) -> None:
        self.facts.update(facts)

    def fail(self, kind: str) -> None:
        self.failure = kind

    def end(self) -> None:
        self.ended += 1


class FakeTracer:
    """`spans` in the order in which they began."""

    def __init__(self) -> None:
        self.spans: list[FakeSpan] = []

    def request(self, name: str, headers: Mapping[str, str], facts: Facts) -> Span:
        return self.step(name, {"traceparent": headers.get("traceparent", ""), **facts})

    def current(self) -> Span:
        return self.spans[0]

    def step(self, name: str, facts: Facts, *, leaves: bool = False) -> Span:
        span = FakeSpan(name, dict(facts), leaves=leaves)
        self.spans.append(span)
        return span

    def onward(self, span: Span) -> Mapping[str, str]:
        return {"traceparent": f"of {span.trace_id}"}

    def close(self) -> None:
        """Nothing waits."""
