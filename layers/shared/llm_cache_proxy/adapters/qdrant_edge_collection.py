"""The collection's operations on Qdrant's engine in this process, without a server.

Imports qdrant-edge-py, so it is itself imported on first use only. Every method blocks for as
long as the engine works: whoever calls decides on the thread and the deadline.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import qdrant_edge as edge

from llm_cache_proxy.adapters.qdrant_payload import (
    CANDIDATE_FIELDS,
    PLACE_FIELDS,
    candidate_of,
    entry_of,
    payload_of,
    placed_of,
    point_id,
)
from llm_cache_proxy.domain.entry import Entry
from llm_cache_proxy.domain.errors import VectorStoreUnavailable
from llm_cache_proxy.ports.vector_store import Candidate, Placed, Scope

if TYPE_CHECKING:
    Conditions = list[edge.ConditionType]  # known to the stubs alone

_KEYWORD, _INTEGER = edge.PayloadSchemaType.Keyword, edge.PayloadSchemaType.Integer

PAYLOAD_INDEXES: dict[str, edge.PayloadSchemaType | edge.KeywordIndexParams] = {
    "tenant": edge.KeywordIndexParams(is_tenant=True),
    "fingerprint": _KEYWORD,
    "embedder": _KEYWORD,
    "selectors": _KEYWORD,
    "created_at": _INTEGER,
    "expires_at": _INTEGER,
    "purge_at": _INTEGER,
    "sequence": _INTEGER,
}
"""Every field that a filter names."""

_MOST_DETAIL_CHARACTERS = 200


@contextmanager
def failures_as_ours() -> Iterator[None]:
    """Raise `VectorStoreUnavailable` for every failure inside."""
    try:
        yield
    except Exception as exc:  # the engine has no exceptions of its own: it raises this class
        # What does not parse is quoted by the error that says so, and may be a user's text.
        said = "" if isinstance(exc, TypeError | ValueError) else f": {exc}"
        raise VectorStoreUnavailable(
            f"the embedded store failed{said}"[:_MOST_DETAIL_CHARACTERS]
        ) from exc


class QdrantEdgeCollection:
    """A shard that is open; every method raises `VectorStoreUnavailable` where it fails."""

    def __init__(self, shard: edge.EdgeShard) -> None:
        self._shard = shard

    async def provision(self) -> None:
        """Make the payload indexes that are missing."""
        with failures_as_ours():
            held = self._shard.info().payload_schema
            for field, schema in PAYLOAD_INDEXES.items():
                if field not in held:
                    self._shard.update(edge.UpdateOperation.create_field_index(field, schema))

    async def nearest(
        self, scope: Scope, vector: Sequence[float], *, now: int, limit: int
    ) -> list[Candidate]:
        """One query, without the stored answers and the vectors."""
        living_in_scope = edge.Filter(
            must=[
                _is("fingerprint", scope.fingerprint),
                _is("tenant", scope.tenant),
                _is("embedder", scope.embedder_id),
                edge.FieldCondition(key="expires_at", range=edge.RangeFloat(gt=now)),
            ]
        )
        request = edge.QueryRequest(
            limit=limit,
            query=edge.Query.Nearest(list(vector)),
            filter=living_in_scope,
            with_payload=list(CANDIDATE_FIELDS),
        )
        with failures_as_ours():
            found = self._shard.query(request)
        candidates = (candidate_of(point.payload, point.score, scope) for point in found)
        return [candidate for candidate in candidates if candidate is not None]

    async def fetch(self, tenant: str, key: str) -> Entry | None:
        """One point by its id."""
        with failures_as_ours():
            # With its payload, without its vector; the engine has no defaults for them.
            points = self._shard.retrieve([point_id(tenant, key)], True, False)
        return entry_of(points[0].payload, tenant=tenant, key=key) if points else None

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        """Write one point; it can be found, and outlives the process, when this returns."""
        with failures_as_ours():
            point = edge.Point(
                id=point_id(scope.tenant, entry.key),
                vector=list(vector),
                payload=payload_of(scope, entry),
            )
            self._shard.update(edge.UpdateOperation.upsert_points([point]))

    async def sweep(self, tenant: str, selector: str, cutoff: int) -> int:
        """Count, then delete."""
        older = edge.FieldCondition(key="sequence", range=edge.RangeFloat(lt=cutoff))
        return self._delete([_is("tenant", tenant), _is("selectors", selector), older])

    async def sweep_before(self, tenant: str, created_before: int) -> int:
        """The same for what was created before then."""
        return self._delete(_held(tenant, None, created_before))

    async def purge(self, now: int) -> int:
        """The same for what is past its `purge_at`, of every tenant."""
        return self._delete([edge.FieldCondition(key="purge_at", range=edge.RangeFloat(lte=now))])

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
        return self._count(_held(tenant, selector, created_before))

    async def ping(self) -> None:
        """Ask for the number of points."""
        with failures_as_ours():
            self._shard.info()

    async def close(self) -> None:
        """Write what is only in memory, and let go of the files."""
        with failures_as_ours():
            self._shard.flush()
            self._shard.close()

    def _count(self, must: "Conditions") -> int:
        with failures_as_ours():
            return int(self._shard.count(edge.CountRequest(filter=edge.Filter(must=must))))

    def _delete(self, must: "Conditions") -> int:
        count = self._count(must)
        if count:
            matching = edge.Filter(must=must)
            with failures_as_ours():
                self._shard.update(edge.UpdateOperation.delete_points_by_filter(matching))
                # Gives the space back once a fifth of a segment is gone.
                self._shard.optimize()
        return count


def _held(tenant: str, selector: str | None, created_before: int | None) -> "Conditions":
    must: Conditions = [_is("tenant", tenant)]
    if selector is not None:
        must.append(_is("selectors", selector))
    if created_before is not None:
        earlier = edge.RangeFloat(lt=created_before)
        must.append(edge.FieldCondition(key="created_at", range=earlier))
    return must


def _is(field: str, value: str) -> edge.FieldCondition:
    return edge.FieldCondition(key=field, match=edge.MatchValue(value=value))
