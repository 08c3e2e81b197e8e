"""`serve --reload`: the server in a process of its own, started anew when its sources change.

Watches the package's files and the `.env` file by their times of change.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import click

_PACKAGE = Path(__file__).resolve().parents[1]
_LOOK_SECONDS = 0.5


def serve_again_and_again(arguments: Sequence[str], watched: Iterable[Path]) -> None:
    """Run `llm-cache-proxy serve` with these arguments until it is interrupted.

    A second interrupt does not wait for requests in flight.
    """
    others = tuple(watched)
    signal.signal(signal.SIGTERM, _end)  # the default would leave the server behind
    command = [sys.executable, "-m", "llm_cache_proxy", "serve", *arguments]
    while True:
        seen = changes(others)
        with subprocess.Popen(command) as process:  # noqa: S603 - this command itself # nosec B603
            try:
                while changes(others) == seen:
                    time.sleep(_LOOK_SECONDS)
            finally:
                process.terminate()
                try:
                    process.wait()  # the server has a limit of its own, DRAIN_SECONDS first
                except KeyboardInterrupt:
                    process.kill()
                    raise
        click.echo("Sources have changed: starting again.", err=True)


def _end(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def changes(others: Iterable[Path]) -> Mapping[Path, float]:
    """When each watched file was last written."""
    files = [*_PACKAGE.rglob("*.py"), *_PACKAGE.rglob("*.lua"), *others]
    return {path: path.stat().st_mtime for path in files if path.is_file()}
