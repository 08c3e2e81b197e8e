"""The graphs' files: written while the process runs, and read by the next one.

Each writing makes new files and names them, with a digest of each, in the list of contents, which
is replaced at once: a process that is killed leaves the former or the new ones. A graph is only
read as whole where the collection was closed after it was written; any other lacks points. One of
another form, as another version of this program wrote it, is made again.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.growing_graph import GrowingGraph
from llm_cache_proxy.ports.vector_store import Scope

if TYPE_CHECKING:
    from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graph import ScopeGraph

_CONTENTS, _NEXT_CONTENTS = "contents.json", "contents.next"
# What usearch, and a file that is none of ours, may raise.
_LIBRARY_ERRORS = (OSError, RuntimeError, ValueError, LookupError, TypeError, MemoryError)
_LIVING_SHARE = 0.5

_log = logging.getLogger(__name__)

Record = dict[str, object]


class GraphFiles:
    """The files in `folder`, for one thread at a time. A failure costs time, and raises nothing."""

    def __init__(self, folder: Path, dimensions: int, part_points: int) -> None:
        self._folder = folder
        self._dimensions = dimensions
        self._part_points = part_points
        self._records: dict[Scope, Record] = {}
        self._number = 0

    def write(self, scope: Scope, graph: "ScopeGraph") -> None:
        """Write a graph's files in place of those that it had; if that fails, it has none."""
        self._number += 1
        try:
            self._folder.mkdir(exist_ok=True)
            files = graph.save(self._folder / str(self._number))
            self._records[scope] = {
                "tenant": scope.tenant,
                "fingerprint": scope.fingerprint,
                "embedder": scope.embedder_id,
                "points": None,
                "number": self._number,
                "form": graph.form,
                "files": {path.name: _digest(path) for path in files},
            }
            self._write_contents()
        except _LIBRARY_ERRORS as exc:
            _log.warning("a graph in %s is not kept and will be made again: %s", self._folder, exc)
            self._records.pop(scope, None)
            with suppress(OSError):  # what is half written would fill the disk further
                for path in self._folder.glob(f"{self._number}.*"):
                    path.unlink()
                self._write_contents()

    def have(self, scope: Scope) -> bool:
        """Whether a graph of the scope is kept."""
        return scope in self._records

    def remove(self, scopes: Iterable[Scope]) -> None:
        """Remove the files of graphs that are no more, where they had any."""
        removed = [self._records.pop(scope, None) for scope in scopes]
        if not any(removed):
            return
        try:
            self._write_contents()
        except _LIBRARY_ERRORS as exc:
            self._give_up(exc)

    def finish(self, points: Mapping[Scope, int | None]) -> None:
        """Say that no other scopes have a graph, and of how many points each one is all there is.

        None says of a graph that it lacks some.
        """
        if not self._records and not self._folder.exists():
            return
        self._records = {
            scope: record | {"points": points[scope]}
            for scope, record in self._records.items()
            if scope in points
        }
        try:
            self._write_contents()
        except _LIBRARY_ERRORS as exc:
            self._give_up(exc)

    def read(self, points: Callable[[Scope], int]) -> dict[Scope, GrowingGraph]:
        """The graphs whose files are undamaged, unless half of their points are gone."""
        if not self._folder.exists():
            return {}
        found: dict[Scope, GrowingGraph] = {}
        try:
            for record in json.loads((self._folder / _CONTENTS).read_bytes()):
                self._number = max(self._number, int(record["number"]))
                scope = Scope(record["tenant"], record["fingerprint"], record["embedder"])
                if (graph := self._read_graph(scope, record, points(scope))) is not None:
                    found[scope] = graph
                    self._records[scope] = record | {"points": None}
            self._write_contents()  # from now on points are stored that they lack
        except _LIBRARY_ERRORS as exc:
            self._give_up(exc)
        return found

    def _read_graph(
        self, scope: Scope, record: Mapping[str, object], points: int
    ) -> GrowingGraph | None:
        from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graph import ScopeGraph

        shape = self._dimensions, self._part_points
        try:
            if record.get("form") != ScopeGraph(*shape).form:
                raise ValueError("it is of another form")
            files = record["files"]
            if not isinstance(files, dict):
                raise TypeError("a list of files is expected")
            for name, digest in files.items():
                if _digest(self._folder / name) != digest:
                    raise ValueError(f"{name} is damaged")
            graph = ScopeGraph.load(self._folder / str(record["number"]), *shape)
        except _LIBRARY_ERRORS as exc:
            _log.warning("a graph of %s in %s is made again: %s", scope.tenant, self._folder, exc)
            return None
        if is_deserted(len(graph), points):
            return None
        if record["points"] == points:
            return GrowingGraph(graph, whole=True)
        return GrowingGraph(graph, is_from_files=True)

    def _write_contents(self) -> None:
        """Replace the list of contents, and remove the files that it does not name."""
        following = self._folder / _NEXT_CONTENTS
        with following.open("w", encoding="utf-8") as stream:
            json.dump(list(self._records.values()), stream)
            stream.flush()
            os.fsync(stream.fileno())
        following.replace(self._folder / _CONTENTS)
        named = {_CONTENTS}
        for record in self._records.values():
            named |= set(record["files"] if isinstance(record["files"], dict) else ())
        for path in self._folder.iterdir():
            if path.name not in named:
                path.unlink()

    def _give_up(self, exc: BaseException) -> None:
        _log.warning("the graphs in %s are not kept and will be made again: %s", self._folder, exc)
        self._records.clear()
        shutil.rmtree(self._folder, ignore_errors=True)


def is_deserted(size: int, points: int) -> bool:
    """Whether a scope of so many `points` has lost most of those that a graph of `size` has."""
    return points < size * _LIVING_SHARE


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
