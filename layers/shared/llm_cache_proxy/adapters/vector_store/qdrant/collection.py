"""The operations of one collection, on a server or in this process."""

from collections.abc import Sequence
from typing import Protocol

from llm_cache_proxy.adapters.vector_store.qdrant.payload import Found, PointId
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.errors import VectorStoreUnavailable
from llm_cache_proxy.ports.vector_store import ANY_SIMILARITY, Placed, Scope

SWEPT_AT_ONCE = 1_000
"""Entries that a sweep deletes at the least, if there are so many: the caller then asks again."""


class CollectionUnready(VectorStoreUnavailable):
    """The collection has to be provisioned before it can be used."""


class CollectionMissing(CollectionUnready):
    """There is no collection of that name."""


class IndexMissing(CollectionUnready):
    """A payload index is missing, and strict mode refuses to filter without one."""


class Collection(Protocol):
    """Failure is `VectorStoreUnavailable`, or the kind of it that fits."""

    async def provision(self, dimensions: int) -> None:
        """Make the collection for vectors of `dimensions`, and its indexes, if they are missing."""
        ...

    async def nearest(
        self,
        scope: Scope,
        vector: Sequence[float],
        *,
        now: int,
        limit: int,
        at_least: float = ANY_SIMILARITY,
    ) -> Found:
        """Up to `limit` living points within the scope, the first and those `at_least` so near."""
        ...

    async def remove(self, points: Sequence[PointId]) -> None:
        """Delete these points."""
        ...

    async def fetch(self, tenant: str, key: str) -> Entry | None:
        """One entry by its exact key."""
        ...

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        """Write one entry."""
        ...

    async def sweep(self, tenant: str, selector: str, cutoff: int) -> int:
        """Delete entries with the selector and a sequence below the cutoff; how many they were.

        If they were `SWEPT_AT_ONCE` or more, others may be left.
        """
        ...

    async def sweep_before(self, tenant: str, created_before: int) -> int:
        """As `sweep`, for entries that were created before then."""
        ...

    async def purge(self, now: int) -> int:
        """As `sweep`, for entries past their `purge_at`, of every tenant."""
        ...

    async def placed(self, tenant: str, keys: Sequence[str]) -> dict[str, Placed]:
        """Scope and vector of those of `keys` that are held and sound."""
        ...

    async def count_entries(
        self, tenant: str, selector: str | None, created_before: int | None
    ) -> int:
        """How many of the tenant's entries fit."""
        ...

    async def ping(self, dimensions: int | None) -> None:
        """Return when the store answers; `OtherDimensions` where it holds others than these."""
        ...

    async def close(self) -> None:
        """Close connections or files."""
        ...
