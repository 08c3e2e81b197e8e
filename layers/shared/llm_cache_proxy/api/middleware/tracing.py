"""One span for each request below `/v1`, from its first byte to its answer's last."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_cache_proxy.api.http.paths import ROOT
from llm_cache_proxy.api.middleware.request_events import has_event
from llm_cache_proxy.ports.tracer import Tracer

_NAMED = frozenset({"/chat/completions", "/responses", "/completions", "/embeddings", "/models"})


class TracedRequests:
    """Wraps the app, outside of the request events; present only if tracing is on."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or not has_event(scope):
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        path: str = scope["path"]
        facts = {
            "http.request.method": scope["method"],
            "url.path": path,
            "url.scheme": scope["scheme"],
        }
        span = self._tracer.request(_name(scope["method"], path), headers, facts)
        scope.setdefault("state", {})["trace_id"] = span.trace_id

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                span.note({"http.response.status_code": message["status"]})
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except BaseException as exc:
            span.fail(type(exc).__name__)
            raise
        finally:
            span.end()


def _name(method: str, path: str) -> str:
    """A span name from a small set, whatever path a client requests."""
    below = path.removeprefix(ROOT)
    return f"{method} {path}" if below in _NAMED else f"{method} {ROOT}"
