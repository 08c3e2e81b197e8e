"""A search in a scope: among what its graph proposes, or among all of its points.

A proposal's vector and entry may each lie on a page of the disk of its own. So those alone are
compared that the graph's rounded vectors show to be near enough, and those alone read that are. The
engine's similarities decide, and nothing is found that is not read and seen to be of the scope and
living: where that falls short, the engine is asked again with the conditions of every search.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

import qdrant_edge as edge

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.growing_graph import GrowingGraph
from llm_cache_proxy.adapters.vector_store.qdrant.filters import Conditions, Is, Within, living
from llm_cache_proxy.adapters.vector_store.qdrant.payload import (
    CANDIDATE_FIELDS,
    Found,
    Payload,
    PointId,
    sifted,
)
from llm_cache_proxy.ports.vector_store import Scope

_PROPOSED = 4  # points that a graph names for each that is wanted: its vectors are rounded


class Search(NamedTuple):
    """What `Collection.nearest` is asked for."""

    scope: Scope
    vector: Sequence[float]
    now: int
    limit: int
    at_least: float


class _Near(NamedTuple):
    """A point that is near, as `sifted` takes it."""

    id: PointId
    score: float
    payload: Payload | None


def among_all(shard: edge.EdgeShard, search: Search) -> Found:
    """The nearest points of the scope."""
    meant = engine_filter(living(search.scope, search.now))
    return sifted(_scored(shard, search, [meant], search.limit, reading=True), search.scope)


def among_proposed(shard: edge.EdgeShard, held: GrowingGraph, search: Search) -> Found | None:
    """The nearest of what the graph proposes and of what waits; None if it has too few.

    What waits may be far off, and does not stand in for neighbours that the graph lacks.
    """
    named, waiting = held.graph.nearest(search.vector, search.limit * _PROPOSED), held.waiting
    there = {point.id for point in shard.retrieve(list(named), False, False)}
    proposed = {name: similarity for name, similarity in named.items() if name in there}
    if len(proposed) < search.limit:
        return None
    enough = min(max(proposed.values()), search.at_least) - 2 * held.graph.MOST_OFF
    near_enough = (name for name, similarity in proposed.items() if similarity >= enough)
    near = _read(shard, search, [*near_enough, *waiting])
    found = sifted(near, search.scope)
    if sum(one.expires_at > search.now for one in found.candidates) == len(near):
        return found
    return _living_among(shard, search, proposed, waiting)


def engine_filter(meant: Conditions) -> edge.Filter:
    """The conditions, as the engine takes them."""
    return edge.Filter(must=[_condition(one) for one in meant])


def _read(shard: edge.EdgeShard, search: Search, among: Collection[PointId]) -> list[_Near]:
    """The nearest and those `at_least` so near, with what a candidate has.

    For that the engine reads the whole of a point, its answer too, from the disk if it must.
    """
    scored = _scored(shard, search, [edge.HasIdCondition(set(among))], search.limit)
    near = [*scored[:1], *(one for one in scored[1:] if one.score >= search.at_least)]
    points = shard.retrieve([one.id for one in near], list(CANDIDATE_FIELDS), False)
    payloads = {point.id: point.payload for point in points}
    return [_Near(one.id, one.score, payloads.get(one.id)) for one in near]


def _living_among(
    shard: edge.EdgeShard, search: Search, proposed: Collection[UUID], waiting: Sequence[UUID]
) -> Found | None:
    """Of both, those that meet the conditions; None if too few of those proposed do."""
    among = edge.HasIdCondition({*proposed, *waiting})
    meant = engine_filter(living(search.scope, search.now))
    most = search.limit + len(waiting)
    scored = _scored(shard, search, [among, meant], most, reading=True)
    enough = sum(one.id in proposed for one in scored) >= search.limit
    return sifted(scored[: search.limit], search.scope) if enough else None


def _scored(
    shard: edge.EdgeShard,
    search: Search,
    conditions: Sequence[edge.Filter | edge.HasIdCondition],
    limit: int,
    *,
    reading: bool = False,
) -> list[edge.ScoredPoint]:
    """One query; `reading` what a candidate has, without the stored answers and the vectors."""
    request = edge.QueryRequest(
        limit=limit,
        query=edge.Query.Nearest(list(search.vector)),
        filter=edge.Filter(must=list(conditions)),
        with_payload=list(CANDIDATE_FIELDS) if reading else False,
    )
    return shard.query(request)


def _condition(one: Is | Within) -> edge.FieldCondition:
    if isinstance(one, Is):
        return edge.FieldCondition(key=one.field, match=edge.MatchValue(value=one.text))
    bounds = edge.RangeFloat(gt=one.above, lt=one.below, lte=one.at_most)
    return edge.FieldCondition(key=one.field, range=bounds)
