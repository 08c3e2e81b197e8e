"""Where request events go: a file, CloudWatch, the dashboard."""

from typing import Protocol

from llm_cache_proxy.domain.metrics.request_event import RequestEvent


class RequestSink(Protocol):
    """A sink handles its own failures: it may lose events, and never fails a request."""

    def write(self, served: RequestEvent) -> None:
        """Write one request's event, without making the request wait."""
        ...

    def close(self) -> None:
        """Write what is waiting; what comes afterwards may be lost. May be called again."""
        ...
