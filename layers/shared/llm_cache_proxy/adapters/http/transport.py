"""How httpx reaches a server: over asyncio's own streams, on connections that are kept.

Half of what httpx's own transport costs a call (docs/decisions/0009); HTTP/1.1, and no
proxies. A call that is given up takes its connection with it.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import nullcontext

import httpx

from llm_cache_proxy.adapters.http.connection import Origin, StreamsConnection

_DEFAULT_PORTS = {"http": 80, "https": 443}
_MOST_KEPT = 100


class StreamsTransport(httpx.AsyncBaseTransport):
    """Serves one event loop; `tls` is what https connections are made with.

    Keeps httpx's timeouts for connecting, writing and waiting for a connection. The one for
    reading is left to the caller, whose deadline is for the whole answer.

    A connection is kept for `idle_seconds`, which by default is longer than httpx's five: a
    Lambda instance often waits that long for its next request.
    """

    def __init__(
        self, tls: ssl.SSLContext, *, idle_seconds: float = 60.0, most_at_once: int = 1000
    ) -> None:
        self._tls = tls
        self._idle_seconds = idle_seconds
        self._places = asyncio.Semaphore(most_at_once)
        self._idle: dict[Origin, list[StreamsConnection]] = defaultdict(list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, of which the body may be still to come.

        Raises ConnectError, ReadError, RemoteProtocolError or UnsupportedProtocol of httpx, and
        its ConnectTimeout, WriteTimeout or PoolTimeout.
        """
        seconds: dict[str, float | None] = request.extensions.get("timeout", {})
        origin = _origin(request.url)
        body = await request.aread()
        place = await self._place(origin, seconds.get("pool"))
        try:
            place.connection = connection = await self._connected(origin, seconds.get("connect"))
            head = await connection.begin(request, body, seconds.get("write"))
            pieces = connection.arrived()
            status, headers = head.status_code, head.headers.raw_items()
            if not connection.is_answered():
                body_to_come = _Body(connection, pieces, place)
                return httpx.Response(status, headers=headers, stream=body_to_come)
            # As a stream too: bytes would be decoded here and now, whatever they become.
            response = httpx.Response(status, headers=headers, stream=_Arrived(pieces))
        except BaseException:
            place.leave(keeping=False)
            raise
        place.leave(keeping=True)
        return response

    async def aclose(self) -> None:
        """Close the idle connections."""
        for connections in self._idle.values():
            while connections:
                connections.pop().close()

    async def _place(self, origin: Origin, seconds: float | None) -> "_Place":
        must_wait = self._places.locked()
        try:
            async with asyncio.timeout(seconds) if must_wait else nullcontext():
                await self._places.acquire()
        except TimeoutError as exc:
            raise httpx.PoolTimeout("every connection is in use") from exc
        return _Place(self._places, self._idle[origin])

    async def _connected(self, origin: Origin, seconds: float | None) -> StreamsConnection:
        kept = self._idle[origin]
        while kept:
            connection = kept.pop()
            if connection.is_alive(self._idle_seconds):
                return connection
            connection.close()
        return await StreamsConnection.opened(origin, self._tls, seconds)


def _origin(url: httpx.URL) -> Origin:
    port = url.port or _DEFAULT_PORTS.get(url.scheme)
    if port is None:
        raise httpx.UnsupportedProtocol(f"no way to speak {url.scheme!r}")
    return url.scheme, url.host, port


class _Place:
    """One call's share of the transport, given back once."""

    def __init__(self, places: asyncio.Semaphore, idle: list[StreamsConnection]) -> None:
        self.connection: StreamsConnection | None = None
        self._places = places
        self._idle = idle
        self._left = False

    def leave(self, *, keeping: bool) -> None:
        """`keeping` the connection if another call may use it; safe to repeat."""
        if self._left:
            return
        self._left = True
        self._places.release()
        if self.connection is None:
            return
        if keeping and len(self._idle) < _MOST_KEPT and self.connection.renewed():
            self._idle.append(self.connection)
        else:
            self.connection.close()


class _Arrived(httpx.AsyncByteStream):
    """A body that is here already."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces as the server sent them."""
        for piece in self._pieces:
            yield piece


class _Body(httpx.AsyncByteStream):
    """The arrived part of a body, then the rest."""

    def __init__(self, connection: StreamsConnection, pieces: list[bytes], place: _Place) -> None:
        self._connection = connection
        self._pieces = pieces
        self._place = place

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces as the server sent them."""
        for piece in self._pieces:
            yield piece
        async for piece in self._connection.rest():
            yield piece

    async def aclose(self) -> None:
        """Give the connection back, or end it where the body was not read to its end."""
        self._place.leave(keeping=True)
