"""Opens a collection in a folder through qdrant-client's local mode.

Imports qdrant-client (0.7 s), so it is itself imported on first use only. Everything here,
closing included, has to happen on one thread: SQLite connections belong to theirs.
"""

import pickle
import sqlite3
import warnings
from pathlib import Path

from qdrant_client import AsyncQdrantClient

from llm_cache_proxy.adapters.folder_lock import FolderInUse, FolderLock
from llm_cache_proxy.adapters.qdrant_collection import QdrantCollection
from llm_cache_proxy.domain.errors import SettingsError

# What local mode lets through where its files are not what it wrote.
_UNREADABLE = (
    AttributeError,
    EOFError,
    ImportError,
    KeyError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    sqlite3.Error,
)


class QdrantFolder:
    """A folder that this process holds, and the collection in it."""

    def __init__(self, lock: FolderLock, collection: QdrantCollection) -> None:
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

    Raises `SettingsError` where another process holds the folder or it cannot be read, and
    `VectorStoreUnavailable` where the collection has another shape.
    """
    lock = _locked(path)
    try:
        folder = QdrantFolder(lock, _loaded(path, collection))
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
    # Local mode has a lock of its own, but takes it only after it has read everything.
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


def _loaded(path: Path, collection: str) -> QdrantCollection:
    # The advice is for the developers of applications; ours is in the documentation.
    warnings.filterwarnings("ignore", message="Local mode is not recommended")
    try:
        client = AsyncQdrantClient(path=str(path))
    except _UNREADABLE as exc:
        raise SettingsError(
            f"the folder {path} cannot be read as a Qdrant store ({type(exc).__name__}: {exc}):"
            " move it away to start with an empty one, or set DATA_DIR to another folder"
        ) from exc
    return QdrantCollection(client, collection, indexed=False)
