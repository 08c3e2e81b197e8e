"""Picks the adapter behind each port, as the settings say."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from llm_cache_proxy.adapters.disk_space import DiskSpace
from llm_cache_proxy.adapters.null import NullEmbedder, NullUpstream, NullVectorStore
from llm_cache_proxy.bootstrap.embedders import (
    collection_name,
    embedded_embedder,
    known_dimensions,
    remote_embedder,
)
from llm_cache_proxy.bootstrap.local.folders import data_dir, vectors_dir
from llm_cache_proxy.bootstrap.upstreams import (
    configured_upstream,
    upstream_configs,
    upstream_or_demonstration,
)
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.ports.embedder import Embedder
from llm_cache_proxy.ports.exact_store.admin import ExactAdmin
from llm_cache_proxy.ports.exact_store.items import ItemStore
from llm_cache_proxy.ports.exact_store.keys import KeyStore
from llm_cache_proxy.ports.exact_store.leases import LeaseStore
from llm_cache_proxy.ports.exact_store.pairs import PairMemory
from llm_cache_proxy.ports.exact_store.store import ExactStore
from llm_cache_proxy.ports.upstream import Upstream
from llm_cache_proxy.ports.vector_store import VectorAdmin, VectorStore
from llm_cache_proxy.ports.verifier import Verifier
from llm_cache_proxy.settings import Settings, runs_under_sam_local


class Exact(ExactStore, ItemStore, ExactAdmin, KeyStore, PairMemory, LeaseStore, Protocol):
    """All ports of the exact tier, which each of its adapters implements."""


class Vectors(VectorStore, VectorAdmin, Protocol):
    """All ports of the semantic tier."""


@dataclass(frozen=True, slots=True)
class Parts:
    """An adapter for each port, and a line for people on each."""

    exact: Exact
    vectors: Vectors
    embedder: Embedder
    upstream: Upstream
    described: dict[str, str]

    async def aclose(self) -> None:
        """Close them all."""
        await self.upstream.aclose()
        await self.embedder.aclose()
        await self.vectors.aclose()
        await self.exact.aclose()


def cloud_parts(settings: Settings) -> Parts:
    """Managed services only: a Lambda instance keeps nothing that another could use.

    Raises SettingsError without an exact tier, and without an upstream.
    """
    if runs_under_sam_local():
        return sam_local_parts(settings)
    return _managed(settings, configured_upstream(settings))


def sam_local_parts(settings: Settings) -> Parts:
    """Managed services where they are named, else the stores that one container can keep itself.

    They let `sam local` work from a checkout without a flag, on an exact tier and the
    demonstration.
    """
    own = settings.model_copy(update={"data_dir": _CONTAINERS_OWN})
    _CONTAINERS_OWN.mkdir(exist_ok=True)
    exact = remote_exact(settings) or embedded_exact(own)
    vectors = remote_vectors(settings)
    embedder = remote_embedder(settings) if vectors else None
    return _parts(
        exact,
        vectors or (NullVectorStore(), "off: set QDRANT_URL"),
        embedder or (NullEmbedder(), "off: without a semantic tier there is nothing to embed"),
        upstream_or_demonstration(settings),
    )


# The one folder that Lambda can write.
_CONTAINERS_OWN = Path("/tmp/llm-cache-proxy")  # noqa: S108  # nosec B108


def operator_parts(settings: Settings) -> Parts:
    """As `cloud_parts`, for operators; the metrics function gets no upstream."""
    if upstream_configs(settings) or runs_under_sam_local():
        return cloud_parts(settings)
    return _managed(settings, (NullUpstream(), "none: operators ask no upstream"))


def _managed(settings: Settings, source: tuple[Upstream, str]) -> Parts:
    exact = remote_exact(settings)
    if exact is None:
        raise SettingsError(
            "REDIS_URL or UPSTASH_REDIS_REST_URL: no exact tier is configured. A function keeps "
            "nothing between instances, so one of them must name a Redis."
        )
    vectors = remote_vectors(settings) or (NullVectorStore(), "off: set QDRANT_URL")
    embedder = remote_embedder(settings) or (NullEmbedder(), "off: set EMBEDDING_FUNCTION")
    return _parts(exact, vectors, embedder, source)


def local_parts(settings: Settings, vectors_at: Path | None = None) -> Parts:
    """Managed services where they are named, embedded ones everywhere else.

    `vectors_at` is where the owner of the embedded semantic tier answers; without one, this process
    has the folder open itself.
    """
    vectors = remote_vectors(settings)
    if vectors is None and vectors_at is not None:
        vectors = owned_vectors(settings, vectors_at)
    return _parts(
        remote_exact(settings) or embedded_exact(settings),
        vectors or embedded_vectors(settings),
        remote_embedder(settings) or embedded_embedder(settings),
        upstream_or_demonstration(settings),
    )


def _parts(
    exact: tuple[Exact, str],
    vectors: tuple[Vectors, str],
    embedder: tuple[Embedder, str],
    source: tuple[Upstream, str],
) -> Parts:
    described = {
        "exact tier": exact[1],
        "semantic tier": vectors[1],
        "embedder": embedder[1],
        "upstream": source[1],
    }
    return Parts(exact[0], vectors[0], embedder[0], source[0], described)


def remote_exact(settings: Settings) -> tuple[Exact, str] | None:
    """The exact tier on Redis or Upstash, if one is named."""
    timeout_seconds = settings.exact_deadline_seconds
    if settings.redis_url is not None:
        url = settings.redis_url.get_secret_value()
        if settings.redis_cluster_slots is not None:
            return _on_cluster(settings, url, settings.redis_cluster_slots)
        from llm_cache_proxy.adapters.exact_store.redis.client import redis_exact_store

        store = redis_exact_store(
            url, timeout_seconds=timeout_seconds, requests_kept=settings.requests_kept
        )
        return store, "Redis (REDIS_URL)"
    if settings.upstash_redis_rest_url is not None and settings.upstash_redis_rest_token:
        from llm_cache_proxy.adapters.exact_store.redis.upstash import upstash_exact_store

        store = upstash_exact_store(
            settings.upstash_redis_rest_url,
            settings.upstash_redis_rest_token.get_secret_value(),
            timeout_seconds=timeout_seconds,
            requests_kept=settings.requests_kept,
        )
        return store, f"Upstash Redis at {settings.upstash_redis_rest_url}"
    return None


def _on_cluster(settings: Settings, url: str, slots: int) -> tuple[Exact, str]:
    from llm_cache_proxy.adapters.exact_store.redis.cluster.client import cluster_exact_store

    store = cluster_exact_store(
        url,
        slots=slots,
        timeout_seconds=settings.exact_deadline_seconds,
        requests_kept=settings.requests_kept,
    )
    return store, f"Redis Cluster (REDIS_URL), {slots} slots for each tenant"


def embedded_exact(settings: Settings) -> tuple[Exact, str]:
    """The exact tier in one file."""
    from llm_cache_proxy.adapters.exact_store.sqlite.store import sqlite_exact_store

    path = data_dir(settings) / "exact.sqlite3"
    store = sqlite_exact_store(
        path,
        timeout_seconds=settings.exact_deadline_seconds,
        disk_space=_disk_space(settings),
        requests_kept=settings.requests_kept,
    )
    return store, f"SQLite in {path}"


def remote_vectors(settings: Settings) -> tuple[Vectors, str] | None:
    """The semantic tier on a Qdrant server, if one is named."""
    if settings.qdrant_url is None:
        return None
    from llm_cache_proxy.adapters.vector_store.qdrant.server.store import QdrantVectors

    key = settings.qdrant_api_key
    store = QdrantVectors(
        settings.qdrant_url,
        api_key=None if key is None else key.get_secret_value(),
        collection=collection_name(settings),
        timeout_seconds=settings.search_deadline_seconds,
        dimensions=known_dimensions(settings),
    )
    return store, f"Qdrant at {settings.qdrant_url}"


def embedded_vectors(settings: Settings) -> tuple[Vectors, str]:
    """The semantic tier in a folder."""
    from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors

    path = vectors_dir(settings)
    store = QdrantLocalVectors(
        path,
        collection=collection_name(settings),
        timeout_seconds=settings.search_deadline_seconds,
        dimensions=known_dimensions(settings),
        disk_space=_disk_space(settings),
    )
    return store, f"Qdrant, embedded, in {path}"


def owned_vectors(settings: Settings, address: Path) -> tuple[Vectors, str]:
    """The folder of `embedded_vectors` by way of the process that has it open."""
    from llm_cache_proxy.adapters.vector_store.qdrant.owned.store import OwnedVectors

    store = OwnedVectors(
        address,
        collection=collection_name(settings),
        timeout_seconds=settings.search_deadline_seconds,
        dimensions=known_dimensions(settings),
    )
    return store, f"Qdrant, embedded, in {vectors_dir(settings)}"


def _disk_space(settings: Settings) -> DiskSpace:
    return DiskSpace(data_dir(settings), settings.min_free_bytes)


def verifier(settings: Settings, source: Upstream) -> Verifier | None:
    """The verifier of pairs, if there is one; a model of your own is one more branch here."""
    if not settings.has_verifier:
        return None
    from llm_cache_proxy.adapters.llm_verifier import LlmVerifier

    return LlmVerifier(source, model=settings.verifier_model)
