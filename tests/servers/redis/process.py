"""A `redis-server` of a test's own, empty, gone with the block."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from servers.requirements import require_program
from servers.waiting import eventually, kept_port, listening


@contextmanager
def redis_process(*options: str) -> Iterator[str]:
    """Its URL; `options` as on the command line."""
    program = require_program("redis-server")
    with (
        kept_port() as port,
        subprocess.Popen(
            [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", *options],
            stdout=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            eventually(lambda: listening(port))
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
