"""The REST gateway as its container runs it: a process of its own, on a port of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.waiting import eventually, kept_port, listening

_PROGRAM = Path(__file__).with_name("rest_server.py")


@contextmanager
def rest_gateway(redis_url: str, token: str) -> Iterator[int]:
    """Its port, once it listens."""
    given = {"REDIS_URL": redis_url, "REDIS_REST_TOKEN": token}
    with (
        kept_port() as port,
        subprocess.Popen(
            [sys.executable, _PROGRAM],
            env={**os.environ, **given, "PORT": str(port)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            eventually(lambda: listening(port))
            yield port
        finally:
            process.kill()
