"""Opens a collection on a Qdrant server.

Imports qdrant-client (0.6 s), so it is itself imported on first use only.
"""

import math

from llm_cache_proxy.adapters.qdrant_rest import apis
from llm_cache_proxy.adapters.vector_store.qdrant.server.collection import QdrantCollection
from llm_cache_proxy.adapters.vector_store.qdrant.server.errors import failures_as_ours


def connected(
    url: str, api_key: str | None, collection: str, timeout_seconds: float
) -> QdrantCollection:
    """The collection over REST; no request is made yet.

    `timeout_seconds` is the longest that any call may take; callers set shorter deadlines.
    """
    with failures_as_ours():
        client = apis(url, api_key, math.ceil(timeout_seconds))
    return QdrantCollection(client, collection)
