"""The semantic tier's store on a Qdrant server, over REST.

Decides on connections and deadlines. Never connects before the first use, and never imports
qdrant-client before that.
"""

import asyncio
from typing import TYPE_CHECKING, Unpack

from llm_cache_proxy.adapters.vector_store.qdrant.port import (
    CollectionOptions,
    QdrantPort,
    Result,
)
from llm_cache_proxy.domain.errors import VectorStoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from llm_cache_proxy.adapters.vector_store.qdrant.server.collection import QdrantCollection

_ADMIN_TIMEOUT_SECONDS = 10.0
"""A server keeps no operator waiting as long as a folder that is being compacted."""


class QdrantVectors(QdrantPort):
    """`VectorStore` and `VectorAdmin` on the server at `url`, shared by any number of processes."""

    def __init__(
        self, url: str, *, api_key: str | None = None, **options: Unpack[CollectionOptions]
    ) -> None:
        options.setdefault("admin_timeout_seconds", _ADMIN_TIMEOUT_SECONDS)
        super().__init__(**options)
        self._url = url
        self._api_key = api_key
        self._collection: QdrantCollection | None = None

    def _sibling(self, collection: str) -> "QdrantVectors":
        options = self._sibling_options(collection)
        return QdrantVectors(self._url, api_key=self._api_key, **options)

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
