"""Waiting for what other processes and threads do: bounded, and loud where it does not happen."""

import socket
import time
from collections.abc import Callable

_SECONDS = 30.0
"""For a machine that is busy: what happens sooner is not waited for."""


def eventually(happens: Callable[[], bool], *, seconds: float = _SECONDS) -> None:
    """Return once it happens; an AssertionError where it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, f"it did not happen within {seconds} s"
        time.sleep(0.05)


def listening(port: int) -> bool:
    """Whether anybody listens on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port of this machine that nobody used a moment ago."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
