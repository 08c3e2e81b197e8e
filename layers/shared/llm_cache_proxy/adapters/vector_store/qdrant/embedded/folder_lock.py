"""A lock on a folder for one process at a time, which names its holder.

Never waits for the other process, and never leaves a lock behind: the operating system releases it
however its holders end.
"""

import os
import sys
from pathlib import Path
from typing import IO

import portalocker

from llm_cache_proxy.domain.errors import SettingsError

LOCK_FILE = "owner.lock"


class CollectionInUse(SettingsError):
    """Nothing is wrong with the collection: another process has it."""


class FolderInUse(Exception):
    """Another holder has the folder; `process_id` is its process, where that is known."""

    def __init__(self, process_id: int | None) -> None:
        super().__init__("the folder is in use")
        self.process_id = process_id


class FolderLock:
    """An exclusive lock on `folder`, made if missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock; raises `FolderInUse`, or `OSError` where the folder is not writable."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = (self._folder / LOCK_FILE).open("a+", encoding="utf-8")
        try:
            portalocker.lock(
                file, portalocker.LockFlags.EXCLUSIVE | portalocker.LockFlags.NON_BLOCKING
            )
        except portalocker.exceptions.LockException as exc:
            holder = _process_id(file)
            file.close()
            raise FolderInUse(holder) from exc
        self._file = file
        self.name(os.getpid())

    def name(self, process_id: int) -> None:
        """Write whose it is: this process's, or a child's that it was passed to."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.write(str(process_id))
            self._file.flush()

    def descriptors(self) -> tuple[int, ...]:
        """The descriptors that a child must inherit to hold the lock as well, until it ends."""
        if self._file is None or sys.platform == "win32":  # where none can be inherited
            return ()
        return (self._file.fileno(),)

    def release(self) -> None:
        """Release the lock; nothing happens if it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _process_id(file: IO[str]) -> int | None:
    try:
        file.seek(0)
        return int(file.read())
    except (OSError, ValueError):  # not written yet, or a system that locks reading too
        return None
