"""Whether a disk has room: the embedded stores stop writing before it is full.

A full disk makes SQLite fail a write, and ends a process that has files mapped into memory.
"""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

_LOOKED_SECONDS = 1.0


class DiskSpace:
    """The disk that holds `folder`; looks at it at most once a second.

    `free_bytes` gives the free space under an existing folder.
    """

    def __init__(
        self,
        folder: Path,
        least_free_bytes: int,
        *,
        free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._least_free_bytes = least_free_bytes
        self._free_bytes = free_bytes
        self._monotonic = monotonic
        self._looked_at = -_LOOKED_SECONDS
        self._free: int | None = None

    def shortage(self, further_bytes: int = 0) -> str | None:
        """What is missing, for people; None if there is room, or if that is unknown.

        `further_bytes` are about to be written at once, as a file that no later look interrupts:
        for these it looks anew, since another such file may have been written meanwhile.
        """
        now = self._monotonic()
        if further_bytes or now - self._looked_at >= _LOOKED_SECONDS:
            self._looked_at = now
            self._free = self._found()
        free = self._free
        if free is None or free - further_bytes >= self._least_free_bytes:
            return None
        return (
            f"the disk of {self._folder} has {free // 1_000_000} MB free, and "
            f"{self._least_free_bytes // 1_000_000} MB are kept free (MIN_FREE_BYTES)"
        )

    def _found(self) -> int | None:
        above = (self._folder, *self._folder.absolute().parents)
        try:
            return self._free_bytes(next(path for path in above if path.exists()))
        except OSError:
            return None
