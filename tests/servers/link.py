"""A TCP connection that a test can break: it forwards to a real server until then."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

RUBBISH = b"\x00\xffHTTP/9 what? $-7\r\n*x\r\n"


class Mode(Enum):
    """What happens to every connection, those that are open included."""

    PASS = auto()
    REFUSE = auto()
    BLACK_HOLE = auto()
    RUBBISH = auto()
    SLOW = auto()
    HELD = auto()


class Link:
    """Listens on a port of its own in front of `target_port`, on a thread of its own.

    `SLOW` holds every piece of an answer back for `delay_seconds`, `HELD` every question until
    another mode comes; where that is `PASS`, they go on.
    """

    def __init__(self, target_port: int, *, delay_seconds: float = 2.0) -> None:
        self.port = 0
        self._target_port = target_port
        self._delay_seconds = delay_seconds
        self._mode = Mode.PASS
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._let_go = asyncio.Event()
        self._let_go.set()
        self._loop: asyncio.AbstractEventLoop

    @contextmanager
    def in_thread(self) -> Iterator["Link"]:
        """Forward while the block runs."""
        self._loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        self._wait(self._listen())
        try:
            yield self
        finally:
            try:
                self._wait(self._ended())
            finally:
                self._loop.call_soon_threadsafe(self._loop.stop)
                thread.join(60)
                self._loop.close()

    def turn(self, mode: Mode) -> None:
        """Do this from now on; connections that cannot go on as they are are cut."""
        self._wait(self._turned(mode))

    def _wait(self, work: object) -> None:
        assert asyncio.iscoroutine(work)
        asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _turned(self, mode: Mode) -> None:
        was, self._mode = self._mode, mode
        if mode is Mode.HELD:
            self._let_go.clear()
        else:
            self._let_go.set()
        if mode is Mode.REFUSE:
            await self._refuse()
        elif was is Mode.REFUSE:
            await self._listen()
        if mode is Mode.PASS and was is not Mode.HELD:
            self._cut()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._cut()

    async def _ended(self) -> None:
        await self._refuse()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                there, back = await asyncio.open_connection("127.0.0.1", self._target_port)
                self._open.add(back)
                await asyncio.gather(
                    self._asking(reader, writer, back), self._telling(there, writer)
                )
        finally:
            writer.transport.abort()
            self._open.discard(writer)

    async def _asking(
        self, reader: asyncio.StreamReader, answer: asyncio.StreamWriter, to: asyncio.StreamWriter
    ) -> None:
        while piece := await reader.read(65_536):
            await self._let_go.wait()
            if self._mode is Mode.RUBBISH:
                answer.write(RUBBISH)
            elif self._mode is not Mode.BLACK_HOLE:
                to.write(piece)
        to.transport.abort()

    async def _telling(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await there.read(65_536):
            if self._mode is Mode.SLOW:
                await asyncio.sleep(self._delay_seconds)
            if self._mode in {Mode.PASS, Mode.SLOW}:
                writer.write(piece)
        writer.transport.abort()
