"""The points of one scope as graphs of near neighbours (HNSW), which are searched in its place.

Only proposes: it holds vectors rounded to 8 bits and the points' ids, and what has been deleted
since stays in it. Imports usearch, so it is itself imported where a graph is made. usearch lets
other threads run while it adds and searches, and is told to while it writes and reads files.

It is in parts of one size, each a graph that knows nothing of the others: the more points a graph
has, the more of them it leads to from nowhere, however broadly it is searched.
"""

import errno
import math
import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

import llm_cache_proxy.adapters.onnx_runtime  # noqa: F401 - ahead of usearch, as it says

# isort: split
from usearch.index import Index

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.held_ids import HeldIds

_LINKS = 16
_BREADTH_OF_ADDING = 96
_BREADTH_OF_SEARCHING = 256
_ID_BYTES = 16
_LINKS_BYTES = 192
"""Of a point in a graph's file, besides its vector: 4 for each link, and some 20."""
_LARGEST, _LEAST = np.float32(127), np.float32(1e-30)
_CODE_VERSION = 2
"""Raised where files are laid out in another way, or vectors rounded in another."""

Vectors = npt.NDArray[np.float32]
Rounded = npt.NDArray[np.int8]


class ScopeGraph:
    """May be used by one thread at a time. Files of another `form` than its own are not its."""

    MOST_OFF: ClassVar = 0.015
    """By so much a rounded similarity differs, as far as was seen.

    By 0.004 among all pairs of 13,839 prompts of MiniLM; by less than this where one of 3,072
    numbers is four fifths of a vector's length.
    """

    def __init__(self, dimensions: int, part_points: int) -> None:
        self._dimensions = dimensions
        self._part_points = part_points
        self._parts: list[Index] = []
        self._ids = bytearray()

    def __len__(self) -> int:
        """How many points were added."""
        return len(self._ids) // _ID_BYTES

    def add(self, points: Sequence[tuple[uuid.UUID, Sequence[float]]]) -> None:
        """Add points that it does not hold."""
        while points:
            room = len(self._parts) * self._part_points - len(self)
            if room == 0:
                self._parts.append(_empty(self._dimensions))
                room = self._part_points
            self._add_to_last(points[:room])
            points = points[room:]

    @property
    def form(self) -> list[int]:
        """What its files depend on besides its points."""
        return [_CODE_VERSION, self._part_points, _LINKS, _BREADTH_OF_ADDING]

    @property
    def file_bytes(self) -> int:
        """The most that its files take."""
        return len(self) * (self._dimensions + _LINKS_BYTES + _ID_BYTES)

    def nearest(self, vector: Sequence[float], count: int) -> dict[uuid.UUID, float]:
        """The `count` points that are most similar, or nearly, with their rounded similarities."""
        asked = _rounded(np.array([vector], dtype=np.float32))[0]
        matches = [part.search(asked, count, threads=1) for part in self._parts]
        if not matches:
            return {}
        distances = np.concatenate([each.distances for each in matches])
        places = np.concatenate([each.keys for each in matches])
        best = np.argsort(distances, kind="stable")[:count]
        similarities = (1.0 - distances[best]).tolist()
        return dict(zip(map(self._id, places[best].tolist()), similarities, strict=True))

    def ids(self) -> HeldIds:
        """The points that it holds now."""
        return HeldIds(bytes(self._ids))

    def save(self, path: Path) -> list[Path]:
        """Write the graph into files named like `path`; returns which."""
        ids = _ids_file(path)
        ids.write_bytes(self._ids)
        files = [ids]
        for number, part in enumerate(self._parts):
            files.append(_part_file(path, number))
            _save(part, files[-1])
        return files

    @classmethod
    def load(cls, path: Path, dimensions: int, part_points: int) -> Self:
        """The graph that `save` wrote; raises the library's errors for any other file."""
        made = cls(dimensions, part_points)
        made._ids += _ids_file(path).read_bytes()
        for number in range(math.ceil(len(made) / part_points)):
            part, file = _empty(dimensions), _part_file(path, number)
            part.load(str(file), progress=_others_may_run)
            if len(part) != min(part_points, len(made) - number * part_points):
                raise ValueError(f"{file} does not have the points that its ids say")
            made._parts.append(part)
        return made

    def _add_to_last(self, points: Sequence[tuple[uuid.UUID, Sequence[float]]]) -> None:
        first = len(self)
        places = np.arange(first, first + len(points), dtype=np.uint64)
        vectors = np.array([vector for _, vector in points], dtype=np.float32)
        self._parts[-1].add(places, _rounded(vectors), threads=1)
        for name, _ in points:
            self._ids += name.bytes

    def _id(self, place: int) -> uuid.UUID:
        at = place * _ID_BYTES
        return uuid.UUID(bytes=bytes(self._ids[at : at + _ID_BYTES]))


def _empty(dimensions: int) -> Index:
    return Index(
        ndim=dimensions,
        metric="cos",
        dtype="i8",
        connectivity=_LINKS,
        expansion_add=_BREADTH_OF_ADDING,
        expansion_search=_BREADTH_OF_SEARCHING,
    )


def _rounded(vectors: Vectors) -> Rounded:
    """Each with its largest number as 127: a cosine is the same at any length.

    usearch would make the length 127, which leaves a usual number of 384 some 6 steps.
    """
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    steps: Rounded = np.rint(vectors * (_LARGEST / np.maximum(largest, _LEAST))).astype(np.int8)
    return steps


def _save(part: Index, file: Path) -> None:
    part.save(str(file), progress=_others_may_run)
    # usearch does not look whether the last few KB were written, which is when it closes the file.
    if file.stat().st_size != part.serialized_length:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))


def _others_may_run(_done: int, _all: int) -> bool:
    # Called for each point, and Python lets go of its lock only while Python runs.
    return True


def _ids_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.ids")


def _part_file(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}.graph")
