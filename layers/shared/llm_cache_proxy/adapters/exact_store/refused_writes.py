"""Counts entries that a server refused to store, until the server can count them itself.

A server that is full or read-only refuses the counters with the entries. The count goes with the
next entry that is stored, and is included in what is read until then.
"""

from collections import Counter

from llm_cache_proxy.domain.metrics.counter_names import WRITE_REFUSED, error_count

_NAME = next(iter(error_count(WRITE_REFUSED)))


class RefusedWrites:
    """The counts of this process, by tenant."""

    def __init__(self) -> None:
        self._held: Counter[str] = Counter()
        self._carried: set[str] = set()

    def refused(self, tenant: str, entries: int = 1) -> None:
        """Count so many entries that the server refused."""
        self._held[tenant] += entries

    def held(self, tenant: str) -> dict[str, int]:
        """The count that the server does not have yet."""
        return {_NAME: self._held[tenant]} if self._held[tenant] else {}

    def carry(self, tenant: str) -> dict[str, int]:
        """The count for one write to carry; `arrived` ends it."""
        if tenant in self._carried or not self._held[tenant]:
            return {}
        self._carried.add(tenant)
        return self.held(tenant)

    def arrived(self, tenant: str, carried: dict[str, int], *, stored: bool) -> None:
        """The write has ended; if it was `stored`, its carried count is done."""
        if carried:
            self._carried.discard(tenant)
            if stored:
                self._held[tenant] -= carried[_NAME]
