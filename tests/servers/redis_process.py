"""A `redis-server` of a test's own, empty, gone with the block."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from servers.requirements import require_program

_START_SECONDS = 10.0


@contextmanager
def redis_process(*options: str) -> Iterator[str]:
    """Its URL; `options` as on the command line."""
    program = require_program("redis-server")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with subprocess.Popen(
        [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", *options],
        stdout=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_until_listening(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


def _wait_until_listening(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
