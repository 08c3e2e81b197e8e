"""The semantic tier's store: nearest entries within one scope, never across it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.record import record


@record()
class Scope:
    """What must match exactly before meaning is compared."""

    tenant: str
    fingerprint: str
    embedder_id: str


@record()
class Placed:
    """Where an entry lies: its scope, and its vector of unit length."""

    scope: Scope
    vector: Sequence[float]


@record()
class Candidate:
    """A near entry: its exact key, cosine similarity (higher is closer) and last user text."""

    key: str
    entry_id: str
    similarity: float
    text: str
    created_at: int
    expires_at: int


ANY_SIMILARITY = -1.0
"""The least cosine: no candidate is too far off."""


class VectorStore(Protocol):
    """Failure (`VectorStoreUnavailable`) means: no candidate, nothing stored, and count it.

    Vectors are floats of unit length, as many as the embedder's have. Points are deterministic in
    (tenant, exact key): writing twice is writing once. Malformed points are left out of results and
    removed where a search meets them; those of another format version are only left out.
    """

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

        Those below the similarity `at_least` may be left out, all but the first.
        """
        ...

    async def fetch(self, tenant: str, key: str) -> Entry | None:
        """The whole entry under an exact key, for an exact tier that has lost it."""
        ...

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        """Write the entry; the collection is made on first use where it is missing."""
        ...

    async def aclose(self) -> None:
        """Release connections; the store is not used afterwards."""
        ...


class VectorAdmin(Protocol):
    """Failure (`VectorStoreUnavailable`) is reported to the operator."""

    async def sweep(self, tenant: str, selector: str, cutoff: int) -> int:
        """Delete the tenant's entries that have `selector` and a sequence below `cutoff`."""
        ...

    async def purge(self, now: int) -> int:
        """Delete every tenant's entries with `purge_at <= now`."""
        ...

    async def sweep_before(self, tenant: str, created_before: int) -> int:
        """Delete the tenant's entries that were created before then (Unix seconds)."""
        ...

    async def placed(self, tenant: str, keys: Sequence[str]) -> Mapping[str, Placed]:
        """Scope and vector of those of `keys` that are held and sound."""
        ...

    async def count_entries(
        self, tenant: str, *, selector: str | None = None, created_before: int | None = None
    ) -> int:
        """Entries held for the tenant: all, or those that match the filter."""
        ...

    async def check(self) -> str | None:
        """Search and write as requests do; what an operator should know although both work.

        Raises StoreRefusesWrites where only the search works.
        """
        ...
