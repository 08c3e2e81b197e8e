"""Every kind of semantic store, opened empty: embedded, on our test server, on a real Qdrant."""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import qdrant_edge

from llm_cache_proxy.adapters.qdrant_rest import models
from llm_cache_proxy.adapters.vector_store.qdrant.collection import Collection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.collection import QdrantEdgeCollection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.port import QdrantPort
from llm_cache_proxy.adapters.vector_store.qdrant.server.collection import QdrantCollection
from llm_cache_proxy.adapters.vector_store.qdrant.server.store import QdrantVectors
from servers.asgi import serving
from servers.qdrant.rest_server import QdrantRest

KINDS = ["embedded", "server", *(["qdrant"] if os.environ.get("QDRANT_URL") else [])]


@asynccontextmanager
async def opened(
    kind: str, folder: Path, *, dimensions: int | None = 384
) -> AsyncIterator[QdrantPort]:
    """A store of this kind that holds nothing, gone without a trace afterwards."""
    if kind == "embedded":
        store: QdrantPort = QdrantLocalVectors(folder, timeout_seconds=20, dimensions=dimensions)
        try:
            yield store
        finally:
            await store.aclose()
    elif kind == "server":
        async with serving(QdrantRest()) as url:
            store = QdrantVectors(url, timeout_seconds=20, dimensions=dimensions)
            try:
                yield store
            finally:
                await store.aclose()
    else:
        store = QdrantVectors(
            os.environ["QDRANT_URL"],
            api_key=os.environ.get("QDRANT_API_KEY"),
            collection=f"test_{uuid.uuid4().hex}",
            timeout_seconds=20,
        )
        try:
            yield store
        finally:
            await store._run(_deleted, 20)
            await store.aclose()


async def write_point(
    store: QdrantPort, point_id: str, vector: list[float], payload: dict[str, object]
) -> None:
    """Put a point into the store's collection as no code of ours would."""
    await store.provision()
    await store._run(lambda held: _written(held, point_id, vector, payload), 20)


async def _written(
    held: Collection, point_id: str, vector: list[float], payload: dict[str, object]
) -> None:
    if isinstance(held, QdrantEdgeCollection):
        point = qdrant_edge.Point(id=point_id, vector=vector, payload=payload)
        held._shard.update(qdrant_edge.UpdateOperation.upsert_points([point]))
    else:
        assert isinstance(held, QdrantCollection)
        struct = models.PointStruct(id=point_id, vector=vector, payload=payload)
        await held._client.points_api.upsert_points(
            held._name, wait=True, point_insert_operations=models.PointsList(points=[struct])
        )


async def _deleted(held: Collection) -> None:
    assert isinstance(held, QdrantCollection)
    await held._client.collections_api.delete_collection(held._name)
