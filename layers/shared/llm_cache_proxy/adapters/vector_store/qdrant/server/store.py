"""The semantic tier's store on a Qdrant server, over REST.

Decides on connections and deadlines. Never connects before the first use, and never imports
qdrant-client before that.
"""

import asyncio
from typing import TYPE_CHECKING

from llm_cache_proxy.adapters.vector_store.qdrant.payload import MINILM_DIMENSIONS
from llm_cache_proxy.adapters.vector_store.qdrant.port import DEFAULT_COLLECTION, QdrantPort, Result
from llm_cache_proxy.domain.errors import VectorStoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from llm_cache_proxy.adapters.vector_store.qdrant.server.collection import QdrantCollection


class QdrantVectors(QdrantPort):
    """`VectorStore` and `VectorAdmin` on the server at `url`, shared by any number of processes."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        collection: str = DEFAULT_COLLECTION,
        timeout_seconds: float = 1.0,
        admin_timeout_seconds: float = 10.0,
        dimensions: int | None = MINILM_DIMENSIONS,
    ) -> None:
        super().__init__(
            collection,
            timeout_seconds=timeout_seconds,
            admin_timeout_seconds=admin_timeout_seconds,
            dimensions=dimensions,
        )
        self._url = url
        self._api_key = api_key
        self._collection: QdrantCollection | None = None

    def _sibling(self, collection: str) -> "QdrantVectors":
        return QdrantVectors(
            self._url,
            api_key=self._api_key,
            collection=collection,
            timeout_seconds=self._timeout_seconds,
            admin_timeout_seconds=self._admin_timeout_seconds,
            dimensions=None,
        )

    async def _released(self) -> None:
        if self._collection is not None:
            await self._collection.close()

    async def _run(
        self,
        operation: "Callable[[QdrantCollection], Coroutine[None, None, Result]]",
        timeout_seconds: float,
    ) -> Result:
        collection = await self._connected()
        try:
            async with asyncio.timeout(timeout_seconds):
                return await operation(collection)
        except TimeoutError as exc:
            raise VectorStoreUnavailable(
                f"Qdrant did not answer within {timeout_seconds:g} s"
            ) from exc

    async def _connected(self) -> "QdrantCollection":
        if self._collection is None:
            # The import takes longer than a deadline, and must not stop other requests meanwhile.
            connect = await asyncio.to_thread(_connect)
            # Another first use may have come between.
            if self._collection is None:
                self._collection = connect(
                    self._url, self._api_key, self._name, self._admin_timeout_seconds
                )
        return self._collection


def _connect() -> "Callable[[str, str | None, str, float], QdrantCollection]":
    from llm_cache_proxy.adapters.vector_store.qdrant.server.client import connected

    return connected
