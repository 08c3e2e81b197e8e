"""The semantic tier's store in a folder of this machine, by way of the process that owns it.

The engine holds Python's lock while it writes a collection or opens one: in a process of its own
it delays only its own callers, and any number of servers may ask it.
"""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from llm_cache_proxy.adapters.vector_store.qdrant.owned.collection import OwnedCollection
from llm_cache_proxy.adapters.vector_store.qdrant.owned.connection import OwnerConnection
from llm_cache_proxy.adapters.vector_store.qdrant.port import (
    CollectionOptions,
    QdrantPort,
    Result,
)
from llm_cache_proxy.domain.errors import VectorStoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from llm_cache_proxy.adapters.vector_store.qdrant.collection import Collection


class OwnedVectors(QdrantPort):
    """`VectorStore` and `VectorAdmin` behind the owner that listens at `address`.

    While there is none, as when it died just now, each operation is unavailable.
    """

    def __init__(self, address: Path, **options: Unpack[CollectionOptions]) -> None:
        super().__init__(**options)
        self._address = address
        self._connection = OwnerConnection(address)

    async def open(self) -> None:
        """Have the folder opened now rather than on first use.

        Raises `SettingsError` where it cannot be used, `OtherDimensions` where its collection has
        others than the embedder's vectors.
        """
        await self._asked(lambda owned: owned.open(), self._admin_timeout_seconds)

    async def check(self) -> str | None:
        """Search and write as requests do, in the owner, where what is to be remarked is known."""
        return await self._asked(lambda owned: owned.check(), self._timeout_seconds)

    def _sibling(self, collection: str) -> "OwnedVectors":
        return OwnedVectors(self._address, **self._sibling_options(collection))

    async def _released(self) -> None:
        await self._connection.aclose()

    async def _run(
        self,
        operation: "Callable[[Collection], Coroutine[None, None, Result]]",
        timeout_seconds: float,
    ) -> Result:
        return await self._asked(operation, timeout_seconds)

    async def _asked(
        self,
        operation: "Callable[[OwnedCollection], Coroutine[None, None, Result]]",
        timeout_seconds: float,
    ) -> Result:
        until = time.monotonic() + timeout_seconds  # the clock of all processes of a machine
        owned = OwnedCollection(self._connection, self._name, until)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await operation(owned)
        except TimeoutError as exc:
            raise VectorStoreUnavailable(
                f"the semantic store's process did not answer within {timeout_seconds:g} s"
            ) from exc
