"""One collection's operations on a Qdrant server.

Imports qdrant-client (0.7 s), so it is itself imported on first use only. Never decides on
deadlines, threads or connections; those are its callers'.
"""

from collections.abc import Sequence

from qdrant_client import AsyncQdrantClient, models

from llm_cache_proxy.adapters.vector_store.qdrant.filters import (
    Conditions,
    Is,
    Within,
    cleared,
    held,
    living,
    past,
)
from llm_cache_proxy.adapters.vector_store.qdrant.payload import (
    CANDIDATE_FIELDS,
    PLACE_FIELDS,
    Found,
    PointId,
    entry_of,
    payload_of,
    placed_of,
    point_id,
    sifted,
)
from llm_cache_proxy.adapters.vector_store.qdrant.server import schema
from llm_cache_proxy.adapters.vector_store.qdrant.server.errors import failures_as_ours
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.ports.vector_store import Placed, Scope


class QdrantCollection:
    """Every method raises `VectorStoreUnavailable`, or the kind of it that fits."""

    def __init__(self, client: AsyncQdrantClient, name: str) -> None:
        self._client = client
        self._name = name

    async def provision(self, dimensions: int) -> None:
        """Make the collection, and its payload indexes where they are missing."""
        with failures_as_ours():
            await schema.provision(self._client, self._name, dimensions)

    async def nearest(
        self, scope: Scope, vector: Sequence[float], *, now: int, limit: int
    ) -> Found:
        """One query, without the stored answers and the vectors."""
        with failures_as_ours():
            found = await self._client.query_points(
                self._name,
                query=list(vector),
                query_filter=_filter(living(scope, now)),
                limit=limit,
                with_payload=CANDIDATE_FIELDS,
                with_vectors=False,
            )
        return sifted(found.points, scope)

    async def remove(self, points: Sequence[PointId]) -> None:
        """Ask for it, and do not wait until it is done."""
        with failures_as_ours():
            selector = models.PointIdsList(points=list(points))
            await self._client.delete(self._name, points_selector=selector, wait=False)

    async def fetch(self, tenant: str, key: str) -> Entry | None:
        """One point by its id."""
        with failures_as_ours():
            points = await self._client.retrieve(
                self._name, ids=[point_id(tenant, key)], with_payload=True, with_vectors=False
            )
        return entry_of(points[0].payload, tenant=tenant, key=key) if points else None

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        """Write one point; it can be found when this returns."""
        with failures_as_ours():
            point = models.PointStruct(
                id=point_id(scope.tenant, entry.key),
                vector=list(vector),
                payload=payload_of(scope, entry),
            )
            await self._client.upsert(self._name, points=[point], wait=True)

    async def sweep(self, tenant: str, selector: str, cutoff: int) -> int:
        """Count, then delete: Qdrant does not say how many points a deletion took."""
        return await self._delete(cleared(tenant, selector, cutoff))

    async def sweep_before(self, tenant: str, created_before: int) -> int:
        """The same for what was created before then."""
        return await self._delete(held(tenant, None, created_before))

    async def placed(self, tenant: str, keys: Sequence[str]) -> dict[str, Placed]:
        """Several points by their ids, with their vectors and without the stored answers."""
        with failures_as_ours():
            points = await self._client.retrieve(
                self._name,
                ids=[point_id(tenant, key) for key in keys],
                with_payload=PLACE_FIELDS,
                with_vectors=True,
            )
        found = (placed_of(point.payload, point.vector, tenant) for point in points)
        return dict(one for one in found if one is not None)

    async def purge(self, now: int) -> int:
        """The same for what is past its `purge_at`, of every tenant."""
        return await self._delete(past(now))

    async def count_entries(
        self, tenant: str, selector: str | None, created_before: int | None
    ) -> int:
        """The exact number of the tenant's points that fit."""
        return await self._count(held(tenant, selector, created_before))

    async def ping(self, dimensions: int | None) -> None:
        """Ask whether the collection exists; where it does, what it holds."""
        with failures_as_ours():
            if await self._client.collection_exists(self._name) and dimensions is not None:
                await schema.check(self._client, self._name, dimensions)

    async def close(self) -> None:
        """Close connections or files."""
        with failures_as_ours():
            await self._client.close()

    async def _count(self, meant: Conditions) -> int:
        with failures_as_ours():
            counted = await self._client.count(self._name, count_filter=_filter(meant), exact=True)
        return int(counted.count)

    async def _delete(self, meant: Conditions) -> int:
        count = await self._count(meant)
        if count:
            selector = models.FilterSelector(filter=_filter(meant))
            with failures_as_ours():
                await self._client.delete(self._name, points_selector=selector, wait=True)
        return count


def _filter(meant: Conditions) -> models.Filter:
    return models.Filter(must=[_condition(one) for one in meant])


def _condition(one: Is | Within) -> models.FieldCondition:
    if isinstance(one, Is):
        return models.FieldCondition(key=one.field, match=models.MatchValue(value=one.text))
    bounds = models.Range(gt=one.above, lt=one.below, lte=one.at_most)
    return models.FieldCondition(key=one.field, range=bounds)
