"""The collection's operations on Qdrant's engine in this process, without a server.

Imports qdrant-edge-py, so it is itself imported on first use only. Every method blocks for as
long as the engine works: the caller decides on the thread and the deadline.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import qdrant_edge as edge

from llm_cache_proxy.adapters.vector_store.qdrant.collection import SWEPT_AT_ONCE
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.growing_graph import (
    GrowingGraph,
    Vectors,
)
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.growth import next_points
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.removed_points import RemovedPoints
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graphs import (
    HasRoom,
    ScopeGraphs,
    with_room,
)
from llm_cache_proxy.adapters.vector_store.qdrant.filters import (
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    Conditions,
    Is,
    Within,
    cleared,
    held,
    living,
    meets,
    past,
    within,
)
from llm_cache_proxy.adapters.vector_store.qdrant.payload import (
    CANDIDATE_FIELDS,
    PLACE_FIELDS,
    Found,
    Payload,
    PointId,
    ScoredPoint,
    entry_of,
    payload_of,
    placed_of,
    point_id,
    sifted,
)
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.errors import VectorStoreUnavailable
from llm_cache_proxy.ports.vector_store import ANY_SIMILARITY, Placed, Scope

_INDEXES: dict[str, edge.PayloadSchemaType | edge.KeywordIndexParams] = {
    "tenant": edge.KeywordIndexParams(is_tenant=True),
    **dict.fromkeys(KEYWORD_FIELDS, edge.PayloadSchemaType.Keyword),
    **dict.fromkeys(INTEGER_FIELDS, edge.PayloadSchemaType.Integer),
}
_MOST_DETAIL_CHARACTERS = 200
_PROPOSED = 4  # points that a graph names for each that is wanted: its vectors are rounded
_ROUNDING = 0.05  # more than a similarity of rounded vectors is off: 0.019 at most, of 6,000


@contextmanager
def failures_as_ours() -> Iterator[None]:
    """Raise `VectorStoreUnavailable` for every failure inside."""
    try:
        yield
    except Exception as exc:  # the engine has no exceptions of its own: it raises this class
        # A parse error quotes its input, which may be a user's text.
        said = "" if isinstance(exc, TypeError | ValueError) else f": {exc}"
        raise VectorStoreUnavailable(
            f"the embedded store failed{said}"[:_MOST_DETAIL_CHARACTERS]
        ) from exc


class QdrantEdgeCollection:
    """A shard that is open; every method raises `VectorStoreUnavailable` where it fails."""

    def __init__(self, shard: edge.EdgeShard, graphs: ScopeGraphs, lost: RemovedPoints) -> None:
        self._shard = shard
        self._lost = lost
        self._graphs = graphs

    async def is_worth_compacting(self) -> bool:
        """Whether a fifth of the points are removed ones, which keep their space until then."""
        with failures_as_ours():
            return self._lost.are_many(self._points())

    async def provision(self, dimensions: int) -> None:  # noqa: ARG002 - the folder knows them
        """Make the payload indexes that are missing."""
        with failures_as_ours():
            indexed = self._shard.info().payload_schema
            for field, schema in _INDEXES.items():
                if field not in indexed:
                    self._shard.update(edge.UpdateOperation.create_field_index(field, schema))

    async def nearest(
        self,
        scope: Scope,
        vector: Sequence[float],
        *,
        now: int,
        limit: int,
        at_least: float = ANY_SIMILARITY,
    ) -> Found:
        """The nearest of the graph's proposals, or of the whole scope if they are too few."""
        meant = living(scope, now)
        held = self._graphs.of(scope)
        found: Sequence[ScoredPoint] | None = None
        with failures_as_ours():
            if held is not None and held.whole:
                found = self._proposed(held, vector, meant, limit, at_least)
            if found is None:
                found = self._scored(vector, [_filter(meant)], limit, reading=True)
                self._graphs.begin_if_large(scope, lambda least: self._holds_so_many(scope, least))
        return sifted(found, scope)

    @property
    def has_to_grow(self) -> bool:
        """Whether `growth` would have something to do."""
        return (
            self._graphs.has_files_to_remove
            or self._graphs.unfinished() is not None
            or self._graphs.worth_writing() is not None
        )

    def growth(self, has_room: HasRoom = with_room) -> Callable[[], None] | None:
        """The next piece of work on a graph, for a thread of its own; None if there is none.

        It is called again where that is done, before anything else is asked of it.
        """
        with failures_as_ours():
            self._graphs.settle()
            if self._graphs.has_files_to_remove:
                return self._graphs.removal()
            if (behind := self._graphs.worth_writing(has_room)) is not None:
                behind[1].lent = True
                return lambda: self._graphs.write(*behind)
            if (unfinished := self._graphs.unfinished()) is None:
                return None
            scope, growing = unfinished
            if growing.whole:  # the rest of what waits is added by the next call
                return _yielded
            points, next_id = (
                next_points(self._shard, _filter(within(scope)), growing)
                if growing.has_to_go_on
                else ([], None)
            )
            added = growing.next_addition(points, next_id)
        return lambda: _added(growing, added)

    async def remove(self, points: Sequence[PointId]) -> None:
        """Several points by their ids."""
        self._delete(points)

    async def fetch(self, tenant: str, key: str) -> Entry | None:
        """One point by its id."""
        with failures_as_ours():
            # With its payload, without its vector; the engine has no defaults for them.
            points = self._shard.retrieve([point_id(tenant, key)], True, False)
        return entry_of(points[0].payload, tenant=tenant, key=key) if points else None

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        """Write one point; it can be found, and outlives the process, when this returns."""
        name = point_id(scope.tenant, entry.key)
        with failures_as_ours():
            point = edge.Point(id=name, vector=list(vector), payload=payload_of(scope, entry))
            is_new = self._graphs.of(scope) is not None and not self._holds(name, scope)
            self._shard.update(edge.UpdateOperation.upsert_points([point]))
            if is_new:
                self._graphs.take(scope, uuid.UUID(name), vector)

    async def sweep(self, tenant: str, selector: str, cutoff: int) -> int:
        """Delete a portion."""
        return self._sweep(cleared(tenant, selector, cutoff))

    async def sweep_before(self, tenant: str, created_before: int) -> int:
        """As `sweep`, for entries created before then."""
        return self._sweep(held(tenant, None, created_before))

    async def purge(self, now: int) -> int:
        """As `sweep`, for entries past their `purge_at`, of every tenant."""
        return self._sweep(past(now))

    async def placed(self, tenant: str, keys: Sequence[str]) -> dict[str, Placed]:
        """Several points by their ids, with their vectors and without the stored answers."""
        with failures_as_ours():
            ids: list[edge.PointId] = [point_id(tenant, key) for key in keys]
            points = self._shard.retrieve(ids, list(PLACE_FIELDS), True)
        found = (placed_of(point.payload, point.vector, tenant) for point in points)
        return dict(one for one in found if one is not None)

    async def count_entries(
        self, tenant: str, selector: str | None, created_before: int | None
    ) -> int:
        """The exact number of the tenant's points that fit."""
        return self._count(held(tenant, selector, created_before))

    async def ping(self, dimensions: int | None) -> None:  # noqa: ARG002 - held when it was opened
        """Ask for the number of points."""
        with failures_as_ours():
            self._shard.info()

    async def close(self, has_room: HasRoom = with_room) -> None:
        """Write all that is only in memory, graphs if there is room for them, and let go."""
        try:
            self._graphs.close(lambda scope: self._count(within(scope)), has_room)
        finally:
            await self.let_go()

    async def let_go(self) -> None:
        """Release the files, which hold every point; the stored graphs stay as they are."""
        with failures_as_ours():
            self._shard.flush()
            self._shard.close()

    def restore_graphs(self) -> None:
        """Load the graphs that were stored when the collection was closed."""
        self._graphs.restore(lambda scope: self._count(within(scope)))

    def _proposed(
        self,
        held: GrowingGraph,
        vector: Sequence[float],
        meant: Conditions,
        limit: int,
        at_least: float,
    ) -> Sequence[ScoredPoint] | None:
        """The nearest of what the graph proposes and of what waits; None if it has too few.

        What waits may be far off, and does not stand in for neighbours that the graph lacks.
        """
        proposed, waiting = held.graph.nearest(vector, limit * _PROPOSED), held.waiting
        there = {point.id for point in self._shard.retrieve(list(proposed), False, False)}
        if len(there) < limit:
            return None
        most = limit + len(waiting)
        # As a rule little is near enough to matter, and all of that meets the conditions, which
        # take the engine longer than all the rest.
        nearly = {name: proposed[name] for name in proposed if name in there}
        least = min(at_least, max(nearly.values())) - _ROUNDING
        near = {name for name, similarity in nearly.items() if similarity >= least}
        among = edge.HasIdCondition({*near, *waiting})
        found = self._read(self._scored(vector, [among], most)[:limit], at_least)
        if all(meets(one.payload or {}, meant) for one in found):
            return found
        among = edge.HasIdCondition({*proposed, *waiting})
        scored = self._scored(vector, [among, _filter(meant)], most, reading=True)
        enough = sum(one.id in proposed for one in scored) >= limit
        return scored[:limit] if enough else None

    def _scored(
        self,
        vector: Sequence[float],
        conditions: Sequence[edge.Filter | edge.HasIdCondition],
        limit: int,
        *,
        reading: bool = False,
    ) -> list[edge.ScoredPoint]:
        """One query; `reading` what a candidate has, without the stored answers and the vectors."""
        request = edge.QueryRequest(
            limit=limit,
            query=edge.Query.Nearest(list(vector)),
            filter=edge.Filter(must=list(conditions)),
            with_payload=list(CANDIDATE_FIELDS) if reading else False,
        )
        return self._shard.query(request)

    def _read(self, scored: Sequence[edge.ScoredPoint], at_least: float) -> "list[_Near]":
        """The first and those `at_least` so near, with what a candidate has.

        For that the engine reads the whole of a point, its answer too, from the disk if it must.
        """
        near = [*scored[:1], *(one for one in scored[1:] if one.score >= at_least)]
        points = self._shard.retrieve([one.id for one in near], list(CANDIDATE_FIELDS), False)
        payloads = {point.id: point.payload for point in points}
        return [_Near(one.id, one.score, payloads.get(one.id)) for one in near]

    def _holds(self, name: str, scope: Scope) -> bool:
        points = self._shard.retrieve([name], ["fingerprint", "embedder"], False)
        place = {"fingerprint": scope.fingerprint, "embedder": scope.embedder_id}
        return any(point.payload == place for point in points)

    def _holds_so_many(self, scope: Scope, least: int) -> bool:
        """Whether the scope has at least so many points.

        They are counted only where each of its conditions alone takes so many. An estimate of all
        of them together would be far off: the engine takes them for independent of one another.
        """
        conditions = within(scope)
        may_hold = all(self._about(one) >= least for one in conditions)
        return may_hold and self._count(conditions) >= least

    def _about(self, condition: Is | Within) -> int:
        """How many points meet the condition, as its payload index says at once."""
        request = edge.CountRequest(exact=False, filter=_filter((condition,)))
        return int(self._shard.count(request))

    def _count(self, meant: Conditions) -> int:
        with failures_as_ours():
            return int(self._shard.count(edge.CountRequest(filter=_filter(meant))))

    def _points(self) -> int:
        return int(self._shard.info().points_count)

    def _sweep(self, meant: Conditions) -> int:
        request = edge.ScrollRequest(
            limit=SWEPT_AT_ONCE, filter=_filter(meant), with_payload=False, with_vector=False
        )
        with failures_as_ours():
            points, _ = self._shard.scroll(request)
        return self._delete([point.id for point in points]) if points else 0

    def _delete(self, points: Sequence[PointId]) -> int:
        """Delete these; how many of them there were."""
        with failures_as_ours():
            before = self._points()
            self._shard.update(edge.UpdateOperation.delete_points(list(points)))
            removed = before - self._points()
            self._lost.add(removed)
            self._graphs.replace_deserted(removed, lambda scope: self._count(within(scope)))
        return removed


class _Near(NamedTuple):
    """A point that is near, as `sifted` takes it."""

    id: PointId
    score: float
    payload: Payload | None


def _yielded() -> None:
    """Nothing, so that the store's thread can do something else in between."""


def _added(growing: GrowingGraph, points: Vectors) -> None:
    with failures_as_ours():
        growing.add(points)


def _filter(meant: Conditions) -> edge.Filter:
    return edge.Filter(must=[_condition(one) for one in meant])


def _condition(one: Is | Within) -> edge.FieldCondition:
    if isinstance(one, Is):
        return edge.FieldCondition(key=one.field, match=edge.MatchValue(value=one.text))
    bounds = edge.RangeFloat(gt=one.above, lt=one.below, lte=one.at_most)
    return edge.FieldCondition(key=one.field, range=bounds)
