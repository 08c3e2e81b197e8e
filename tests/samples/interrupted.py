"""Ctrl-C at a terminal: every process of the group is told, and some take a while to end."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

TIDYING = """
import sys, time
try:
    print("started", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)
    print("tidied up", flush=True)
    sys.exit(4)
"""
"""A program that removes what it has started before it ends."""


def interrupted(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """The exit status and the output of a command that is interrupted once it says `started`."""
    with (
        terminal_signals(),
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        assert process.stdout is not None
        before = process.stdout.readline()
        assert before == "started\n"
        os.killpg(process.pid, signal.SIGINT)
        after = process.stdout.read()
    return process.returncode, before + after


@contextmanager
def terminal_signals() -> Iterator[None]:
    """Ctrl-C means what it does at a terminal, also where a shell's `&` has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
