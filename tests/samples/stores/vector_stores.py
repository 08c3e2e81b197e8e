"""Every kind of semantic store, opened empty: embedded, on our test server, on a real Qdrant."""

import os
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from weakref import WeakKeyDictionary

import qdrant_edge

from llm_cache_proxy.adapters.qdrant_rest import models
from llm_cache_proxy.adapters.vector_store.qdrant.collection import Collection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.collection import QdrantEdgeCollection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.owned.owner import VectorsOwner
from llm_cache_proxy.adapters.vector_store.qdrant.owned.store import OwnedVectors
from llm_cache_proxy.adapters.vector_store.qdrant.port import QdrantPort
from llm_cache_proxy.adapters.vector_store.qdrant.server.collection import QdrantCollection
from llm_cache_proxy.adapters.vector_store.qdrant.server.store import QdrantVectors
from servers.asgi import serving
from servers.qdrant.rest_server import QdrantRest

KINDS = ["embedded", "owned", "server", *(["qdrant"] if os.environ.get("QDRANT_URL") else [])]

_HELD: WeakKeyDictionary[QdrantPort, QdrantLocalVectors] = WeakKeyDictionary()
"""What the owner of each owned store has open."""


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
    elif kind == "owned":
        async with _owned(folder, dimensions) as store:
            yield store
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


@asynccontextmanager
async def _owned(folder: Path, dimensions: int | None) -> AsyncIterator[QdrantPort]:
    """A store that asks an owner, over a real socket."""
    held = QdrantLocalVectors(folder, timeout_seconds=20, dimensions=dimensions)
    owner = VectorsOwner(held)
    with tempfile.TemporaryDirectory() as where, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(Path(where) / "vectors"))
        await owner.serve(listening)
        store = OwnedVectors(Path(where) / "vectors", timeout_seconds=20, dimensions=dimensions)
        _HELD[store] = held
        try:
            yield store
        finally:
            await store.aclose()
            await owner.aclose()


async def write_point(
    store: QdrantPort, point_id: str, vector: list[float], payload: dict[str, object]
) -> None:
    """Put a point into the store's collection as no code of ours would."""
    await store.provision()
    keeping = _HELD.get(store, store)  # a point that is none of ours never reaches an owner
    await keeping._run(lambda held: _written(held, point_id, vector, payload), 20)


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
