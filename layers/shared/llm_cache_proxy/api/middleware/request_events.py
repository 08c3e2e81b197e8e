"""Names every request, and sees to it that each has one line in the journal when it ends."""

import contextvars
import logging
import re
import time
from collections.abc import Iterable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llm_cache_proxy.api.http.errors import unforeseen
from llm_cache_proxy.api.http.headers import new_request_id
from llm_cache_proxy.domain.requests.reasons import Result
from llm_cache_proxy.pipeline.recording.request_events import RequestEventDraft, RequestEvents
from llm_cache_proxy.pipeline.request.answer import Outcome

CURRENT: contextvars.ContextVar[RequestEventDraft | None] = contextvars.ContextVar(
    "request", default=None
)
"""The request that this task serves, for log lines."""

_CLIENT_LEFT = 499
_CORRELATION = re.compile(rb"[\x21-\x7e]{1,200}")
_CORRELATION_HEADERS = (b"x-correlation-id", b"x-amzn-trace-id")
_log = logging.getLogger(__name__)


def record_of(request: Request) -> RequestEventDraft:
    """The request's record, to be filled in."""
    record: RequestEventDraft = request.state.record
    return record


class RequestEventMiddleware:
    """Wraps the app; also turns a fault of ours into an answer that names the request.

    Requests outside `/v1` are looked after by no one's bill, and have no line.
    """

    def __init__(self, app: ASGIApp, request_events: RequestEvents) -> None:
        self._app = app
        self._request_events = request_events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = RequestEventDraft(new_request_id(), _correlation_id(scope["headers"]))
        scope.setdefault("state", {}).update(request_id=record.request_id, record=record)
        CURRENT.set(record)
        entry = _Entry(self._request_events, record, wanted=scope["path"].startswith("/v1/"))

        async def watched(message: Message) -> None:
            if record.tenant is None and "client" in scope["state"]:
                record.tenant = scope["state"]["client"].tenant
            entry.saw(message)
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception:
            _log.exception("request %s failed", record.request_id)
            if entry.status:  # the client sees a cut connection, which is what happened
                raise
            await unforeseen(record.request_id)(scope, receive, watched)
        finally:
            entry.tell()


class _Entry:
    """One line of the journal, written before the last piece of the answer is sent.

    Nothing runs after a Lambda has answered.
    """

    def __init__(
        self, request_events: RequestEvents, record: RequestEventDraft, *, wanted: bool
    ) -> None:
        self._request_events = request_events
        self._record = record
        self._wanted = wanted
        self._begun = time.perf_counter()
        self._answered: float | None = None
        self.status = 0

    def saw(self, message: Message) -> None:
        """Take note of a piece of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._answered = time.perf_counter()
            if self._record.outcome is None:
                self._record.outcome = _told_by(message["headers"])
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self.tell()

    def tell(self) -> None:
        """Write the line, once."""
        if self._wanted:
            self._wanted = False
            now = time.perf_counter()
            answered = now if self._answered is None else self._answered
            self._request_events.write(
                self._record,
                status=self.status or _CLIENT_LEFT,
                latency_ms=(answered - self._begun) * 1000,
                duration_ms=(now - self._begun) * 1000,
            )


def _correlation_id(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """What the client or API Gateway calls the request, if that is fit for a log."""
    given = {name: value for name, value in headers if name in _CORRELATION_HEADERS}
    for name in _CORRELATION_HEADERS:
        if name in given and _CORRELATION.fullmatch(given[name]):
            return given[name].decode("ascii")
    return None


def _told_by(headers: Iterable[tuple[bytes, bytes]]) -> Outcome | None:
    """The outcome of an answer that no tier gave, as its headers tell it."""
    told = {name.lower(): value.decode("latin-1") for name, value in headers}
    if b"x-cache" not in told:
        return None
    return Outcome(Result(told[b"x-cache"]), told.get(b"x-cache-reason", ""))
