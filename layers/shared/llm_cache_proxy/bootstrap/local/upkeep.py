"""Keeps the embedded stores within the bounds that the settings give."""

from llm_cache_proxy.adapters.exact_store.sqlite.store import SqliteExactStore
from llm_cache_proxy.adapters.system_clock import SystemClock
from llm_cache_proxy.adapters.vector_store.qdrant.port import QdrantPort
from llm_cache_proxy.administration.upkeep import Upkeep
from llm_cache_proxy.bootstrap.parts import Parts
from llm_cache_proxy.ports.exact_store.bounded import Bounds
from llm_cache_proxy.settings import Settings


def upkeep(settings: Settings, parts: Parts) -> Upkeep | None:
    """None where a server keeps the exact tier, which evicts by its own rules."""
    if not isinstance(parts.exact, SqliteExactStore):
        return None
    vectors = parts.vectors if isinstance(parts.vectors, QdrantPort) else None
    bounds = Bounds(settings.max_entries, settings.max_store_bytes)
    return Upkeep(parts.exact, vectors, bounds, SystemClock())
