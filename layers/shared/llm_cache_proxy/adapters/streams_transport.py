"""How httpx reaches a REST store: over asyncio's own streams, on connections that are kept.

Half of what httpx's own transport costs a call (docs/decisions/0009). Keeps no time: a caller's
deadline ends a call that hangs, and its connection with it. Never sends a request twice.
"""

import asyncio
import select
import ssl
import time
from collections import defaultdict
from typing import TypeVar

import h11
import httpx

Origin = tuple[str, str, int]
Event = TypeVar("Event")

IDLE_SECONDS = 60.0
"""Longer than httpx's five: a Lambda instance often waits that long for its next request."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


class StreamsTransport(httpx.AsyncBaseTransport):
    """Serves one event loop; `tls` is what https connections are made with."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._idle: dict[Origin, list[_Connection]] = defaultdict(list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The whole answer. Raises httpx.ConnectError, ReadError or RemoteProtocolError."""
        url = request.url
        origin = (url.scheme, url.host, url.port or _DEFAULT_PORTS[url.scheme])
        body = await request.aread()
        connection = self._kept(origin) or await self._opened(origin)
        try:
            response = await connection.answer(request, body)
        except BaseException:
            connection.close()
            raise
        if connection.reusable():
            self._idle[origin].append(connection)
        else:
            connection.close()
        return response

    async def aclose(self) -> None:
        """Close the connections that nobody uses."""
        for connections in self._idle.values():
            while connections:
                connections.pop().close()

    def _kept(self, origin: Origin) -> "_Connection | None":
        connections = self._idle[origin]
        while connections:
            connection = connections.pop()
            if connection.is_alive():
                return connection
            connection.close()
        return None

    async def _opened(self, origin: Origin) -> "_Connection":
        scheme, host, port = origin
        tls = self._tls if scheme == "https" else None
        try:
            return _Connection(*await asyncio.open_connection(host, port, ssl=tls))
        except OSError as exc:
            raise httpx.ConnectError(str(exc)) from exc


class _Connection:
    """One request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = h11.Connection(h11.CLIENT)
        self._used_at = time.time()

    async def answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        """The answer to `request`, read to its end."""
        try:
            self._send(request, body)
            response = await self._next(h11.Response)
            pieces = []
            while isinstance(event := await self._event(), h11.Data):
                pieces.append(bytes(event.data))
        except OSError as exc:
            raise httpx.ReadError(str(exc)) from exc
        except (h11.LocalProtocolError, h11.RemoteProtocolError) as exc:
            raise httpx.RemoteProtocolError(str(exc)) from exc
        return httpx.Response(
            response.status_code, headers=response.headers.raw_items(), content=b"".join(pieces)
        )

    def reusable(self) -> bool:
        """Whether another request may follow; called after a whole answer."""
        self._used_at = time.time()
        done = self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE
        if done:
            self._protocol.start_next_cycle()
        return done

    def is_alive(self) -> bool:
        """Whether the server still waits for a request, as far as can be told without one."""
        if self._writer.is_closing() or time.time() - self._used_at > IDLE_SECONDS:
            return False
        # What can be read is the connection's end, which the loop of a frozen instance has not
        # seen yet.
        poll = select.poll()
        poll.register(self._writer.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """End the connection at once."""
        self._writer.transport.abort()

    def _send(self, request: httpx.Request, body: bytes) -> None:
        head = h11.Request(
            method=request.method, target=request.url.raw_path, headers=request.headers.raw
        )
        events = [head, h11.Data(data=body), h11.EndOfMessage()]
        self._writer.write(b"".join(self._protocol.send(event) or b"" for event in events))

    async def _next(self, kind: type[Event]) -> Event:
        while not isinstance(event := await self._event(), kind):
            if not isinstance(event, h11.InformationalResponse):
                raise h11.RemoteProtocolError("the connection ended before the answer began")
        return event

    async def _event(self) -> object:
        while (event := self._protocol.next_event()) is h11.NEED_DATA:
            self._protocol.receive_data(await self._reader.read(65_536))
        return event
