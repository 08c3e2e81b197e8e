"""Which points a graph holds, by their ids: what decides that none is added to it twice.

Imports numpy, so it is itself imported where a graph is made.
"""

import uuid
from collections.abc import Iterable, Sequence

import numpy as np

_ID = np.dtype("S16")
_LEAST_LATE, _LATE_SHARE = 1_024, 1 / 16
"""Ids that are kept apart, some 100 bytes each, before they are sorted in (1,000,000: 0.08 s)."""


class HeldIds:
    """Ids in 16 bytes each, sorted, and those that came of late. For one thread."""

    def __init__(self, ids: bytes = b"") -> None:
        self._sorted = np.sort(np.frombuffer(ids, dtype=_ID))
        self._late: set[bytes] = set()

    def add(self, names: Iterable[uuid.UUID]) -> None:
        """Hold these too."""
        self._late.update(name.bytes for name in names)
        if len(self._late) > max(_LEAST_LATE, len(self._sorted) * _LATE_SHARE):
            late = np.sort(np.frombuffer(b"".join(self._late), dtype=_ID))
            self._sorted = np.insert(self._sorted, np.searchsorted(self._sorted, late), late)
            self._late.clear()

    def without(self, names: Sequence[uuid.UUID]) -> list[uuid.UUID]:
        """Those of `names` that are not held, in their order."""
        asked = np.frombuffer(b"".join(name.bytes for name in names), dtype=_ID)
        places = np.searchsorted(self._sorted, asked)
        found = self._sorted.take(places, mode="clip") == asked if len(self._sorted) else places < 0
        return [
            name
            for name, is_found in zip(names, found.tolist(), strict=True)
            if not is_found and name.bytes not in self._late
        ]
