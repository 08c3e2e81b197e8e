"""Imports modules in time: those of an exact hit at the start, the rest on first use.

Products take longer to import than the deadlines of the tiers that they serve, so none is imported
inside one. Opens nothing and makes nothing that must be unique: a SnapStart snapshot may hold it
all.
"""

import asyncio
import logging
from importlib import import_module

from llm_cache_proxy.settings import Settings

_log = logging.getLogger(__name__)

_STREAMS = "llm_cache_proxy.adapters.http.transport"
# The client of Upstash makes a client of httpx for itself, which imports httpcore.
_UPSTASH = ("httpx", "httpcore", _STREAMS, "upstash_redis.asyncio")


def prime_exact_tier(settings: Settings) -> None:
    """Import what every request needs."""
    if settings.redis_url is not None:
        _imported("redis.asyncio")
    elif settings.upstash_redis_rest_url is not None:
        _imported(*_UPSTASH)
        from llm_cache_proxy.adapters.http.tls import tls_context

        tls_context()
    if settings.metrics_namespace is not None:
        _imported("aws_lambda_powertools.metrics")


def prime_semantic_tier(settings: Settings) -> None:
    """Import what an exact miss needs: a second of work that an exact hit does not pay."""
    if not settings.semantic_cache:
        return
    _imported("llm_cache_proxy.domain.guard.rules_in_force")
    if settings.embedder == "bedrock" or settings.embedding_function is not None:
        _imported("boto3")
    if settings.embedder == "openai":
        _imported("httpx")
    if settings.embedder == "qdrant":
        _imported("llm_cache_proxy.adapters.embedder.qdrant_points")
    if settings.qdrant_url is not None:
        _imported("llm_cache_proxy.adapters.vector_store.qdrant.server.client")


def prime_everything(settings: Settings) -> None:
    """Import what any request may need, for a snapshot that is restored whole."""
    prime_exact_tier(settings)
    prime_semantic_tier(settings)
    _imported("llm_cache_proxy.adapters.upstream.http_calls")


class SemanticTierOnFirstUse:
    """Awaited before the semantic tier is used; the first time, it imports in a thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._primed = False

    async def __call__(self) -> None:
        """Return when the tier's modules are there; one that is missing fails its own tier."""
        if not self._primed:
            await asyncio.to_thread(prime_semantic_tier, self._settings)
            self._primed = True


def _imported(*modules: str) -> None:
    for module in modules:
        try:
            import_module(module)
        except ImportError as exc:
            _log.warning("%s cannot be imported: %s", module, exc)
