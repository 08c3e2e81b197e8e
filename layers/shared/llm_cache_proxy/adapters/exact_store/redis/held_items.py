"""Items that this process has read: the server says whether they are still right.

A vector is 8 KB, and what costs most of a lookup is its way here. Nothing is served that the
server has not found living in the same lookup.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from llm_cache_proxy.ports.exact_store.items import ItemHit

STAMP_LENGTH = 16
"""Characters of a stamp, which is another for every write."""
MOST_CHARACTERS = 32_000_000
"""Of all bodies together: nearly four thousand vectors of 1,536 dimensions."""
_NO_STAMP = "-" * STAMP_LENGTH


@dataclass(frozen=True, slots=True)
class HeldItem:
    """An item, and the stamp of the write that it is from; nothing of it changes under one."""

    stamp: str
    hit: ItemHit


Held = Sequence[HeldItem | None]
"""What is held of each of some records."""


class HeldItems:
    """By record's name; what was used longest ago goes first."""

    def __init__(self, most_characters: int = MOST_CHARACTERS) -> None:
        self._most_characters = most_characters
        self._characters = 0
        self._held: OrderedDict[str, HeldItem] = OrderedDict()

    def of(self, records: Sequence[str]) -> Held:
        """What is held of each."""
        held = [self._held.get(record) for record in records]
        for record, one in zip(records, held, strict=True):
            if one is not None:
                self._held.move_to_end(record)
        return held

    def hold(self, record: str, stamp: str, hit: ItemHit) -> None:
        """Hold it in place of what was held of the record; a write may have left no stamp."""
        self.drop(record)
        if len(stamp) != STAMP_LENGTH:
            return
        self._held[record] = HeldItem(stamp, hit)
        self._characters += len(hit.body)
        while self._characters > self._most_characters:
            self.drop(next(iter(self._held)))

    def drop(self, record: str) -> None:
        """Hold nothing of the record."""
        gone = self._held.pop(record, None)
        self._characters -= 0 if gone is None else len(gone.hit.body)


def stamps(held: Held) -> str:
    """All stamps in one word, each of the same length."""
    return "".join(_NO_STAMP if one is None else one.stamp for one in held)
