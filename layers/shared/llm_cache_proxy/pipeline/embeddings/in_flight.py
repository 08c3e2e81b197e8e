"""Items that this process asks an upstream for right now, so that nobody asks for them again.

By item, so that batches that overlap share what they have in common; in this process alone. What
others ask for is leased in the store.
"""

import asyncio
from collections.abc import Iterable, Mapping

from llm_cache_proxy.domain.embeddings.items import Item

Asked = asyncio.Future[Item | None]
"""The item, or None where whoever asked for it got none."""


class ItemsInFlight:
    """By exact key and clear sequence: after a clear, what was asked before it is nobody's."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, int], Asked] = {}

    def join(self, keys: Iterable[str], sequence: int) -> tuple[list[str], dict[str, Asked]]:
        """The keys that the caller is to ask for and to settle, and those that others do."""
        mine: list[str] = []
        theirs: dict[str, Asked] = {}
        for key in keys:
            asked = self._asked.get((key, sequence))
            if asked is None:
                self._asked[key, sequence] = asyncio.get_running_loop().create_future()
                mine.append(key)
            else:
                theirs[key] = asked
        return mine, theirs

    def settle(self, keys: Iterable[str], sequence: int, items: Mapping[str, Item]) -> None:
        """Hand over what was asked for; those that wait for anything else ask anew."""
        for key in keys:
            self._asked.pop((key, sequence)).set_result(items.get(key))
