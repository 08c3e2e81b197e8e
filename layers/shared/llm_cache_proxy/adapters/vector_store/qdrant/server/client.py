"""Opens a collection on a Qdrant server.

Imports qdrant-client (0.7 s), so it is itself imported on first use only.
"""

import math

from qdrant_client import AsyncQdrantClient

from llm_cache_proxy.adapters.vector_store.qdrant.server.collection import QdrantCollection
from llm_cache_proxy.adapters.vector_store.qdrant.server.errors import failures_as_ours


def connected(
    url: str, api_key: str | None, collection: str, timeout_seconds: float
) -> QdrantCollection:
    """The collection over REST; no request is made yet.

    `timeout_seconds` is the longest that any call may take; callers set shorter deadlines.
    """
    with failures_as_ours():
        client = AsyncQdrantClient(
            url=url,
            # As a header: qdrant-client warns its user about keys over plain HTTP, which a
            # server on the same machine or network is free to choose.
            headers={"api-key": api_key} if api_key else None,
            prefer_grpc=False,
            timeout=math.ceil(timeout_seconds),
            # It would ask for the server's version in a thread of its own.
            check_compatibility=False,
        )
    return QdrantCollection(client, collection)
