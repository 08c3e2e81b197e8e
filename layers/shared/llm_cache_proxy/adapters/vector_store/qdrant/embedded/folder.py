"""Opens a collection in a folder with Qdrant's engine in this process.

Imports qdrant-edge-py, so it is itself imported on first use only.
"""

from pathlib import Path

import qdrant_edge as edge

from llm_cache_proxy.adapters.setting_aside import set_aside
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.collection import QdrantEdgeCollection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder_lock import (
    FolderInUse,
    FolderLock,
)
from llm_cache_proxy.adapters.vector_store.qdrant.payload import VECTOR_SIZE
from llm_cache_proxy.domain.errors import SettingsError

_CONFIG_FILE = "edge_config.json"


class QdrantFolder:
    """A folder that this process holds, and the collection in it."""

    def __init__(self, lock: FolderLock, collection: QdrantEdgeCollection) -> None:
        self.collection = collection
        self._lock = lock

    async def close(self) -> None:
        """Close the files and let the next process in."""
        try:
            await self.collection.close()
        finally:
            self._lock.release()


async def open_folder(path: Path, collection: str) -> QdrantFolder:
    """Lock the folder, load its collection, make it where it is missing.

    A collection that cannot be read, or is of another shape, is set aside. Raises `SettingsError`
    where another process holds the folder, or where it cannot be written.
    """
    lock = _locked(path)
    try:
        folder = QdrantFolder(lock, QdrantEdgeCollection(_loaded_or_new(path / collection)))
    except SettingsError:
        lock.release()
        raise
    try:
        await folder.collection.provision()
    except BaseException:
        await folder.close()
        raise
    return folder


def _locked(path: Path) -> FolderLock:
    # The engine has a lock of its own, but does not say who holds it.
    lock = FolderLock(path)
    try:
        lock.acquire()
    except FolderInUse as exc:
        who = f" (process {exc.process_id})" if exc.process_id is not None else ""
        raise SettingsError(
            f"the folder {path} is in use by another process{who}: stop that one, set DATA_DIR to"
            " another folder, or set QDRANT_URL to a Qdrant server that both can share"
        ) from exc
    except OSError as exc:
        raise SettingsError(
            f"the folder {path} cannot be written ({exc}): set DATA_DIR to another folder"
        ) from exc
    return lock


def _loaded_or_new(path: Path) -> edge.EdgeShard:
    try:
        return _loaded(path)
    except SettingsError as exc:
        try:
            set_aside(path, exc.__cause__)
        except OSError:
            raise exc from exc.__cause__
        return _loaded(path)


def _loaded(path: Path) -> edge.EdgeShard:
    try:
        if (path / _CONFIG_FILE).exists():
            return edge.EdgeShard.load(str(path), _config())
        path.mkdir(exist_ok=True)
        return edge.EdgeShard.create(str(path), _config())
    except BaseException as exc:
        if not _is_engines(exc):
            raise
        raise SettingsError(
            f"the folder {path} cannot be read as a semantic store of {VECTOR_SIZE} dimensions"
            f" ({exc}): move it away to start with an empty one, or set DATA_DIR to another folder"
        ) from exc


def _is_engines(exc: BaseException) -> bool:
    # A damaged file may make the engine panic, which is no Exception to Python.
    return isinstance(exc, Exception) or type(exc).__name__ == "PanicException"


def _config() -> edge.EdgeConfig:
    return edge.EdgeConfig(
        vectors=edge.EdgeVectorParams(size=VECTOR_SIZE, distance=edge.Distance.Cosine),
        # No graph is built: within one scope, which the payload indexes find, every vector is
        # compared (docs/decisions/0008).
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=0),
    )
