"""The collection's operations on Qdrant's engine in this process, without a server.

Imports qdrant-edge-py, so it is itself imported on first use only. Every method blocks for as
long as the engine works: the caller decides on the thread and the deadline.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

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
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.searches import (
    Search,
    among_all,
    among_proposed,
    engine_filter,
)
from llm_cache_proxy.adapters.vector_store.qdrant.filters import (
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    Conditions,
    Is,
    Within,
    cleared,
    held,
    past,
    within,
)
from llm_cache_proxy.adapters.vector_store.qdrant.payload import (
    PLACE_FIELDS,
    Found,
    PointId,
    entry_of,
    payload_of,
    placed_of,
    point_id,
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
        search = Search(scope, vector, now, limit, at_least)
        held = self._graphs.of(scope)
        with failures_as_ours():
            if held is not None and held.whole:
                found = among_proposed(self._shard, held, search)
                if found is not None:
                    return found
            found = among_all(self._shard, search)
            self._graphs.begin_if_large(scope, lambda least: self._holds_so_many(scope, least))
        return found

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
                next_points(self._shard, engine_filter(within(scope)), growing)
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
        request = edge.CountRequest(exact=False, filter=engine_filter((condition,)))
        return int(self._shard.count(request))

    def _count(self, meant: Conditions) -> int:
        with failures_as_ours():
            return int(self._shard.count(edge.CountRequest(filter=engine_filter(meant))))

    def _points(self) -> int:
        return int(self._shard.info().points_count)

    def _sweep(self, meant: Conditions) -> int:
        request = edge.ScrollRequest(
            limit=SWEPT_AT_ONCE, filter=engine_filter(meant), with_payload=False, with_vector=False
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


def _yielded() -> None:
    """Nothing, so that the store's thread can do something else in between."""


def _added(growing: GrowingGraph, points: Vectors) -> None:
    with failures_as_ours():
        growing.add(points)
