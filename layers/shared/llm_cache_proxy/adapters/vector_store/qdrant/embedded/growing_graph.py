"""A scope's graph while it grows, while it is searched and while its files are written.

Which thread may touch it is decided here. Everything but `add` and the writing of files happens on
the store's thread. While the graph is not whole, or is `lent` to be written, it belongs to the
thread that does so: what is stored meanwhile waits, and is proposed by name. Which points it holds,
or is given to add, only the store's thread asks and says.
"""

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from llm_cache_proxy.adapters.vector_store.qdrant.payload import PointId

if TYPE_CHECKING:
    from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graph import ScopeGraph

Vectors = list[tuple[uuid.UUID, Sequence[float]]]
_FIRST_WRITTEN, _WORTH_WRITING = 20_000, 1.25
"""Points, and times the points of its files: a killed process loses a fifth of a graph at most."""
_ADDED_AT_ONCE = 16
"""Points that are added on the store's thread, which does nothing else for some 7 ms."""


class GrowingGraph:
    """The graph of one scope, from none of its points to all of them.

    It goes through them in the order of their ids: `next_id` is where it goes on. `is_from_files`
    says that it had most of them before.
    """

    def __init__(
        self, graph: "ScopeGraph", *, whole: bool = False, is_from_files: bool = False
    ) -> None:
        self.graph = graph
        self.whole = whole
        self.is_from_files = is_from_files
        self.next_id: PointId | None = None
        self.lent = False
        self.broken = False
        self.written = len(graph)
        self.removed = 0
        self._ids = graph.ids()
        self._is_through = whole
        self._became_whole = False
        self._waiting: Vectors = []

    @property
    def waiting(self) -> list[uuid.UUID]:
        """The points that the graph cannot propose yet, in no order."""
        return [name for name, _ in self._waiting]

    def take(self, name: uuid.UUID, vector: Sequence[float]) -> None:
        """Add a point that was stored just now, unless the graph has it or comes to it yet.

        It has one that was removed and is stored again: nothing is ever taken out of it.
        """
        is_ahead = isinstance(self.next_id, uuid.UUID) and name < self.next_id
        if not (self._is_through or is_ahead) or not self._ids.without([name]):
            return
        self._ids.add([name])
        if self.whole and not self.lent:
            self.add([(name, vector)])
        else:
            self._waiting.append((name, vector))

    def lacking(self, names: Sequence[uuid.UUID]) -> list[uuid.UUID]:
        """Those of `names` that it neither has nor is to be given."""
        return self._ids.without(names)

    def next_addition(self, points: Vectors, next_id: PointId | None) -> Vectors:
        """What to add now: the next `points` (the last ones without a `next_id`) and what waits."""
        self.next_id = next_id
        self._is_through = next_id is None
        self._ids.add([name for name, _ in points])
        added, self._waiting = points + self._waiting, []
        return added

    def add(self, points: Vectors) -> None:
        """Add these, on a thread of its own while it grows; a failure makes the graph useless."""
        try:
            if points:
                self.graph.add(points)
        except BaseException:
            self.whole, self.broken = False, True
            raise

    def settle(self) -> None:
        """Take the graph back from the other thread.

        It is whole if little is left to add: someone who stores all the time cannot put that off.
        """
        self.lent = False
        is_small = len(self._waiting) <= _ADDED_AT_ONCE
        if self._is_through and is_small and not self.whole and not self.broken:
            self.whole = self._became_whole = True
        if self.whole and self._waiting:
            added, self._waiting = self._waiting[:_ADDED_AT_ONCE], self._waiting[_ADDED_AT_ONCE:]
            self.add(added)

    @property
    def lacks_points(self) -> bool:
        """Whether it is not whole yet, or points wait that were stored while it was written."""
        return not self.whole or bool(self._waiting)

    @property
    def has_to_go_on(self) -> bool:
        """Whether there are points of the scope that it has not come to."""
        return not self._is_through

    @property
    def is_worth_writing(self) -> bool:
        """Whether it became whole just now, or its files are a fifth behind."""
        behind = max(int(self.written * _WORTH_WRITING), _FIRST_WRITTEN)
        return len(self.graph) >= (self.written + 1 if self._became_whole else behind)

    def wrote(self, size: int) -> None:
        """Its files have so many points, or could not be written and are not worth a try before."""
        self.written = size
        self._became_whole = False
