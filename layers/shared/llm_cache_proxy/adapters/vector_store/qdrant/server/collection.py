"""One collection's operations on a Qdrant server.

Imports qdrant-client (0.6 s), so it is itself imported on first use only. Never decides on
deadlines, threads or connections; those are its callers'.
"""

from collections.abc import Sequence

from llm_cache_proxy.adapters.qdrant_rest import QdrantApis, models, result_of
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
from llm_cache_proxy.ports.vector_store import ANY_SIMILARITY, Placed, Scope


class QdrantCollection:
    """Every method raises `VectorStoreUnavailable`, or the kind of it that fits."""

    def __init__(self, client: QdrantApis, name: str) -> None:
        self._client = client
        self._name = name

    async def provision(self, dimensions: int) -> None:
        """Make the collection, and its payload indexes where they are missing."""
        with failures_as_ours():
            await schema.provision(self._client, self._name, dimensions)

    async def nearest(
        self,
        scope: Scope,
        vector: Sequence[float],
        *,
        now: int,
        limit: int,
        at_least: float = ANY_SIMILARITY,  # noqa: ARG002 - without the first it would be two queries
    ) -> Found:
        """One query, without the stored answers and the vectors."""
        with failures_as_ours():
            request = models.QueryRequest(
                query=list(vector),
                filter=as_filter(living(scope, now)),
                limit=limit,
                with_payload=CANDIDATE_FIELDS,
                with_vector=False,
            )
            reply = await self._client.search_api.query_points(self._name, query_request=request)
            found = result_of(reply)
        return sifted(found.points, scope)

    async def remove(self, points: Sequence[PointId]) -> None:
        """Ask for it, and do not wait until it is done."""
        with failures_as_ours():
            selector = models.PointIdsList(points=list(points))
            reply = await self._client.points_api.delete_points(
                self._name, wait=False, points_selector=selector
            )
            result_of(reply)

    async def fetch(self, tenant: str, key: str) -> Entry | None:
        """One point by its id."""
        points = await self._points([point_id(tenant, key)], payload=True, vectors=False)
        return entry_of(points[0].payload, tenant=tenant, key=key) if points else None

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        """Write one point; it can be found when this returns."""
        with failures_as_ours():
            point = models.PointStruct(
                id=point_id(scope.tenant, entry.key),
                vector=list(vector),
                payload=payload_of(scope, entry),
            )
            reply = await self._client.points_api.upsert_points(
                self._name, wait=True, point_insert_operations=models.PointsList(points=[point])
            )
            result_of(reply)

    async def sweep(self, tenant: str, selector: str, cutoff: int) -> int:
        """Count, then delete: Qdrant does not say how many points a deletion took."""
        return await self._delete(cleared(tenant, selector, cutoff))

    async def sweep_before(self, tenant: str, created_before: int) -> int:
        """As `sweep`, for what was created before then."""
        return await self._delete(held(tenant, None, created_before))

    async def placed(self, tenant: str, keys: Sequence[str]) -> dict[str, Placed]:
        """Several points by their ids, with their vectors and without the stored answers."""
        ids = [point_id(tenant, key) for key in keys]
        points = await self._points(ids, payload=PLACE_FIELDS, vectors=True)
        found = (placed_of(point.payload, point.vector, tenant) for point in points)
        return dict(one for one in found if one is not None)

    async def purge(self, now: int) -> int:
        """As `sweep`, for what is past its `purge_at`, of every tenant."""
        return await self._delete(past(now))

    async def count_entries(
        self, tenant: str, selector: str | None, created_before: int | None
    ) -> int:
        """The exact number of the tenant's points that fit."""
        return await self._count(held(tenant, selector, created_before))

    async def ping(self, dimensions: int | None) -> None:
        """Ask whether the collection exists; where it does, what it holds."""
        with failures_as_ours():
            reply = await self._client.collections_api.collection_exists(self._name)
            if result_of(reply).exists and dimensions is not None:
                await schema.check(self._client, self._name, dimensions)

    async def close(self) -> None:
        """Close connections or files."""
        with failures_as_ours():
            await self._client.aclose()

    async def _points(
        self, ids: Sequence[PointId], *, payload: bool | list[str], vectors: bool
    ) -> list[models.Record]:
        with failures_as_ours():
            request = models.PointRequest(ids=list(ids), with_payload=payload, with_vector=vectors)
            return result_of(
                await self._client.points_api.get_points(self._name, point_request=request)
            )

    async def _count(self, meant: Conditions) -> int:
        with failures_as_ours():
            request = models.CountRequest(filter=as_filter(meant), exact=True)
            reply = await self._client.points_api.count_points(self._name, count_request=request)
            return int(result_of(reply).count)

    async def _delete(self, meant: Conditions) -> int:
        count = await self._count(meant)
        if count:
            selector = models.FilterSelector(filter=as_filter(meant))
            with failures_as_ours():
                reply = await self._client.points_api.delete_points(
                    self._name, wait=True, points_selector=selector
                )
                result_of(reply)
        return count


def as_filter(meant: Conditions) -> models.Filter:
    """The conditions in qdrant-client's words."""
    return models.Filter(must=[_condition(one) for one in meant])


def _condition(one: Is | Within) -> models.FieldCondition:
    if isinstance(one, Is):
        return models.FieldCondition(key=one.field, match=models.MatchValue(value=one.text))
    bounds = models.Range(gt=one.above, lt=one.below, lte=one.at_most)
    return models.FieldCondition(key=one.field, range=bounds)
