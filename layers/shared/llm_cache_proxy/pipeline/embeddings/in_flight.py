"""Items that this process asks an upstream for right now, so that no other batch asks for them.

By item, so that overlapping batches share their common items; in this process alone. What other
processes ask for is leased in the store.
"""

import asyncio
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet

from llm_cache_proxy.domain.embeddings.items import Item
from llm_cache_proxy.domain.record import record

PendingItem = asyncio.Future[Item | None]
"""The item; None if the batch that asked for it got none."""


@record()
class Flight:
    """A pending item, and whether its leader itself waits for another process."""

    item: PendingItem
    is_followed: bool


class ItemsInFlight:
    """By exact key and clear sequence: items asked for before a clear are not shared after it."""

    def __init__(self) -> None:
        self._flights: dict[tuple[str, int], Flight] = {}

    def join(
        self,
        keys: Iterable[str],
        sequence: int,
        *,
        followed: AbstractSet[str],
        leased: AbstractSet[str],
    ) -> tuple[dict[str, Flight], dict[str, PendingItem]]:
        """The keys that the caller leads, and the items that others ask for.

        The caller asks for the keys it leads, except those that it has `followed` in the store. A
        key that it has `leased` is never left to a batch that waits for that very lease.
        """
        mine: dict[str, Flight] = {}
        theirs: dict[str, PendingItem] = {}
        for key in keys:
            flight = self._flights.get((key, sequence))
            if flight is None:
                item: PendingItem = asyncio.get_running_loop().create_future()
                mine[key] = Flight(item, key in followed)
            elif flight.is_followed and key in leased:
                mine[key] = Flight(flight.item, is_followed=False)
            else:
                theirs[key] = flight.item
        self._flights |= {(key, sequence): flight for key, flight in mine.items()}
        return mine, theirs

    def resolve(self, mine: Mapping[str, Flight], sequence: int, items: Mapping[str, Item]) -> None:
        """Hand over the items that came; a batch that waits for another one asks for it itself."""
        for key, flight in mine.items():
            if self._flights.get((key, sequence)) is flight:  # and not another's by now
                del self._flights[key, sequence]
                flight.item.set_result(items.get(key))
