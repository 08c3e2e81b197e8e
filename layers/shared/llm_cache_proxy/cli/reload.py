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
_FORCED_SECONDS = 5.0
"""For a server that was interrupted twice: to close its stores."""


def serve_again_and_again(arguments: Sequence[str], watched: Iterable[Path]) -> None:
    """Run `llm-cache-proxy serve` with these arguments until it is interrupted.

    A second interrupt does not wait for requests in flight.
    """
    others = tuple(watched)
    for each in (signal.SIGTERM, signal.SIGHUP):  # the default would leave the server behind
        signal.signal(each, _end)
    command = [sys.executable, "-m", "llm_cache_proxy", "serve", *arguments]
    while True:
        seen = changes(others)
        with subprocess.Popen(  # noqa: S603 - this command itself # nosec B603
            command,
            start_new_session=True,  # an interrupt at the terminal is this process's alone
        ) as process:
            try:
                while changes(others) == seen:
                    time.sleep(_LOOK_SECONDS)
            finally:
                _stop(process)
        click.echo("Sources have changed: starting again.", err=True)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait()  # the server has a limit of its own, DRAIN_SECONDS first
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)  # its second signal
        try:
            process.wait(_FORCED_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
        raise


def _end(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def changes(others: Iterable[Path]) -> Mapping[Path, float]:
    """When each watched file was last written."""
    files = [*_PACKAGE.rglob("*.py"), *_PACKAGE.rglob("*.lua"), *others]
    return {path: path.stat().st_mtime for path in files if path.is_file()}
