"""Items that this process asks an upstream for right now, so that nobody asks for them again.

By item, so that batches that overlap share what they have in common; in this process alone. What
others ask for is leased in the store.
"""

import asyncio
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from llm_cache_proxy.domain.embeddings.items import Item

Asked = asyncio.Future[Item | None]
"""The item, or None where whoever asked for it got none."""


@dataclass(frozen=True, slots=True)
class Flight:
    """An item, and whether the one who is to settle it waits for another process themselves."""

    asked: Asked
    is_followed: bool


class ItemsInFlight:
    """By exact key and clear sequence: after a clear, what was asked before it is nobody's."""

    def __init__(self) -> None:
        self._flights: dict[tuple[str, int], Flight] = {}

    def join(
        self,
        keys: Iterable[str],
        sequence: int,
        *,
        followed: AbstractSet[str],
        leased: AbstractSet[str],
    ) -> tuple[dict[str, Flight], dict[str, Asked]]:
        """The keys that the caller is to settle, and those that others do.

        The caller is to ask for theirs, but for those it has `followed` in the store. One that it
        has `leased` is never left to somebody who waits for that very lease.
        """
        mine: dict[str, Flight] = {}
        theirs: dict[str, Asked] = {}
        for key in keys:
            flight = self._flights.get((key, sequence))
            if flight is None:
                asked: Asked = asyncio.get_running_loop().create_future()
                mine[key] = Flight(asked, key in followed)
            elif flight.is_followed and key in leased:
                mine[key] = Flight(flight.asked, is_followed=False)
            else:
                theirs[key] = flight.asked
        self._flights |= {(key, sequence): flight for key, flight in mine.items()}
        return mine, theirs

    def settle(self, mine: Mapping[str, Flight], sequence: int, items: Mapping[str, Item]) -> None:
        """Hand over what was asked for; those that wait for anything else ask anew."""
        for key, flight in mine.items():
            if self._flights.get((key, sequence)) is flight:  # and not another's by now
                del self._flights[key, sequence]
                flight.asked.set_result(items.get(key))
