"""Gives every request an id, and writes one request event when it ends."""

import asyncio
import contextvars
import logging
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_cache_proxy.api.http.errors import stopping, unforeseen
from llm_cache_proxy.api.http.raw_requests import new_request_id
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.recording.request_events import (
    CLIENT_LEFT_STATUS,
    RequestEventDraft,
    RequestEvents,
)
from llm_cache_proxy.pipeline.request.answer import Outcome

CURRENT: contextvars.ContextVar[RequestEventDraft | None] = contextvars.ContextVar(
    "request", default=None
)
"""The request that this task serves, for its log lines."""

_CORRELATION = re.compile(rb"[\x21-\x7e]{1,200}")
_CORRELATION_HEADERS = (b"x-correlation-id", b"x-amzn-trace-id")
_log = logging.getLogger(__name__)


def has_event(scope: Scope) -> bool:
    """Whether a request is among those that are counted and logged."""
    path: str = scope["path"]
    return path.startswith("/v1/")


def event_draft_of(request: Request) -> RequestEventDraft:
    """The draft of the request's event, to be filled in."""
    draft: RequestEventDraft = request.state.event_draft
    return draft


class RequestEventMiddleware:
    """Wraps the app; an internal error, and a server's end, become answers that name the request.

    Only requests under `/v1` have an event.
    """

    def __init__(self, app: ASGIApp, request_events: RequestEvents) -> None:
        self._app = app
        self._request_events = request_events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted, correlation_id = has_event(scope), _correlation_id(scope["headers"])
        draft = RequestEventDraft(
            new_request_id(), correlation_id, method=scope.get("method"), path=scope["path"]
        )
        state = scope.setdefault("state", {})
        draft.trace_id = state.get("trace_id") or None
        state.update(request_id=draft.request_id, event_draft=draft)
        CURRENT.set(draft)
        event = _EventWriter(self._request_events, draft, scope, wanted)

        async def watched(message: Message) -> None:
            event.observe(message)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            _log.exception("request %s failed", draft.request_id)
            if event.status:  # the client sees a cut connection, which is what happened
                raise
            await unforeseen(draft.request_id, scope["path"])(scope, receive, watched)
        except asyncio.CancelledError:
            if not event.status:  # a server that stops waits no longer
                await stopping(draft.request_id, scope["path"])(scope, receive, watched)
            raise
        finally:
            if event.is_unwritten:  # the answer did not come to its end
                event.write()


@dataclass(slots=True)
class _EventWriter:
    """One request event, written before the last piece of the answer is sent.

    Nothing runs after a Lambda has answered. `is_unwritten` is false once the event is written, and
    for a request that has none.
    """

    _request_events: RequestEvents
    _draft: RequestEventDraft
    _scope: Scope
    is_unwritten: bool
    _begun: float = field(default_factory=time.perf_counter)
    _answered: float | None = None
    status: int = 0

    def observe(self, message: Message) -> None:
        """Note a message of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._answered = time.perf_counter()
            if self._draft.outcome is None:
                self._draft.outcome = _outcome_from(message["headers"])
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self.write()

    def write(self) -> None:
        """Write the event, once."""
        if self.is_unwritten:
            self.is_unwritten = False
            if "client" in self._scope["state"]:
                client = self._scope["state"]["client"]
                self._draft.tenant, self._draft.key = client.tenant, client.key_id
            now = time.perf_counter()
            answered = now if self._answered is None else self._answered
            self._request_events.write(
                self._draft,
                status=self.status or CLIENT_LEFT_STATUS,
                latency_ms=(answered - self._begun) * 1000,
                duration_ms=(now - self._begun) * 1000,
            )


def _correlation_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The client's or API Gateway's id of the request, if it is fit for a log."""
    given = {name: value for name, value in headers if name in _CORRELATION_HEADERS}
    for name in _CORRELATION_HEADERS:
        if name in given and _CORRELATION.fullmatch(given[name]):
            return given[name].decode("ascii")
    return None


def _outcome_from(headers: Iterable[tuple[bytes, bytes]]) -> Outcome | None:
    """The outcome of an answer that no tier gave, by its headers."""
    found = {name.lower(): value.decode("latin-1") for name, value in headers}
    if b"x-cache" not in found:
        return None
    return Outcome(Result(found[b"x-cache"]), found.get(b"x-cache-reason", ""))
