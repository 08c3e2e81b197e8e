"""How many points a collection has lost since it was compacted, kept over restarts.

The engine says how many points it holds, not how many it keeps the space of.
"""

import logging
from pathlib import Path

_LEAST_REMOVED, _REMOVED_SHARE = 1_000, 0.2
"""When the engine would compact a segment itself."""
_log = logging.getLogger(__name__)


class RemovedPoints:
    """A count in `file`, which is written with each removal: a process may be killed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._count = _count_in(file)
        self._tried_at = 0

    def add(self, count: int) -> None:
        """So many points were held and are not any more."""
        if count > 0:
            self._keep(self._count + count)

    def are_many(self, held: int) -> bool:
        """Whether they are a fifth of the collection, and a thousand more than at the last try."""
        return (
            self._count - self._tried_at >= _LEAST_REMOVED
            and self._count >= (held + self._count) * _REMOVED_SHARE
        )

    def stay(self) -> None:
        """Their space could not be given back: wait for more of them before the next try."""
        self._tried_at = self._count

    def forget(self) -> None:
        """Their space was given back, or the collection is another."""
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
