"""Counts the points that a collection has lost since its last compaction, over restarts.

The engine reports how many points it holds, not how many it keeps space for.
"""

import logging
from pathlib import Path

_LEAST_REMOVED, _REMOVED_SHARE = 1_000, 0.2
"""The share from which the engine itself would compact a segment."""
_log = logging.getLogger(__name__)


class RemovedPoints:
    """A count in `file`, which is written with each removal: a process may be killed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._count = _count_in(file)
        self._tried_at = 0

    def add(self, count: int) -> None:
        """Count so many points that were removed."""
        if count > 0:
            self._keep(self._count + count)

    def are_many(self, held: int) -> bool:
        """Whether they are a fifth of the collection, and a thousand more than at the last try."""
        return (
            self._count - self._tried_at >= _LEAST_REMOVED
            and self._count >= (held + self._count) * _REMOVED_SHARE
        )

    def stay(self) -> None:
        """Their space could not be freed: wait for more of them before the next try."""
        self._tried_at = self._count

    def forget(self) -> None:
        """Their space was freed, or the collection is another one."""
        self._tried_at = 0
        if self._count:
            self._keep(0)

    def _keep(self, count: int) -> None:
        self._count = count
        try:
            self._file.write_text(str(count), encoding="ascii")
        except OSError as exc:  # it is kept in memory all the same
            _log.warning("%s cannot be written: %s", self._file, exc)


def _count_in(file: Path) -> int:
    try:
        return max(int(file.read_text(encoding="ascii")), 0)
    except (OSError, ValueError):  # not written yet, or a write was cut short
        return 0
