"""Gives the space of removed points back, in a process of its own.

The engine holds Python's lock while it writes a collection anew, which on a busy disk takes
seconds: in the server's process no request would be answered. It also keeps what it has replaced in
memory until the collection is closed. So no other process may have the collection open meanwhile.
"""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder_lock import FolderLock

_PROGRAM = """
import sys
import qdrant_edge
shard = qdrant_edge.EdgeShard.load(sys.argv[1])
shard.optimize()
shard.flush()
shard.close()
"""
_LONGEST_SECONDS = 300.0


class Compaction:
    """Runs on one thread at a time; any other thread may stop it, for good.

    Its process holds the folder's lock too: if it outlives the server, the next server finds the
    folder in use.
    """

    def __init__(
        self, *, program: str = _PROGRAM, longest_seconds: float = _LONGEST_SECONDS
    ) -> None:
        self._program = program
        self._longest_seconds = longest_seconds
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(self, path: Path, lock: FolderLock | None) -> bool:
        """Compact the collection in `path`; whether that worked. A failure leaves it as it was.

        Nothing of it runs any more afterwards.
        """
        with self._starting:
            if self._stopped:
                return False
            try:
                process = self._process = self._started(path, lock)
            except OSError:
                return False
        with process:
            try:
                _say_whose(lock, process.pid)
                return process.wait(self._longest_seconds) == 0
            except subprocess.TimeoutExpired:
                return False
            finally:
                process.kill()
                process.wait()
                _say_whose(lock, os.getpid())

    def stop(self) -> None:
        """End the running compaction, and run none from now on."""
        with self._starting:
            self._stopped = True
            if self._process is not None:
                self._process.kill()

    def _started(self, path: Path, lock: FolderLock | None) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603 - our own program, and a folder of ours
            [sys.executable, "-c", self._program, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # an interrupt at the terminal is the server's alone
            pass_fds=() if lock is None else lock.descriptors(),
        )


def _say_whose(lock: FolderLock | None, process_id: int) -> None:
    with suppress(OSError):  # a full disk: it is held all the same
        if lock is not None:
            lock.name(process_id)
