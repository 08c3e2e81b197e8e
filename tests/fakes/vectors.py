"""The semantic tier's store in memory."""

from collections.abc import Mapping, Sequence

from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.errors import VectorStoreUnavailable
from llm_cache_proxy.ports.vector_store import ANY_SIMILARITY, Candidate, Placed, Scope


class FakeVectors:
    """Compares with everything in the scope."""

    def __init__(self) -> None:
        self.away = False
        self.held: dict[tuple[str, str], tuple[Scope, Sequence[float], Entry]] = {}
        self.least_searched: list[float] = []

    async def nearest(
        self,
        scope: Scope,
        vector: Sequence[float],
        *,
        now: int,
        limit: int,
        at_least: float = ANY_SIMILARITY,
    ) -> list[Candidate]:
        self._check()
        self.least_searched.append(at_least)
        found = [
            Candidate(
                key=entry.key,
                entry_id=entry.entry_id,
                similarity=sum(a * b for a, b in zip(vector, held, strict=True)),
                text=entry.text,
                created_at=entry.created_at,
                expires_at=entry.expires_at,
            )
            for its_scope, held, entry in self.held.values()
            if its_scope == scope and entry.expires_at > now
        ]
        near = sorted(found, key=lambda candidate: -candidate.similarity)[:limit]
        return [each for each in near if each is near[0] or each.similarity >= at_least]

    async def fetch(self, tenant: str, key: str) -> Entry | None:
        self._check()
        held = self.held.get((tenant, key))
        return None if held is None else held[2]

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        self._check()
        self.held[scope.tenant, entry.key] = (scope, vector, entry)

    async def sweep(self, tenant: str, selector: str, cutoff: int) -> int:
        self._check()
        dead = [
            place
            for place, (_, _, entry) in self.held.items()
            if place[0] == tenant and selector in entry.selectors and entry.sequence < cutoff
        ]
        for place in dead:
            del self.held[place]
        return len(dead)

    async def remove(self, tenant: str, keys: Sequence[str]) -> None:
        self._check()
        for key in keys:
            self.held.pop((tenant, key), None)

    async def purge(self, now: int) -> int:
        self._check()
        dead = [place for place, held in self.held.items() if held[2].purge_at <= now]
        for place in dead:
            del self.held[place]
        return len(dead)

    async def sweep_before(self, tenant: str, created_before: int) -> int:
        self._check()
        dead = [
            place
            for place, held in self.held.items()
            if place[0] == tenant and held[2].created_at < created_before
        ]
        for place in dead:
            del self.held[place]
        return len(dead)

    async def placed(self, tenant: str, keys: Sequence[str]) -> Mapping[str, Placed]:
        self._check()
        found = {key: self.held[tenant, key] for key in keys if (tenant, key) in self.held}
        return {key: Placed(scope, vector) for key, (scope, vector, _) in found.items()}

    async def count_entries(
        self, tenant: str, *, selector: str | None = None, created_before: int | None = None
    ) -> int:
        self._check()
        return sum(
            place[0] == tenant
            and (selector is None or selector in held[2].selectors)
            and (created_before is None or held[2].created_at < created_before)
            for place, held in self.held.items()
        )

    async def check(self) -> str | None:
        self._check()
        return None

    async def aclose(self) -> None:
        """Nothing to release."""

    def _check(self) -> None:
        if self.away:
            raise VectorStoreUnavailable("the fake vector store is away")
