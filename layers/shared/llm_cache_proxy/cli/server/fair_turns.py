"""Which of several workers takes the next connection: who has more than another lets it go first.

Without that, whichever happens to run takes all that come at once, and keeps them as long as
clients do. Never waits for a worker that does not come: it may be busy, or dead.
"""

import asyncio
import errno
import logging
import mmap
import socket
import tempfile
from collections.abc import Callable
from typing import IO

_GIVE_WAY_SECONDS = 0.01
_PAUSE_SECONDS = 1.0
_COUNT_BYTES = 4
_FULL = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_log = logging.getLogger(__name__)


def shared_counts(workers: int) -> IO[bytes]:
    """A file without a name, in which each worker keeps how many connections it has."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - its owner closes it
    file.truncate(workers * _COUNT_BYTES)
    return file


class ConnectionCounts:
    """What worker `number` of `workers` knows of the others, by the file at `descriptor`."""

    def __init__(self, descriptor: int, number: int, workers: int) -> None:
        self._counts = memoryview(mmap.mmap(descriptor, workers * _COUNT_BYTES)).cast("I")
        self._number = number
        self.keep(0)

    def keep(self, count: int) -> None:
        """So many connections it has itself."""
        self._counts[self._number] = count

    @property
    def is_ahead(self) -> bool:
        """Whether another has fewer."""
        return self._counts[self._number] > min(self._counts)


async def take_in_turns(
    listening: socket.socket, counts: ConnectionCounts, protocol: Callable[[], asyncio.Protocol]
) -> None:
    """Take connections for ever, one after the other."""
    loop = asyncio.get_running_loop()
    while True:
        await _readable(listening)
        if counts.is_ahead:
            await asyncio.sleep(_GIVE_WAY_SECONDS)
        try:
            taken, _ = listening.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another has it, or its client left
            continue
        except OSError as exc:
            if exc.errno not in _FULL:
                raise
            _log.warning("no connection can be taken now: %s", exc)
            await asyncio.sleep(_PAUSE_SECONDS)
            continue
        taken.setblocking(False)
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.connect_accepted_socket(protocol, taken)


async def _readable(listening: socket.socket) -> None:
    """Return once a connection waits, for this worker or for another."""
    loop = asyncio.get_running_loop()
    waits = asyncio.Event()
    loop.add_reader(listening, waits.set)
    try:
        await waits.wait()
    finally:
        loop.remove_reader(listening)
