"""Entries that a server took no write for: counted here until it can count them itself.

A server that is full or read-only refuses the counters with the entries. The count goes with the
next entry that is stored, and is part of what is read until then.
"""

from collections import Counter

from llm_cache_proxy.domain.metrics.counter_names import WRITE_REFUSED, error_count

_NAME = next(iter(error_count(WRITE_REFUSED)))


class RefusedWrites:
    """This process's, by tenant."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()
        self._carried: set[str] = set()

    def refused(self, tenant: str, entries: int = 1) -> None:
        """The server took no write for so many entries."""
        self._held[tenant] += entries

    def held(self, tenant: str) -> dict[str, int]:
        """What the server has not counted yet."""
        return {_NAME: self._held[tenant]} if self._held[tenant] else {}

    def carry(self, tenant: str) -> dict[str, int]:
        """The same, for one write at a time to take along; `arrived` ends it."""
        if tenant in self._carried or not self._held[tenant]:
            return {}
        self._carried.add(tenant)
        return self.held(tenant)

    def arrived(self, tenant: str, carried: dict[str, int], *, stored: bool) -> None:
        """The write has ended; where it was `stored`, what it carried is counted."""
        if carried:
            self._carried.discard(tenant)
            if stored:
                self._held[tenant] -= carried[_NAME]
