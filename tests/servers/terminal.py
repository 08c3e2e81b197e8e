"""A program at a terminal, and what a person would type there."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

_PATIENCE_SECONDS = 120.0
_BYTES = 4096
# Takes standard input for its controlling terminal, where a password is asked for.
_IN_CHARGE = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


class TypedProgram:
    """Runs for the block; `shown` is everything that its terminal has shown."""

    def __init__(
        self, program: Sequence[str], *, environment: Mapping[str, str], folder: Path
    ) -> None:
        self.shown = ""
        self._seen = 0
        self._screen, terminal = pty.openpty()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _IN_CHARGE, *program],
                stdin=terminal,
                stdout=terminal,
                stderr=terminal,
                start_new_session=True,
                env=environment,
                cwd=folder,
            )
        finally:
            os.close(terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(60)
        os.close(self._screen)

    def answer(self, prompt: str, typed: str) -> None:
        """Type a line once the prompt has been shown, and not before."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while prompt not in self.shown[self._seen :]:
            assert time.monotonic() < deadline, f"never asked for {prompt!r}:\n{self.shown}"
            assert self._read(), f"ended before it asked for {prompt!r}:\n{self.shown}"
        self._seen = self.shown.index(prompt, self._seen) + len(prompt)
        os.write(self._screen, f"{typed}\n".encode())

    def end(self) -> int:
        """The exit status, once everything was shown."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while self._read():
            assert time.monotonic() < deadline, f"does not end:\n{self.shown}"
        return self._process.wait(60)

    def _read(self) -> bool:
        """Wait a moment for more on the screen; whether there may be more."""
        if not select.select([self._screen], [], [], 0.2)[0]:
            return True
        try:
            more = os.read(self._screen, _BYTES)
        except OSError:  # the program has closed it
            return False
        self.shown += more.decode(errors="replace")
        return bool(more)
