"""Which of several workers takes the next connection: who has more than another lets it go first.

Without that, whichever happens to run takes all that come at once, and keeps them as long as
clients do. Never waits for a worker that does not come, be it busy or dead, more than once for all
that wait, nor for one that is not ready.
"""

import asyncio
import logging
import mmap
import socket
import tempfile
from collections.abc import Callable
from typing import IO

from llm_cache_proxy.domain.errors import SettingsError

WAITING_CONNECTIONS = 2_048
"""How many the system keeps until they are taken."""

TAKEN_AT_ONCE = 50
"""Connections that are taken in one turn: more would keep those waiting that are served already."""

_GIVE_WAY_SECONDS = 0.01
_PAUSE_SECONDS = 1.0
_COUNT_BYTES = 4
_ABSENT = 2 ** (8 * _COUNT_BYTES) - 1
_log = logging.getLogger(__name__)


def shared_counts(workers: int) -> IO[bytes]:
    """A file without a name, in which each worker keeps how many connections it has.

    Raises `SettingsError` where none can be made.
    """
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - its owner closes it
        file.write(_ABSENT.to_bytes(_COUNT_BYTES, "big") * workers)
        file.flush()
    except OSError as exc:
        raise SettingsError(
            f"TMPDIR: no file for temporary data can be made ({exc.strerror or exc}). "
            "Set it to a folder that can be written to."
        ) from exc
    return file


class ConnectionCounts:
    """What worker `number` of `workers` knows of the others, by the file at `descriptor`.

    Nobody waits for it before `come`, and after `leave`.
    """

    def __init__(self, descriptor: int, number: int, workers: int) -> None:
        self._counts = memoryview(mmap.mmap(descriptor, workers * _COUNT_BYTES)).cast("I")
        self._number = number
        self.leave()

    def come(self) -> None:
        """It takes connections from now on."""
        self._takes = True
        self.keep(0)

    def leave(self) -> None:
        """It takes none, whatever it still has."""
        self._takes = False
        self._counts[self._number] = _ABSENT

    def keep(self, count: int) -> None:
        """So many connections it has itself."""
        if self._takes:
            self._counts[self._number] = count

    @property
    def behind(self) -> dict[int, int]:
        """How many connections each has that has fewer."""
        mine = self._counts[self._number]
        return {number: count for number, count in enumerate(self._counts) if count < mine}


async def take_in_turns(
    listening: socket.socket, counts: ConnectionCounts, protocol: Callable[[], asyncio.Protocol]
) -> None:
    """Take connections until it is cancelled, whatever fails meanwhile."""
    counts.come()
    try:
        while True:
            try:
                await _readable(listening)
                for _ in range(await _turn(counts)):
                    await _take(listening, protocol)
            except (BlockingIOError, ConnectionAbortedError):  # another has it, or its client left
                continue
            except OSError as exc:
                _log.warning("no connection can be taken now: %s", exc)
                await asyncio.sleep(_PAUSE_SECONDS)
    finally:
        counts.leave()


async def _turn(counts: ConnectionCounts) -> int:
    """How many to take at most, now that who has fewer had its chance."""
    behind = counts.behind
    if not behind:
        return 1
    await asyncio.sleep(_GIVE_WAY_SECONDS)
    return TAKEN_AT_ONCE if counts.behind == behind else 1


async def _take(listening: socket.socket, protocol: Callable[[], asyncio.Protocol]) -> None:
    """Take the connection that waits longest. Raises `OSError`, which keeps nothing open."""
    taken, _ = listening.accept()
    try:
        taken.setblocking(False)
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().connect_accepted_socket(protocol, taken)
    except OSError:
        taken.close()
        raise


async def _readable(listening: socket.socket) -> None:
    """Return once a connection waits, for this worker or for another."""
    loop = asyncio.get_running_loop()
    waits = asyncio.Event()
    loop.add_reader(listening, waits.set)
    try:
        await waits.wait()
    finally:
        loop.remove_reader(listening)
