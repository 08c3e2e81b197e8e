"""Writes one JSON line for each request to a file.

Writes what `RequestEvent.line` returns, and so no prompt and no answer. Never fails or delays a
request: a thread of its own writes the lines. Where it cannot write the file, the lines are lost,
and the process's log says so.
"""

import logging
import os
import queue
import threading
from pathlib import Path

from llm_cache_proxy.domain.metrics.request_event import RequestEvent

_MOST_WAITING = 10_000
_MOST_AT_ONCE = 500
_CLOSE_SECONDS = 5.0
_log = logging.getLogger(__name__)


class RequestLog:
    """Appends to `path`; several processes may share it, and it may be moved away meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: queue.Queue[bytes | None] = queue.Queue(_MOST_WAITING)
        self._writer: threading.Thread | None = None
        self._starting = threading.Lock()
        self._complained = False

    def write(self, served: RequestEvent) -> None:
        """Hand a line over to be written; it is in the file a moment later."""
        line = served.json_line().encode("ascii") + b"\n"
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self._complain("the disk does not keep up")
            return
        if self._writer is None:
            self._start()

    def close(self) -> None:
        """Write what is waiting; the log is not used afterwards."""
        if self._writer is not None:
            try:
                self._lines.put(None, timeout=_CLOSE_SECONDS)
            except queue.Full:
                return
            self._writer.join(_CLOSE_SECONDS)

    def _start(self) -> None:
        with self._starting:
            if self._writer is None:
                self._writer = threading.Thread(
                    target=self._write_on, name="request-log", daemon=True
                )
                self._writer.start()

    def _write_on(self) -> None:
        open_file: int | None = None
        ended = False
        while not ended:
            lines, ended = self._waiting()
            try:
                open_file = self._current(open_file)
                _write_whole(open_file, b"".join(lines))
                self._complained = False
            except OSError as exc:
                self._complain(str(exc))
        if open_file is not None:
            os.close(open_file)

    def _waiting(self) -> tuple[list[bytes], bool]:
        """What is to be written now, at least one line of it or the end."""
        lines: list[bytes] = []
        line = self._lines.get()
        while line is not None:
            lines.append(line)
            if len(lines) == _MOST_AT_ONCE:
                return lines, False
            try:
                line = self._lines.get_nowait()
            except queue.Empty:
                return lines, False
        return lines, True

    def _current(self, open_file: int | None) -> int:
        """The file at the path: another one once the old has been moved away."""
        if open_file is not None:
            if _is_at(open_file, self._path):
                return open_file
            os.close(open_file)
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _complain(self, why: str) -> None:
        if not self._complained:
            self._complained = True
            _log.warning("requests are missing from LOG_PATH (%s): %s", self._path, why)


def _is_at(open_file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(open_file), path.stat())
    except FileNotFoundError:
        return False


def _write_whole(open_file: int, data: bytes) -> None:
    while data:
        data = data[os.write(open_file, data) :]
