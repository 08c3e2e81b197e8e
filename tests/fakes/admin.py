"""Administration over fakes: stores with counters that a test lays down."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from fakes.exact import MemoryExact
from fakes.vectors import FakeVectors
from llm_cache_proxy.administration import Administration, EntryImport, Explanation
from llm_cache_proxy.administration.reembedding import Reembedding
from llm_cache_proxy.domain.client_keys.key_ring import KeyRing
from llm_cache_proxy.domain.entries.entry import Entry, Forms
from llm_cache_proxy.domain.metrics.pricing import default_prices
from llm_cache_proxy.domain.requests.keys import selectors
from llm_cache_proxy.ports.exact_store.admin import NO_TEXTS, Page, Texts
from llm_cache_proxy.ports.exact_store.store import Commit
from llm_cache_proxy.ports.vector_store import Scope

NOW = 1_700_000_000.0


class FadingExact(MemoryExact):
    """Whose entries expire as soon as they have been listed."""

    async def page(
        self, tenant: str, cursor: str | None, limit: int, texts: Texts = NO_TEXTS
    ) -> Page:
        found = await super().page(tenant, cursor, limit, texts)
        self.time += 3_600
        return found


@dataclass
class AdminHarness:
    """Both stores, and the administration over them; `time` is the one clock."""

    exact: MemoryExact = field(default_factory=MemoryExact)
    vectors: FakeVectors = field(default_factory=FakeVectors)
    explanation: Explanation | None = None
    entry_import: EntryImport | None = None
    reembedding: Reembedding | None = None
    key_ring: KeyRing | None = None
    breakers: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False

    def now(self) -> float:
        return self.exact.time

    def monotonic(self) -> float:
        return self.exact.time

    def administration(self) -> Administration:
        async def close() -> None:
            self.closed = True

        return Administration(
            exact=self.exact,
            vectors=self.vectors,
            clock=self,
            prices=default_prices(),
            describe_settings=lambda: {"admin_key": "**********", "port": 3000},
            explanation=self.explanation,
            entry_import=self.entry_import,
            reembedding=self.reembedding,
            key_ring=self.key_ring,
            breakers=lambda: self.breakers,
            close=close,
        )

    async def keep(
        self, key: str, *, tenant: str = "default", created_at: int = int(NOW), **place: str
    ) -> Entry:
        """Store an entry in both tiers; `place` gives its namespace, model and tag."""
        made = replace(entry(key, **place), created_at=created_at)
        await self.exact.commit(Commit(tenant, made))
        await self.vectors.store(Scope(tenant, "fingerprint", "fake"), [1.0], made)
        return made

    async def held(self, tenant: str = "default") -> tuple[int, int]:
        """Entries in the exact and the semantic tier."""
        return (
            await self.exact.count_entries(tenant),
            await self.vectors.count_entries(tenant),
        )


def entry(key: str, *, namespace: str = "default", model: str = "m", tag: str = "") -> Entry:
    """An entry that lives an hour from now."""
    forms = Forms(json="{}", sse="", usage_event="")
    return Entry(
        key=key,
        entry_id=f"id-{key}",
        created_at=int(NOW),
        expires_at=int(NOW) + 3600,
        purge_at=int(NOW) + 3600,
        sequence=0,
        selectors=selectors(
            namespace=namespace, model=model, entry_id=f"id-{key}", tags=(tag,) if tag else ()
        ),
        model=model,
        prompt_tokens=10,
        completion_tokens=5,
        text=key,
        text_digest=key,
        forms=forms,
    )
