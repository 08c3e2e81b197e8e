"""The points of one scope as a graph of near neighbours (HNSW), which is searched in its place.

Only proposes: it holds vectors rounded to 8 bits and the points' ids, and what has been deleted
since stays in it. Imports usearch, so it is itself imported where a graph is made. usearch lets
other threads run while it adds and searches, and is told to while it writes and reads files.
"""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np

import llm_cache_proxy.adapters.onnx_runtime  # noqa: F401 - ahead of usearch, as it says

# isort: split
from usearch.index import Index

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.held_ids import HeldIds

_LINKS = 16
_BREADTH_OF_ADDING = 64
_BREADTH_OF_SEARCHING = 256
_ID_BYTES = 16
_LINKS_BYTES = 192
"""Of a point in a graph's file, besides its vector: 4 for each link, and some 20."""


class ScopeGraph:
    """May be used by one thread at a time."""

    def __init__(self, dimensions: int) -> None:
        self._index = Index(
            ndim=dimensions,
            metric="cos",
            dtype="i8",
            connectivity=_LINKS,
            expansion_add=_BREADTH_OF_ADDING,
            expansion_search=_BREADTH_OF_SEARCHING,
        )
        self._ids = bytearray()

    def __len__(self) -> int:
        """How many points were added."""
        return len(self._ids) // _ID_BYTES

    def add(self, points: Sequence[tuple[uuid.UUID, Sequence[float]]]) -> None:
        """Add points that it does not hold."""
        first = len(self)
        places = np.arange(first, first + len(points), dtype=np.uint64)
        vectors = np.array([vector for _, vector in points], dtype=np.float32)
        self._index.add(places, vectors, threads=1)
        for name, _ in points:
            self._ids += name.bytes

    @property
    def file_bytes(self) -> int:
        """The most that its files take."""
        return len(self) * (self._index.ndim + _LINKS_BYTES + _ID_BYTES)

    def nearest(self, vector: Sequence[float], count: int) -> list[uuid.UUID]:
        """The `count` points that are most similar, or nearly."""
        matches = self._index.search(np.array(vector, dtype=np.float32), count, threads=1)
        return [self._id(int(place)) for place in matches.keys]

    def ids(self) -> HeldIds:
        """The points that it holds now."""
        return HeldIds(bytes(self._ids))

    def save(self, path: Path) -> list[Path]:
        """Write the graph into files named like `path`; returns which."""
        graph, ids = _files(path)
        self._index.save(str(graph), progress=_others_may_run)
        ids.write_bytes(self._ids)
        return [graph, ids]

    @classmethod
    def load(cls, path: Path, dimensions: int) -> Self:
        """The graph that `save` wrote; raises the library's errors for any other file."""
        made = cls(dimensions)
        graph, ids = _files(path)
        made._index.load(str(graph), progress=_others_may_run)
        made._ids += ids.read_bytes()
        if len(made._index) != len(made):
            raise ValueError(f"{graph} and {ids} do not belong together")
        return made

    def _id(self, place: int) -> uuid.UUID:
        at = place * _ID_BYTES
        return uuid.UUID(bytes=bytes(self._ids[at : at + _ID_BYTES]))


def _others_may_run(_done: int, _all: int) -> bool:
    # Called for each point, and Python lets go of its lock only while Python runs.
    return True


def _files(path: Path) -> tuple[Path, Path]:
    return path.with_name(f"{path.name}.graph"), path.with_name(f"{path.name}.ids")
