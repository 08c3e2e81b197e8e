"""One collection's operations as calls to the owner of the semantic store."""

from collections.abc import Iterable, Sequence
from typing import cast

from llm_cache_proxy.adapters.vector_store.qdrant.owned.connection import OwnerConnection
from llm_cache_proxy.adapters.vector_store.qdrant.owned.frames import Frame
from llm_cache_proxy.adapters.vector_store.qdrant.owned.words import (
    found_in,
    ids_words,
    integer_in,
    placed_in,
    scope_words,
)
from llm_cache_proxy.adapters.vector_store.qdrant.payload import (
    Found,
    Payload,
    PointId,
    entry_of,
    payload_of,
)
from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.ports.vector_store import ANY_SIMILARITY, Placed, Scope


class OwnedCollection:
    """Each method is one call, which the owner refuses from `until` on, by `time.monotonic`."""

    def __init__(self, connection: OwnerConnection, name: str, until: float) -> None:
        self._connection = connection
        self._name = name
        self._until = until

    async def provision(self, dimensions: int) -> None:
        """Have the owner hold the collection to `dimensions`, and make what is missing."""
        await self._ask("provision", dimensions=dimensions)

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
        words = scope_words(scope)
        answer = await self._ask(
            "nearest", vector, scope=words, now=now, limit=limit, at_least=at_least
        )
        return found_in(answer.fields)

    async def remove(self, points: Sequence[PointId]) -> None:
        """Several points by their ids."""
        await self._ask("remove", points=ids_words(points))

    async def fetch(self, tenant: str, key: str) -> Entry | None:
        """One entry by its exact key."""
        answer = await self._ask("fetch", tenant=tenant, key=key)
        return entry_of(cast("Payload | None", answer.fields["entry"]), tenant=tenant, key=key)

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        """Write one point; it outlives the owner when this returns."""
        words = scope_words(scope)
        await self._ask("store", vector, scope=words, entry=payload_of(scope, entry))

    async def sweep(self, tenant: str, selector: str, cutoff: int) -> int:
        """Delete entries with the selector and a sequence below the cutoff, or a portion."""
        return await self._count("sweep", tenant=tenant, selector=selector, cutoff=cutoff)

    async def sweep_before(self, tenant: str, created_before: int) -> int:
        """Delete entries that were created before then."""
        return await self._count("sweep_before", tenant=tenant, created_before=created_before)

    async def purge(self, now: int) -> int:
        """Delete entries past their `purge_at`; the owner frees the space afterwards."""
        return await self._count("purge", now=now)

    async def placed(self, tenant: str, keys: Sequence[str]) -> dict[str, Placed]:
        """Scope and vector of those of `keys` that are held and sound."""
        answer = await self._ask("placed", tenant=tenant, keys=list(keys))
        return placed_in(answer.fields, answer.numbers)

    async def count_entries(
        self, tenant: str, selector: str | None, created_before: int | None
    ) -> int:
        """How many of the tenant's entries fit."""
        return await self._count(
            "count_entries", tenant=tenant, selector=selector, created_before=created_before
        )

    async def ping(self, dimensions: int | None) -> None:  # noqa: ARG002 - held when it was opened
        """Return when the owner answers."""
        await self._ask("ping")

    async def open(self) -> None:
        """Open the folder now."""
        await self._ask("open")

    async def check(self) -> str | None:
        """Search and write as requests do, in the owner."""
        return cast("str | None", (await self._ask("check")).fields["remark"])

    async def close(self) -> None:
        """The connection is the store's."""

    async def _count(self, call: str, **fields: object) -> int:
        return integer_in((await self._ask(call, (), **fields)).fields, "count")

    async def _ask(self, call: str, numbers: Iterable[float] = (), **fields: object) -> Frame:
        question = {"call": call, "collection": self._name, "until": self._until, **fields}
        return await self._connection.ask(question, numbers)
