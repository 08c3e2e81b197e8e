"""Which scopes have a graph, which of them has to grow, and when their files are written.

A graph is made for a scope that is searched and holds many points. It grows by a few points at a
time, in the order of their ids, and is used once it is whole. One that has lost half of its points
is used on until another has grown in its place.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.graph_files import (
    GraphFiles,
    is_deserted,
)
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.growing_graph import GrowingGraph
from llm_cache_proxy.ports.vector_store import Scope

GRAPH_FROM_POINTS = 10_000
"""From this size on a graph saves more time than it costs."""
GRAPH_PART_POINTS = 250_000
"""Up to this size a graph leads to nearly all of its points; a larger one has parts."""
_COUNTED_AFTER = 1 / 16
"""Of a graph's points, removals after which it is worth to count those that it has left."""

HasRoom = Callable[[int], bool]
"""Whether the disk has room for a file of so many bytes."""


def with_room(_file_bytes: int) -> bool:
    """Where nobody looks at the disk."""
    return True


class ScopeGraphs:
    """By scope, for one collection; `folder` keeps them between two runs."""

    def __init__(
        self,
        folder: Path,
        dimensions: int,
        from_points: int = GRAPH_FROM_POINTS,
        part_points: int = GRAPH_PART_POINTS,
    ) -> None:
        self._dimensions = dimensions
        self._from_points = from_points
        self._part_points = part_points
        self._files = GraphFiles(folder, dimensions, part_points)
        self._held: dict[Scope, GrowingGraph] = {}
        self._next: dict[Scope, GrowingGraph] = {}
        self._gone: set[Scope] = set()

    def of(self, scope: Scope) -> GrowingGraph | None:
        """The scope's graph, whole or not."""
        return self._held.get(scope)

    def begin_if_large(self, scope: Scope, holds: Callable[[int], bool]) -> None:
        """Begin the graph of a scope that has none, if it `holds` at least so many points."""
        if scope not in self._held and holds(self._from_points):
            self._held[scope] = self._new()

    def take(self, scope: Scope, name: uuid.UUID, vector: Sequence[float]) -> None:
        """Add a point that the scope holds since just now to its graphs."""
        for graphs in (self._held, self._next):
            if (growing := graphs.get(scope)) is not None:
                growing.take(name, vector)

    def settle(self) -> None:
        """Take the graphs back from the thread that worked on one; drop what failed there."""
        for scope, growing in list(self._held.items()):
            if growing.broken:  # what is to follow it may lack what it failed to add
                self._drop(scope)
            else:
                growing.settle()
        for scope, growing in list(self._next.items()):
            if growing.broken:
                del self._next[scope]
            else:
                growing.settle()
        for scope, growing in list(self._next.items()):
            if growing.whole:
                self._held[scope] = self._next.pop(scope)

    def unfinished(self) -> tuple[Scope, GrowingGraph] | None:
        """A graph that lacks points."""
        return next((each for each in self._all() if each[1].lacks_points), None)

    def worth_writing(self, has_room: HasRoom = with_room) -> tuple[Scope, GrowingGraph] | None:
        """A graph whose files are too far behind, and that has room for others."""
        for scope, growing in self._held.items():
            if growing.is_worth_writing and has_room(growing.graph.file_bytes):
                return scope, growing
        return None

    def write(self, scope: Scope, growing: GrowingGraph) -> None:
        """Write the files of a graph that nothing is added to meanwhile."""
        size = len(growing.graph)
        self._files.write(scope, growing.graph)
        growing.wrote(size)

    @property
    def has_files_to_remove(self) -> bool:
        """Whether there are files, or soon will be, of graphs whose points are gone."""
        return bool(self._gone)

    def removal(self) -> Callable[[], None]:
        """What removes those files, to be called once and while no others are written."""
        gone, self._gone = self._gone, set()
        return lambda: self._files.remove(gone)

    def replace_deserted(self, removed: int, points: Callable[[Scope], int]) -> None:
        """Begin another graph for each most of whose points are no longer held; drop small ones.

        `removed` points of the collection, whosever they were, are gone since the last call.
        """
        for scope, growing in list(self._held.items()):
            growing.removed += removed
            size = max(len(growing.graph), self._from_points)
            if growing.removed < size * _COUNTED_AFTER:
                continue
            growing.removed = 0
            if not is_deserted(size, held := points(scope)):
                continue
            if held < self._from_points:
                self._drop(scope)
                if growing.lent or self._files.have(scope):
                    self._gone.add(scope)
            elif not growing.whole:
                self._held[scope] = self._new()
            elif scope not in self._next:
                self._next[scope] = self._new()

    def forget(self) -> None:
        """Drop every graph: the points are gone."""
        self._gone.update(filter(self._files.have, self._held))
        self._held.clear()
        self._next.clear()

    def close(self, points: Callable[[Scope], int], has_room: HasRoom = with_room) -> None:
        """Write what the files lack where there is room, and which of them are all there is."""
        self.settle()
        while any(each.whole and each.lacks_points for each in self._held.values()):
            self.settle()
        for scope, growing in self._held.items():
            kept = growing.written if self._files.have(scope) else 0
            if len(growing.graph) > kept and has_room(growing.graph.file_bytes):
                self.write(scope, growing)
        self._files.finish(
            {
                scope: points(scope) if each.whole and each.written == len(each.graph) else None
                for scope, each in self._held.items()
            }
        )

    def restore(self, points: Callable[[Scope], int]) -> None:
        """Read the graphs of the files; those that lack points grow on."""
        self._held = self._files.read(points)

    def _drop(self, scope: Scope) -> None:
        self._held.pop(scope, None)
        self._next.pop(scope, None)

    def _all(self) -> Iterator[tuple[Scope, GrowingGraph]]:
        yield from self._held.items()
        yield from self._next.items()

    def _new(self) -> GrowingGraph:
        from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graph import ScopeGraph

        return GrowingGraph(ScopeGraph(self._dimensions, self._part_points))
