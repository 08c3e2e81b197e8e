"""The stores as an explanation sees them: they answer as ever, and nothing is left in them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from llm_cache_proxy.domain.entries.entry import Alias, Entry
from llm_cache_proxy.domain.metrics.counter_names import (
    EXACT_HITS,
    SEMANTIC_HITS,
    STALE,
    hit_counts,
    negated,
)
from llm_cache_proxy.ports.exact_store.store import (
    AliasFound,
    Answered,
    Commit,
    ExactStore,
    Hit,
    Lookup,
    Match,
    Promoted,
)
from llm_cache_proxy.ports.vector_store import ANY_SIMILARITY, Candidate, Scope, VectorStore


class UncountedExactStore:
    """An `ExactStore` whose hits are taken back from the counters, and that counts nothing."""

    def __init__(self, store: ExactStore) -> None:
        self._store = store

    async def lookup(self, query: Lookup) -> Answered:
        """What the store finds; the hit that it counted is counted back."""
        unleased = replace(query, counts={}, flight=None)
        found = await self._store.lookup(unleased)
        if isinstance(found, AliasFound) and query.flight is not None:
            # With a lease an expired one would not have been found.
            found = await self._store.lookup(replace(unleased, stale_seconds=0))
        if isinstance(found, Hit):
            await self._uncount(query.tenant, STALE if found.is_stale else EXACT_HITS, found)
        return found

    async def commit(self, commit: Commit) -> bool:
        """Stored as ever, but for the counts."""
        return await self._store.commit(replace(commit, counts={}))

    async def promote(
        self, tenant: str, alias: Alias | None, query: Lookup, match: Match | None = None
    ) -> Promoted:
        """The target's answer; `alias` is not left behind, the hit is counted back."""
        del alias
        found = await self._store.promote(tenant, None, replace(query, counts={}), match)
        if isinstance(found, Hit):
            await self._uncount(tenant, SEMANTIC_HITS, found)
        return found

    async def record(
        self, tenant: str, counts: Mapping[str, int], recent: Sequence[str] = ()
    ) -> None:
        """Nothing is counted."""

    async def aclose(self) -> None:
        """Nothing to release: the store has another owner."""

    async def _uncount(self, tenant: str, tier: str, hit: Hit) -> None:
        counted = hit_counts(tier, hit.model, hit.prompt_tokens, hit.completion_tokens)
        await self._store.record(tenant, negated(counted))


class ReadOnlyExactStore(UncountedExactStore):
    """The same, which keeps nothing either."""

    async def commit(self, commit: Commit) -> bool:
        """False: nothing is stored."""
        del commit
        return False


class RecordingVectorStore:
    """A `VectorStore` that remembers what was near, and is not written to."""

    def __init__(self, store: VectorStore) -> None:
        self._store = store
        self.near: list[Candidate] = []

    async def nearest(
        self,
        scope: Scope,
        vector: Sequence[float],
        *,
        now: int,
        limit: int,
        at_least: float = ANY_SIMILARITY,  # noqa: ARG002 - an operator sees what is too far off too
    ) -> list[Candidate]:
        """What the store finds."""
        self.near = await self._store.nearest(scope, vector, now=now, limit=limit)
        return self.near

    async def fetch(self, tenant: str, key: str) -> Entry | None:
        """What the store holds."""
        return await self._store.fetch(tenant, key)

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        """Nothing is written."""

    async def aclose(self) -> None:
        """Nothing to release: the store has another owner."""
