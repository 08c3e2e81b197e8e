"""Prepares the semantic tier's collection, for a deployment before its first request."""

from llm_cache_proxy.bootstrap.embedders import collection_name, known_dimensions
from llm_cache_proxy.settings import Settings

_TIMEOUT_SECONDS = 30.0  # building seven payload indexes on a small server takes a few


async def provision(settings: Settings) -> str:
    """Make the Qdrant collection and its indexes where missing; what was done, for people.

    Done twice is done once. Raises VectorStoreUnavailable, also where the collection has another
    shape.
    """
    if settings.qdrant_url is None:
        return "no semantic tier: QDRANT_URL is not set"
    from llm_cache_proxy.adapters.vector_store.qdrant.server.store import QdrantVectors

    collection, dimensions = collection_name(settings), known_dimensions(settings)
    if dimensions is None:
        return f'collection "{collection}" will be made for the first vector of the embedder'
    key = settings.qdrant_api_key
    vectors = QdrantVectors(
        settings.qdrant_url,
        api_key=None if key is None else key.get_secret_value(),
        collection=collection,
        dimensions=dimensions,
        admin_timeout_seconds=_TIMEOUT_SECONDS,
    )
    try:
        await vectors.provision()
    finally:
        await vectors.aclose()
    return f'collection "{collection}" is ready at {settings.qdrant_url}'
