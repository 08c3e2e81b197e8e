"""uvicorn's HTTP/1.1 protocol with a bound on everything that a stranger can make it hold.

Decides how many connections there are, how large and how slow a request's head may be, and how
long a client may take to read. What comes after the head is bounded where bodies are read. A
request names one host; one that its first line names as well counts with it.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NoReturn, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from llm_cache_proxy.api.http.answers import error_body
from llm_cache_proxy.cli.server.joined_writes import JoinedWrites
from llm_cache_proxy.settings import Settings

_RESERVED_FILES = 128
"""File descriptors for the stores, the upstreams and the log, besides clients' connections."""

_UNREAD_BYTES = 16_000_000
"""How much of a body is taken after its answer, for the client to read that."""


Report = Callable[[int, str], None]
"""Called with the status and the cause of each refusal."""


Count = Callable[[int], None]
"""Called with the number of connections, whenever it changes."""


def _unreported(status: int, cause: str) -> None:
    """Where refusals are not counted."""


def _uncounted(connections: int) -> None:
    """Where connections are not counted."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """`head_seconds` from the first byte that is waited for; `read_seconds` without progress."""

    connections: int = 1_000
    head_bytes: int = 65_536
    head_seconds: float = 15.0
    read_seconds: float = 60.0
    report: Report = _unreported
    count: Count = _uncounted


def connections_within(limit: int) -> int:
    """As many connections as `limit` and this process's file descriptors allow, at least one.

    Raises the soft limit of descriptors as far as the hard one lets it.
    """
    if sys.platform == "win32":
        return limit
    import resource  # noqa: PLC0415 - there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limit + _RESERVED_FILES
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(limit, soft - min(_RESERVED_FILES, soft // 2)))


def limits_of(settings: Settings, report: Report = _unreported) -> ConnectionLimits:
    """The limits that the settings give."""
    return ConnectionLimits(
        connections=connections_within(settings.max_connections),
        head_bytes=settings.max_header_bytes,
        head_seconds=settings.header_timeout_seconds,
        report=report,
    )


def bounded_protocol(limits: ConnectionLimits) -> type[HttpToolsProtocol]:
    """The protocol under these limits, for uvicorn's `http` option."""

    class Protocol(BoundedProtocol):
        """One connection under the limits of this server."""

    Protocol.limits = limits
    return Protocol


class _HeadTooLargeError(Exception):
    """Ends the parsing of a head that is beyond the limit."""


class _SecondHostError(Exception):
    """Ends the parsing of a head that names two hosts (RFC 9112, section 3.2)."""


def _authority(target: bytes) -> bytes:
    """The host and port in a request's first line, as proxies are asked; usually there is none."""
    scheme, separator, rest = target.partition(b"://")
    if not separator or not scheme.isalpha():
        return b""
    return rest.partition(b"/")[0].partition(b"?")[0]


class BoundedProtocol(HttpToolsProtocol):
    """One connection; refuses in OpenAI's shape, and closes what it refuses."""

    limits: ClassVar[ConnectionLimits] = ConnectionLimits()

    _head_timer: asyncio.TimerHandle | None = None
    _read_timer: asyncio.TimerHandle | None = None
    _held_bytes = 0
    _head_bytes = 0
    _head_too_large = False
    _names_host = False
    _in_body = False
    _unread_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a head, unless there are enough connections."""
        super().connection_made(cast("asyncio.Transport", JoinedWrites(transport, self.loop)))
        self.limits.count(len(self.connections))
        if len(self.connections) > self.limits.connections:
            self._refuse(503, "The server has no connection free. Try again.", "overloaded")
            return
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Parse what came, as long as the head stays within its limits."""
        if self.transport.is_closing():
            return
        ends_body = self._in_body  # unless more of the body follows
        if self._is_idle():
            self._held_bytes += len(data)
        super().data_received(data)
        if not self._is_idle() or self.transport.is_closing():
            self._held_bytes = 0
        elif self._in_body or ends_body:
            self._pass_over(len(data))
        elif self._held_bytes > self.limits.head_bytes:
            self._refuse_large_head()
        elif self._head_timer is None:
            self._await_head()

    def on_message_begin(self) -> None:
        """A request's first line begins."""
        self._head_bytes = 0
        self._names_host = False
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        self._count_head(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer behind a body in chunks."""
        # Counted here, not by a call: there are many headers in a request.
        self._head_bytes += len(name) + len(value) + 4  # a colon, a space and the line's end
        if self._head_bytes > self.limits.head_bytes:
            self._refuse_head()
        if name.lower() == b"host" and not self._in_body:
            if self._names_host:
                raise _SecondHostError  # the parser stops, and asks for a 400
            self._names_host = True
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop_head_timer()
        self._in_body = True
        self._unread_bytes = 0
        if authority := _authority(self.url):
            # A server goes by it (RFC 9112, section 3.2.2): it has to be ours like the header's.
            self.headers.append((b"host", authority))
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole."""
        self._in_body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or a head that is too large."""
        if self._head_too_large:
            self._refuse_large_head()
        else:
            self._refuse(400, msg, "invalid_http")

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        super().pause_writing()
        self._read_timer = self.loop.call_later(self.limits.read_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read on."""
        self._stop_read_timer()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave no timer behind."""
        self._stop_head_timer()
        self._stop_read_timer()
        super().connection_lost(exc)
        self.limits.count(len(self.connections))

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.limits.head_seconds, self._head_is_late)

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self.transport.is_closing() or not self._is_idle():
            return
        if self._held_bytes and not self._in_body:
            self._refuse(408, "The request's head was not whole in time.", "request_timeout")
        else:
            self.transport.close()

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_read_timer(self) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None

    def _pass_over(self, size: int) -> None:
        """Leave out what follows of a body that is answered, for a while.

        A client that is cut off while it sends may never read the answer. A second answer would
        be taken for that to its next request.
        """
        self._held_bytes = 0
        self._unread_bytes += size
        if self._unread_bytes > _UNREAD_BYTES:
            self.transport.close()
        elif self._head_timer is None:
            self._await_head()

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self.limits.head_bytes:
            self._refuse_head()

    def _refuse_head(self) -> NoReturn:
        self._head_too_large = True
        raise _HeadTooLargeError  # the parser stops, and asks for a 400

    def _refuse_large_head(self) -> None:
        limit = f"{self.limits.head_bytes:,}"
        self._refuse(
            431,
            f"The request's head is over the limit of {limit} bytes (MAX_HEADER_BYTES).",
            "headers_too_large",
        )

    def _refuse(self, status: int, message: str, code: str) -> None:
        if self._is_idle():  # else an answer is under way, and nothing can be put into it
            body = error_body(message, "invalid_request_error", code=code)
            head = (
                b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            )
            self.transport.write(STATUS_LINE[status] + head % len(body) + body)
            self.limits.report(status, code)
        self.transport.close()
