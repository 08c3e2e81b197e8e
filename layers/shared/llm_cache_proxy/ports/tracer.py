"""Where the time of a request went: a span for the request, and one for each step below it.

Nothing of it exists where tracing is off: traced parts take the places of others only where it is
on. Facts never hold a prompt, an answer or a secret.
"""

from collections.abc import Mapping
from typing import Protocol

Facts = Mapping[str, str | int | float | bool]


class Span(Protocol):
    """A piece of time with facts; it handles its own failures, and never fails a request."""

    @property
    def trace_id(self) -> str:
        """The trace's name, for log lines; empty where nothing is recorded."""
        ...

    def note(self, facts: Facts) -> None:
        """Add what has become known."""
        ...

    def fail(self, kind: str) -> None:
        """The step failed; `kind` is a status, or an error's name."""
        ...

    def end(self) -> None:
        """The step is over. Safe to repeat."""
        ...


class Tracer(Protocol):
    """Records spans without making a request wait; it may lose some."""

    def request(self, name: str, headers: Mapping[str, str], facts: Facts) -> Span:
        """The span of a request; it continues the trace that the caller's `headers` name.

        Steps that begin in the same context from now on are below it.
        """
        ...

    def current(self) -> Span:
        """The span of the request that is being served."""
        ...

    def step(self, name: str, facts: Facts, *, leaves: bool = False) -> Span:
        """A span below the current request's; `leaves` where another server is asked."""
        ...

    def onward(self, span: Span) -> Mapping[str, str]:
        """The headers that name `span` to the server that is asked."""
        ...

    def close(self) -> None:
        """Send what is waiting, not for ever; waits for the network."""
        ...
