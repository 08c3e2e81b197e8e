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
MOST_CHARACTERS = 32_000_000
"""The most of all held vectors: nearly four thousand of 1,536 dimensions."""
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

    def __init__(self, most_characters: int = MOST_CHARACTERS) -> None:
        self._most_characters = most_characters
        self._characters = 0
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
        self._characters += len(hit.vector)
        while self._characters > self._most_characters:
            self.drop(next(iter(self._held)))

    def drop(self, record: str) -> None:
        """Forget the record's item."""
        gone = self._held.pop(record, None)
        self._characters -= 0 if gone is None else len(gone.hit.vector)


def stamps(held: Held) -> str:
    """All stamps in one word, each of the same length."""
    return "".join(_NO_STAMP if one is None else one.stamp for one in held)
