"""The REST gateway as its container runs it: a process of its own, on a port of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.waiting import eventually, listening

_PROGRAM = Path(__file__).with_name("rest_server.py")
_START_SECONDS = 20.0


@contextmanager
def rest_gateway(redis_url: str, token: str) -> Iterator[int]:
    """Its port, once it listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    given = {"REDIS_URL": redis_url, "REDIS_REST_TOKEN": token, "PORT": str(port)}
    with subprocess.Popen(
        [sys.executable, _PROGRAM],
        env={**os.environ, **given},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            eventually(lambda: listening(port), seconds=_START_SECONDS)
            yield port
        finally:
            process.kill()
