"""A `redis-server` of a test's own, empty, gone with the block."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from servers.requirements import require_program
from servers.waiting import eventually, listening

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
            eventually(lambda: listening(port), seconds=_START_SECONDS)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
