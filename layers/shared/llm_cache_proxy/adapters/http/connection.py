"""One HTTP/1.1 connection over asyncio's streams, one request at a time.

What is delicate in HTTP is h11's. Never sends a request twice. Raises httpx's errors.
"""

import asyncio
import contextlib
import select
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Coroutine, Iterator
from typing import TypeVar

import h11
import httpx

Origin = tuple[str, str, int]
"""Scheme, host and port."""

Value = TypeVar("Value")

_PIECE_BYTES = 65_536
_MOST_HEAD_BYTES = 100 * 1024
_NEXT_ADDRESS_SECONDS = 0.25  # RFC 8305: a name's next address is tried beside a slow one


class StreamsConnection:
    """Made by `opened`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        # `drain` then waits until the socket has taken all but a little, through TLS as well.
        writer.transport.set_write_buffer_limits(high=0)
        self._sending = False
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MOST_HEAD_BYTES)
        self._used_at = time.time()

    @classmethod
    async def opened(
        cls, origin: Origin, tls: ssl.SSLContext, seconds: float | None
    ) -> "StreamsConnection":
        """A new connection; `seconds` includes the name's lookup and the handshake."""
        scheme, host, port = origin
        ssl_context = tls if scheme == "https" else None
        try:
            async with asyncio.timeout(seconds):
                streams = await _streams(host, port, ssl_context)
        except TimeoutError as exc:
            raise httpx.ConnectTimeout("no connection in time") from exc
        except (OSError, UnicodeError) as exc:  # UnicodeError: a name that is none
            raise httpx.ConnectError(str(exc)) from exc
        return cls(*streams)

    async def begin(
        self, request: httpx.Request, body: bytes, write_seconds: float | None
    ) -> h11.Response:
        """The head of the answer, which may come before the whole of `body` is sent."""
        with _errors_of_httpx():
            head = h11.Request(
                method=request.method, target=request.url.raw_path, headers=request.headers.raw
            )
            events = [head, h11.Data(data=body), h11.EndOfMessage()]
            sent = b"".join(self._protocol.send(event) or b"" for event in events)
            if len(sent) <= _PIECE_BYTES:
                self._writer.write(sent)
                return await self._head()
            return await _beside(self._sent(sent, write_seconds), self._head())

    def arrived(self) -> list[bytes]:
        """The part of the answer's body that has arrived."""
        pieces: list[bytes] = []
        with _errors_of_httpx():
            while self._protocol.their_state is h11.SEND_BODY:
                event = self._protocol.next_event()
                if not isinstance(event, h11.Data):
                    break
                pieces.append(bytes(event.data))
        return pieces

    async def rest(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes."""
        with _errors_of_httpx():
            while isinstance(event := await self._event(), h11.Data):
                yield bytes(event.data)

    def is_answered(self) -> bool:
        """Whether the whole answer is here."""
        return self._protocol.their_state not in {h11.SEND_RESPONSE, h11.SEND_BODY}

    def renewed(self) -> bool:
        """Make it ready for another request; False where none may follow."""
        self._used_at = time.time()
        states = {self._protocol.our_state, self._protocol.their_state}
        unasked, _ = self._protocol.trailing_data
        if states != {h11.DONE} or self._sending or unasked:
            return False
        self._protocol.start_next_cycle()
        return True

    def is_alive(self, idle_seconds: float) -> bool:
        """Whether the server still waits for a request, as far as is known without sending one."""
        if self._writer.is_closing() or time.time() - self._used_at > idle_seconds:
            return False
        # What can be read is the connection's end, or what would be taken for the next answer. It
        # may be at the socket still: the loop of a frozen instance has not seen it.
        if self._has_unread():
            return False
        poll = select.poll()
        poll.register(self._writer.get_extra_info("socket").fileno(), select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """End the connection at once."""
        self._writer.transport.abort()

    def _has_unread(self) -> bool:
        """Whether a read would end at once: with data, the end, or an error."""
        read = self._reader.read(1)
        try:
            read.send(None)
        except (StopIteration, OSError):
            return True
        read.close()
        return False

    async def _sent(self, request: bytes, seconds: float | None) -> None:
        """Return when the request is sent; a server that refuses early ends it too."""
        self._sending = True
        try:
            # A server that refuses may stop reading, and its answer be here nevertheless.
            with contextlib.suppress(ConnectionError):
                for start in range(0, len(request), _PIECE_BYTES):
                    async with asyncio.timeout(seconds):
                        self._writer.write(request[start : start + _PIECE_BYTES])
                        await self._writer.drain()
        except TimeoutError as exc:
            raise httpx.WriteTimeout("the request was not taken in time") from exc
        self._sending = False

    async def _head(self) -> h11.Response:
        while not isinstance(event := await self._event(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise h11.RemoteProtocolError("the connection ended before the answer began")
        return event

    async def _event(self) -> object:
        while (event := self._protocol.next_event()) is h11.NEED_DATA:
            self._protocol.receive_data(await self._reader.read(_PIECE_BYTES))
        return event


async def _streams(
    host: str, port: int, tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    if isinstance(loop, asyncio.BaseEventLoop):
        return await asyncio.open_connection(
            host, port, ssl=tls, happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS
        )
    # uvloop tries the addresses of a name one after the other, each for as long as it may take.
    from aiohappyeyeballs import start_connection

    addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    connected = await start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS)
    server_name = None if tls is None else host
    return await asyncio.open_connection(sock=connected, ssl=tls, server_hostname=server_name)


async def _beside(
    step: Coroutine[object, object, None], wanted: Coroutine[object, object, Value]
) -> Value:
    """The result of `wanted`; `step` runs beside it, and its failure is the failure of both."""
    tasks = asyncio.ensure_future(step), asyncio.ensure_future(wanted)
    first, second = tasks
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if first.done():
            first.result()
        return await second
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def _errors_of_httpx() -> Iterator[None]:
    try:
        yield
    except TimeoutError:  # an OSError, and a caller's deadline
        raise
    except OSError as exc:
        raise httpx.ReadError(str(exc)) from exc
    except (h11.LocalProtocolError, h11.RemoteProtocolError) as exc:
        raise httpx.RemoteProtocolError(str(exc)) from exc
