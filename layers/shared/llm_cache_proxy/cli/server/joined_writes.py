"""A transport that sends an answer's head together with the first of its body.

uvicorn writes them apart. Each write to a socket costs as much as planning the whole request, and
wakes the client for a head that it cannot use yet.
"""

import asyncio
from typing import Any

_HEAD = b"HTTP/1.1 "
_MOST_JOINED_BYTES = 65_536
"""A larger body is written after its head: to join them would copy it."""


class JoinedWrites:
    """`transport` with heads held until the next write, and no longer than the loop's turn.

    The order of what is written stays as it is.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""
        self.is_closing = transport.is_closing  # asked for every request

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write `data`; a head waits for what follows in the same turn."""
        if self._held and len(data) <= _MOST_JOINED_BYTES:
            data, self._held = self._held + data, b""
        elif self._held:
            self._flush()
        elif data[: len(_HEAD)] == _HEAD:
            self._held = bytes(data)
            self._loop.call_soon(self._flush)
            return
        self._transport.write(data)

    def close(self) -> None:
        """Close once everything is written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        held, self._held = self._held, b""
        if held and not self._transport.is_closing():  # uvloop raises once it is closed
            self._transport.write(held)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a transport has
        return getattr(self._transport, name)
