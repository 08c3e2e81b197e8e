"""Where request events go: a file, CloudWatch, the dashboard."""

from typing import Protocol

from llm_cache_proxy.domain.metrics.request_event import RequestEvent


class RequestSink(Protocol):
    """Failure is the sink's own: what it cannot tell is lost, and never a request with it."""

    def write(self, served: RequestEvent) -> None:
        """Tell of one request, without making it wait."""
        ...

    def close(self) -> None:
        """Write what is waiting; the sink is not used afterwards."""
        ...
