"""Items that this process has read; the server says whether they are still valid.

A vector is 8 KB, and its transfer is most of a lookup's cost. An item is served only if the server
has found its record living in the same lookup.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from llm_cache_proxy.ports.exact_store.items import ItemHit

STAMP_LENGTH = 16
"""Characters of a stamp; each write makes another one."""
MOST_BYTES = 32_000_000
"""The most memory of all held items: about 3,500 of 1,536 dimensions."""
_OVERHEAD_BYTES = 800
"""What Python needs for an item besides its frame and vector: objects and names, as measured."""
_NO_STAMP = "-" * STAMP_LENGTH


@dataclass(frozen=True, slots=True)
class HeldItem:
    """An item, and the stamp of the write that it came from; each write makes another stamp."""

    stamp: str
    hit: ItemHit


Held = Sequence[HeldItem | None]
"""The held items of some records."""


class HeldItems:
    """Items by the names of their records; the least recently used leave first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._held: OrderedDict[str, HeldItem] = OrderedDict()

    def of(self, records: Sequence[str]) -> Held:
        """The held item of each record."""
        held = [self._held.get(record) for record in records]
        for record, one in zip(records, held, strict=True):
            if one is not None:
                self._held.move_to_end(record)
        return held

    def hold(self, record: str, stamp: str, hit: ItemHit) -> None:
        """Hold this item of the record; without a stamp none can be held."""
        self.drop(record)
        if len(stamp) != STAMP_LENGTH:
            return
        self._held[record] = HeldItem(stamp, hit)
        self._bytes += _size_bytes(hit)
        while self._bytes > self._most_bytes:
            self.drop(next(iter(self._held)))

    def drop(self, record: str) -> None:
        """Forget the record's item."""
        gone = self._held.pop(record, None)
        self._bytes -= 0 if gone is None else _size_bytes(gone.hit)


def _size_bytes(hit: ItemHit) -> int:
    return _text_bytes(hit.frame) + len(hit.vector) + _OVERHEAD_BYTES


def _text_bytes(text: str) -> int:
    """The most that Python needs for it."""
    return len(text) if text.isascii() else 4 * len(text)


def stamps(held: Held) -> str:
    """All stamps in one word, each of the same length."""
    return "".join(_NO_STAMP if one is None else one.stamp for one in held)
