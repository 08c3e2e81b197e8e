"""The REST gateway as its container runs it: a process of its own, on a port of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PROGRAM = Path(__file__).with_name("redis_rest.py")
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
            _wait_until_listening(port)
            yield port
        finally:
            process.kill()


def _wait_until_listening(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "the gateway did not start"
            time.sleep(0.05)
        else:
            return
