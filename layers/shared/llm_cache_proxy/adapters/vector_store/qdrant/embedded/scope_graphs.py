"""Which scopes have a graph, how far each of them has grown, and their files between two runs.

A graph is made for a scope that is searched and holds many points. It grows by a few points at a
time, in the order of their ids, and is used once it is whole. Its files are written when the
collection is closed and taken away when it is opened: a process that was killed leaves none, so
that a graph which lacks what was stored since is never read. What is lost is only made again.
"""

import hashlib
import json
import logging
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from llm_cache_proxy.adapters.vector_store.qdrant.payload import PointId
from llm_cache_proxy.ports.vector_store import Scope

if TYPE_CHECKING:
    from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graph import ScopeGraph

GRAPH_FROM_POINTS = 10_000
"""From this size on a graph saves more time than it costs."""
_LIVING_SHARE = 0.5
_CONTENTS = "contents.json"
# What usearch, and a file that is none of ours, may raise.
_LIBRARY_ERRORS = (OSError, RuntimeError, ValueError, LookupError, TypeError, MemoryError)
_log = logging.getLogger(__name__)


class GrowingGraph:
    """The graph of one scope; `next_id` is where it goes on, and None once it is whole."""

    def __init__(self, graph: "ScopeGraph", *, whole: bool = False) -> None:
        self.graph = graph
        self.whole = whole
        self.next_id: PointId | None = None

    def extend(self, points: Iterable[tuple[PointId, object]], next_id: PointId | None) -> None:
        """Add the next points by their ids; without a `next_id` they were the last."""
        ours = [
            (name, vector)
            for name, vector in points
            if isinstance(name, uuid.UUID) and isinstance(vector, list)
        ]
        if ours:
            self.graph.add(ours)
        self.next_id = next_id
        self.whole = next_id is None

    def take(self, name: uuid.UUID, vector: Sequence[float]) -> None:
        """Add a point that was stored just now, unless `extend` will reach it."""
        passed = isinstance(self.next_id, uuid.UUID) and name < self.next_id
        if self.whole or passed:
            self.graph.add([(name, vector)])


class ScopeGraphs:
    """By scope, for one collection; `folder` keeps them between two runs."""

    def __init__(self, folder: Path, dimensions: int, from_points: int = GRAPH_FROM_POINTS) -> None:
        self._folder = folder
        self._dimensions = dimensions
        self._from_points = from_points
        self._held: dict[Scope, GrowingGraph] = {}

    def of(self, scope: Scope) -> GrowingGraph | None:
        """The scope's graph, whole or not."""
        return self._held.get(scope)

    def begin_if_large(self, scope: Scope, points: Callable[[], int]) -> None:
        """Begin the graph of a scope that has none and holds so many `points`."""
        if scope not in self._held and points() >= self._from_points:
            from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graph import ScopeGraph

            self._held[scope] = GrowingGraph(ScopeGraph(self._dimensions))

    def unfinished(self) -> tuple[Scope, GrowingGraph] | None:
        """A graph that is not whole yet."""
        return next((held for held in self._held.items() if not held[1].whole), None)

    def drop_deserted(self, points: Callable[[Scope], int]) -> None:
        """Drop each graph most of whose points are no longer held."""
        for scope, held in list(self._held.items()):
            if held.whole and points(scope) < len(held.graph) * _LIVING_SHARE:
                del self._held[scope]

    def forget(self) -> None:
        """Drop every graph: the points are gone."""
        self._held.clear()

    def save(self, points: Callable[[Scope], int]) -> None:
        """Store the whole graphs, if there is room for them."""
        whole = {scope: held.graph for scope, held in self._held.items() if held.whole}
        if not whole:
            return
        try:
            self._folder.mkdir(exist_ok=True)
            kept = [
                self._kept(number, scope, graph, points(scope))
                for number, (scope, graph) in enumerate(whole.items())
            ]
            (self._folder / _CONTENTS).write_text(json.dumps(kept), encoding="utf-8")
        except _LIBRARY_ERRORS as exc:
            _log.warning(
                "the graphs in %s are not kept and will be made again: %s", self._folder, exc
            )
            shutil.rmtree(self._folder, ignore_errors=True)

    def restore(self, points: Callable[[Scope], int]) -> None:
        """Load stored graphs that are undamaged and whose scopes hold as many points."""
        if not self._folder.exists():
            return
        try:
            kept = json.loads((self._folder / _CONTENTS).read_bytes())
            for one in kept:
                scope = Scope(one["tenant"], one["fingerprint"], one["embedder"])
                if points(scope) == one["points"]:
                    self._held[scope] = self._restored(one)
        except _LIBRARY_ERRORS as exc:
            _log.warning("the graphs in %s are made again: %s", self._folder, exc)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _kept(
        self, number: int, scope: Scope, graph: "ScopeGraph", points: int
    ) -> dict[str, object]:
        files = graph.save(self._folder / str(number))
        return {
            "tenant": scope.tenant,
            "fingerprint": scope.fingerprint,
            "embedder": scope.embedder_id,
            "points": points,
            "number": number,
            "files": {path.name: _digest(path) for path in files},
        }

    def _restored(self, kept: Mapping[str, object]) -> GrowingGraph:
        from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graph import ScopeGraph

        files = kept["files"]
        if not isinstance(files, dict):
            raise TypeError("a list of files is expected")
        for name, digest in files.items():
            if _digest(self._folder / name) != digest:
                raise ValueError(f"{name} is damaged")
        graph = ScopeGraph.load(self._folder / str(kept["number"]), self._dimensions)
        return GrowingGraph(graph, whole=True)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
