"""Waiting for what other processes and threads do: bounded, and loud where it does not happen."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SECONDS = 60.0
"""For a machine that is busy: what happens sooner is not waited for."""


def eventually(happens: Callable[[], bool], *, seconds: float = _SECONDS) -> None:
    """Return once it happens; an AssertionError where it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, f"it did not happen within {seconds} s"
        time.sleep(0.05)


async def happening(happens: Callable[[], bool], *, seconds: float = _SECONDS) -> None:
    """As `eventually`, while this loop goes on: what it waits for may be the doing of a task."""
    async with asyncio.timeout(seconds):
        while not happens():  # noqa: ASYNC110 - a state of others, which set no event
            await asyncio.sleep(0.005)


def within_one_day(seconds: float) -> None:
    """Return where today, by UTC, has `seconds` left, and at the next day's beginning elsewhere.

    A key's budgets and its use of today begin anew with a day: what counts them stays within one.
    """
    left = 86_400 - time.time() % 86_400
    if left < seconds:
        time.sleep(left + 1)


def listening(port: int) -> bool:
    """Whether anybody listens on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def kept_port() -> Iterator[int]:
    """A port of this machine that nobody is given by chance while the block runs.

    It is bound and never listened on: a server that asks for it by its number gets it
    (SO_REUSEADDR), before it is started and between two of its lives a client is refused.
    """
    with socket.socket() as keeping:
        keeping.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeping.bind(("127.0.0.1", 0))
        yield int(keeping.getsockname()[1])
