"""Parts that are not configured: they hold nothing, and raise an error that says so."""

from collections.abc import Mapping, Sequence

from llm_cache_proxy.domain.entries.entry import Entry
from llm_cache_proxy.domain.errors import (
    EmbedderUnavailable,
    NoVectorStore,
    UpstreamError,
    VectorStoreUnavailable,
)
from llm_cache_proxy.ports.embedder import Embedding
from llm_cache_proxy.ports.upstream import Route, UpstreamCall, UpstreamReply
from llm_cache_proxy.ports.vector_store import ANY_SIMILARITY, Candidate, Placed, Scope

_NO_VECTORS = "no semantic tier is configured: set QDRANT_URL"


class NullEmbedder:
    """Used when no embedder is configured; raises EmbedderUnavailable."""

    embedder_id = "absent"
    priced_as = ""

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Raises EmbedderUnavailable."""
        raise EmbedderUnavailable("no embedder is configured: set EMBEDDING_URL")

    async def aclose(self) -> None:
        """Nothing to release."""


class NullVectorStore:
    """Used when no vector store is configured: empty, and refuses writes."""

    async def nearest(
        self,
        scope: Scope,
        vector: Sequence[float],
        *,
        now: int,
        limit: int,
        at_least: float = ANY_SIMILARITY,
    ) -> list[Candidate]:
        """Nothing is near."""
        return []

    async def fetch(self, tenant: str, key: str) -> Entry | None:
        """Nothing is held."""
        return None

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        """Raises VectorStoreUnavailable."""
        raise VectorStoreUnavailable(_NO_VECTORS)

    async def sweep(self, tenant: str, selector: str, cutoff: int) -> int:
        """Nothing to delete."""
        return 0

    async def purge(self, now: int) -> int:
        """Nothing to delete."""
        return 0

    async def sweep_before(self, tenant: str, created_before: int) -> int:
        """Nothing to delete."""
        return 0

    async def placed(self, tenant: str, keys: Sequence[str]) -> Mapping[str, Placed]:
        """Nothing is held."""
        return {}

    async def count_entries(
        self, tenant: str, *, selector: str | None = None, created_before: int | None = None
    ) -> int:
        """Nothing is held."""
        return 0

    async def check(self) -> str | None:
        """Raises NoVectorStore."""
        raise NoVectorStore(_NO_VECTORS)

    async def aclose(self) -> None:
        """Nothing to release."""


class NullUpstream:
    """Used by the functions for operators, which call no upstream."""

    def routes(self, model: str, path: str = "") -> Sequence[Route]:
        """No upstream serves any model."""
        return []

    async def send(self, call: UpstreamCall) -> UpstreamReply:
        """Raises UpstreamError."""
        raise UpstreamError("No upstream is configured.", upstream="absent")

    async def models(self) -> list[dict[str, object]]:
        """No models."""
        return []

    async def aclose(self) -> None:
        """Nothing to release."""
