"""Both ports of the semantic tier's store over one collection, wherever that is kept.

Decides what an unready collection means for each operation. Never imports qdrant-client: that
costs 0.6 s, which nothing but the first use of the semantic tier pays.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypedDict, TypeVar

from llm_cache_proxy.adapters.vector_store.qdrant.checked_point import (
    CHECKED_ENTRY,
    CHECKED_SCOPE,
    any_vector,
)
from llm_cache_proxy.adapters.vector_store.qdrant.collection import (
    SWEPT_AT_ONCE,
    CollectionMissing,
    CollectionUnready,
)
from llm_cache_proxy.adapters.vector_store.qdrant.payload import (
    MINILM_DIMENSIONS,
    PointId,
    checked_vector,
    point_id,
)
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.errors import StoreRefusesWrites, VectorStoreUnavailable
from llm_cache_proxy.ports.vector_store import ANY_SIMILARITY, Candidate, Placed, Scope

if TYPE_CHECKING:
    from llm_cache_proxy.adapters.vector_store.qdrant.collection import Collection

DEFAULT_COLLECTION = "llm_cache_proxy"

Result = TypeVar("Result")
_log = logging.getLogger(__name__)


class CollectionOptions(TypedDict, total=False):
    """What every store takes besides the place of its collection.

    `timeout_seconds` bounds each operation of a request, `admin_timeout_seconds` each of an
    operator and provisioning. `dimensions` is what the embedder's vectors have; with None, what
    the first of them has.
    """

    collection: str
    timeout_seconds: float
    admin_timeout_seconds: float
    dimensions: int | None


class QdrantPort(ABC):
    """`VectorStore` and `VectorAdmin`; a subclass says where and how operations run."""

    def __init__(
        self,
        *,
        collection: str = DEFAULT_COLLECTION,
        timeout_seconds: float = 1.0,
        admin_timeout_seconds: float = 60.0,
        dimensions: int | None = MINILM_DIMENSIONS,
    ) -> None:
        self._name = collection
        self._beside: dict[str, QdrantPort] = {}
        self._timeout_seconds = timeout_seconds
        self._admin_timeout_seconds = admin_timeout_seconds
        self._dimensions = dimensions
        self._unready = False

    @abstractmethod
    async def _run(
        self,
        operation: "Callable[[Collection], Coroutine[None, None, Result]]",
        timeout_seconds: float,
    ) -> Result:
        """The operation's result, or `VectorStoreUnavailable` within `timeout_seconds`."""

    @abstractmethod
    def _sibling(self, collection: str) -> "QdrantPort":
        """A store of the same place for another collection, of whatever dimensions."""

    @abstractmethod
    async def _released(self) -> None:
        """Release what is held."""

    def beside(self, collection: str) -> "QdrantPort":
        """The collection of another name at the same place; it is closed with this store."""
        if collection == self._name:
            return self
        if collection not in self._beside:
            self._beside[collection] = self._sibling(collection)
        return self._beside[collection]

    def _sibling_options(self, collection: str) -> CollectionOptions:
        """Those of this store, for another collection."""
        return {
            "collection": collection,
            "timeout_seconds": self._timeout_seconds,
            "admin_timeout_seconds": self._admin_timeout_seconds,
            "dimensions": None,
        }

    async def aclose(self) -> None:
        """Release what is held; the store is not used afterwards."""
        for store in self._beside.values():
            await store.aclose()
        self._beside.clear()
        await self._released()

    async def provision(self) -> None:
        """Make the collection and its payload indexes where missing; done twice is done once."""
        dimensions = self._dimensions
        if dimensions is None:
            raise VectorStoreUnavailable("the dimensions of the embedder's vectors are unknown")
        await self._run(
            lambda collection: collection.provision(dimensions), self._admin_timeout_seconds
        )
        self._unready = False

    async def hold_to(self, dimensions: int) -> None:
        """Take vectors of `dimensions` alone from now on, and make the collection for them.

        Raises `OtherDimensions` where it holds others.
        """
        self._dimensions = dimensions
        await self.provision()

    async def nearest(
        self,
        scope: Scope,
        vector: Sequence[float],
        *,
        now: int,
        limit: int,
        at_least: float = ANY_SIMILARITY,
    ) -> list[Candidate]:
        """Up to `limit` candidates with `expires_at > now`, most similar first.

        Malformed records of the tenant's that stand in their way are removed.
        """
        checked = self._checked(vector)
        try:
            found = await self._serve(
                lambda collection: collection.nearest(
                    scope, checked, now=now, limit=limit, at_least=at_least
                )
            )
        except CollectionMissing:
            return []
        if found.malformed:
            await self._removed(found.malformed)
        return found.candidates

    async def fetch(self, tenant: str, key: str) -> Entry | None:
        """The whole entry under an exact key; None where it is missing or malformed."""
        try:
            return await self._serve(lambda collection: collection.fetch(tenant, key))
        except CollectionMissing:
            return None

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        """Write the entry; a collection that is missing or lacks an index is mended first."""
        checked = self._checked(vector)
        if not self._unready:
            try:
                return await self._serve(lambda collection: collection.store(scope, checked, entry))
            except CollectionMissing:
                pass
        await self.provision()
        return await self._serve(lambda collection: collection.store(scope, checked, entry))

    async def sweep(self, tenant: str, selector: str, cutoff: int) -> int:
        """Delete the tenant's entries that have `selector` and a sequence below `cutoff`."""
        return await self._all_swept(lambda held: held.sweep(tenant, selector, cutoff))

    async def remove(self, tenant: str, keys: Sequence[str]) -> None:
        """Delete the tenant's entries under these exact keys."""
        points = [point_id(tenant, key) for key in keys]

        async def removed(collection: "Collection") -> int:
            await collection.remove(points)
            return len(points)

        await self._count(removed)

    async def purge(self, now: int) -> int:
        """Delete every tenant's entries with `purge_at <= now`."""
        return await self._all_swept(lambda held: held.purge(now))

    async def sweep_before(self, tenant: str, created_before: int) -> int:
        """Delete the tenant's entries that were created before then."""
        return await self._all_swept(lambda held: held.sweep_before(tenant, created_before))

    async def placed(self, tenant: str, keys: Sequence[str]) -> Mapping[str, Placed]:
        """Scope and vector of those of `keys` that are held and sound."""
        try:
            return await self._run(
                lambda collection: collection.placed(tenant, keys), self._admin_timeout_seconds
            )
        except CollectionMissing:
            return {}

    async def count_entries(
        self, tenant: str, *, selector: str | None = None, created_before: int | None = None
    ) -> int:
        """Entries held for the tenant: all, or those that match the filter."""
        return await self._count(
            lambda collection: collection.count_entries(tenant, selector, created_before)
        )

    async def check(self) -> str | None:
        """Search, and write what changes nothing; a collection that is missing is made.

        Raises `OtherDimensions` where its vectors are not the embedder's. As long as the dimensions
        are unknown, only its existence is checked.
        """
        dimensions = self._dimensions
        await self._run(lambda collection: collection.ping(dimensions), self._timeout_seconds)
        if dimensions is None:
            return self._remark()
        with suppress(CollectionUnready):  # writing provisions it
            await self.nearest(CHECKED_SCOPE, any_vector(dimensions), now=0, limit=1)
        try:
            await self._write_something(dimensions)
        except VectorStoreUnavailable as exc:
            raise StoreRefusesWrites(str(exc)) from exc
        return self._remark()

    async def _write_something(self, dimensions: int) -> None:
        """Store a point of no tenant's, and remove it."""
        await self.store(CHECKED_SCOPE, any_vector(dimensions), CHECKED_ENTRY)
        await self.remove(CHECKED_SCOPE.tenant, [CHECKED_ENTRY.key])

    def _remark(self) -> str | None:
        """What an operator should know of a store that works."""
        return None

    def _checked(self, vector: Sequence[float]) -> list[float]:
        checked = checked_vector(vector, self._dimensions)
        self._dimensions = len(checked)
        return checked

    async def _removed(self, malformed: Sequence[PointId]) -> None:
        _log.warning("removing %d malformed points", len(malformed))
        try:
            await self._run(lambda collection: collection.remove(malformed), self._timeout_seconds)
        except VectorStoreUnavailable as exc:  # the search has been served all the same
            _log.warning("the malformed points stay: %s", exc)

    async def _serve(
        self, operation: "Callable[[Collection], Coroutine[None, None, Result]]"
    ) -> Result:
        try:
            return await self._run(operation, self._timeout_seconds)
        except CollectionUnready:
            self._unready = True
            raise

    async def _all_swept(
        self, operation: "Callable[[Collection], Coroutine[None, None, int]]"
    ) -> int:
        """In portions, each with a deadline of its own: what others ask meanwhile goes between."""
        swept = 0
        while (portion := await self._count(operation)) >= SWEPT_AT_ONCE:
            swept += portion
        return swept + portion

    async def _count(self, operation: "Callable[[Collection], Coroutine[None, None, int]]") -> int:
        try:
            return await self._run(operation, self._admin_timeout_seconds)
        except CollectionMissing:
            return 0
