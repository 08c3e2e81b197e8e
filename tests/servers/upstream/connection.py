"""One connection of a scripted upstream: requests in, a script's bytes out, as raw as it says."""

import asyncio
import socket
import struct
from collections.abc import Callable

from servers.upstream.scripts import (
    Close,
    Cut,
    Pause,
    Recorded,
    Script,
    Send,
    Stall,
    Step,
    Until,
)

Register = Callable[[str, str, dict[str, str], bytes], Recorded]
Choose = Callable[[Recorded], Script]


_LOOK_SECONDS = 0.02


class ScriptedConnection(asyncio.Protocol):
    """Serves one client until it leaves or a script ends the connection."""

    def __init__(
        self, register: Register, choose: Choose, living: set["ScriptedConnection"]
    ) -> None:
        self._register = register
        self._choose = choose
        self._living = living
        self._buffer = bytearray()
        self._news = asyncio.Event()
        self._gone = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self.task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer: socket.socket = transport.get_extra_info("socket")
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._living.add(self)
        self.task = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._news.set()

    def eof_received(self) -> bool:
        self._leave()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._leave()
        self._living.discard(self)

    def reset(self) -> None:
        """Drop the connection at once, telling the client by RST."""
        if self._transport is not None and not self._transport.is_closing():
            peer: socket.socket = self._transport.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()

    def _leave(self) -> None:
        self._gone.set()
        self._news.set()

    async def _serve(self) -> None:
        while (request := await self._request()) is not None:
            if not await self._play(self._choose(request), request):
                return

    async def _play(self, script: Script, request: Recorded) -> bool:
        """Whether the connection is still of use afterwards."""
        for step in script:
            if self._gone.is_set() or not await self._step(step):
                break
            await asyncio.sleep(0)  # a client that left is noticed between two bytes
        else:
            request.answered.set()
            return not self._gone.is_set()
        if self._gone.is_set():
            request.left.set()
        return False

    async def _step(self, step: Step) -> bool:
        """Whether the script goes on."""
        assert self._transport is not None
        match step:
            case Send(data):
                self._transport.write(data)
            case Pause(seconds):
                await self._client_leaves(seconds)
            case Until(event):
                while not (event.is_set() or self._gone.is_set()):
                    await self._client_leaves(_LOOK_SECONDS)
            case Stall():
                await self._client_leaves(None)
            case Close():
                self._transport.close()
                return False
            case Cut():
                self.reset()
                return False
        return not self._gone.is_set()

    async def _client_leaves(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._gone.wait()
        except TimeoutError:
            return

    async def _request(self) -> Recorded | None:
        head = await self._until(b"\r\n\r\n")
        if head is None:
            return None
        first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, target, _ = first.split(" ")
        pairs = (line.split(":", 1) for line in lines)
        headers = {name.lower(): value.strip() for name, value in pairs}
        body = await self._take(int(headers.get("content-length", "0")))
        return None if body is None else self._register(method, target, headers, body)

    async def _until(self, mark: bytes) -> bytes | None:
        while mark not in self._buffer:
            if not await self._more():
                return None
        return await self._take(self._buffer.index(mark) + len(mark))

    async def _take(self, count: int) -> bytes | None:
        while len(self._buffer) < count:
            if not await self._more():
                return None
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    async def _more(self) -> bool:
        if self._gone.is_set():
            return False
        self._news.clear()
        await self._news.wait()
        return True
