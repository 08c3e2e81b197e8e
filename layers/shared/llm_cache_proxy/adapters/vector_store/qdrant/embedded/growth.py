"""What a graph adds next: the scope's points in the order of their ids, read from the engine.

Imports qdrant-edge-py, so it is itself imported on first use only.
"""

import uuid
from collections.abc import Iterable
from typing import cast

import qdrant_edge as edge

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.growing_graph import (
    GrowingGraph,
    Vectors,
)
from llm_cache_proxy.adapters.vector_store.qdrant.payload import PointId

_ADDED_POINTS = 64
_COMPARED_POINTS = 2_048
"""Of a graph that was read from files, most of whose points it has."""


def next_points(
    shard: edge.EdgeShard, within: edge.Filter, growing: GrowingGraph
) -> tuple[Vectors, PointId | None]:
    """The next points of the scope that the graph lacks, and the id after them."""
    if not growing.is_from_files:
        points, next_id = _scrolled(shard, within, growing.next_id, _ADDED_POINTS, vectors=True)
        return _vectors(points), next_id
    points, next_id = _scrolled(shard, within, growing.next_id, _COMPARED_POINTS, vectors=False)
    lacking = growing.lacking([one.id for one in points if isinstance(one.id, uuid.UUID)])
    if len(lacking) > _ADDED_POINTS:
        next_id = lacking[_ADDED_POINTS]
    ids: list[edge.PointId] = list(lacking[:_ADDED_POINTS])
    return _vectors(shard.retrieve(ids, False, True)), next_id


def _scrolled(
    shard: edge.EdgeShard,
    within: edge.Filter,
    offset: PointId | None,
    limit: int,
    *,
    vectors: bool,
) -> tuple[list[edge.Record], PointId | None]:
    request = edge.ScrollRequest(
        offset=offset, limit=limit, filter=within, with_payload=False, with_vector=vectors
    )
    return shard.scroll(request)


def _vectors(points: Iterable[edge.Record]) -> Vectors:
    return [
        (one.id, cast("list[float]", one.vector))
        for one in points
        if isinstance(one.id, uuid.UUID) and isinstance(one.vector, list)
    ]
