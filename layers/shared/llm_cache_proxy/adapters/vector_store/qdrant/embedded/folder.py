"""Opens a collection in a folder with Qdrant's engine in this process.

Imports qdrant-edge-py, so it is itself imported on first use only.
"""

import json
from pathlib import Path

import qdrant_edge as edge

from llm_cache_proxy.adapters.setting_aside import set_aside
from llm_cache_proxy.adapters.vector_store.qdrant.collection import CollectionMissing
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.collection import QdrantEdgeCollection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.compaction import Compaction
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder_lock import (
    CollectionInUse,
    FolderInUse,
    FolderLock,
)
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.removed_points import RemovedPoints
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graphs import (
    GRAPH_FROM_POINTS,
    GRAPH_PART_POINTS,
    HasRoom,
    ScopeGraphs,
    with_room,
)
from llm_cache_proxy.domain.errors import OtherDimensions, SettingsError

_CONFIG_FILE = "edge_config.json"


_LOCKED_WAL = "WouldBlock"
"""In the engine's message if another process has the collection open."""


class QdrantFolder:
    """A folder that this process holds, and the collection of `dimensions` in it.

    `is_holder` says that the lock is this folder's own, and not another store's of this process.
    `aside` is where a damaged collection is kept, if one was found.
    """

    def __init__(
        self,
        path: Path,
        dimensions: int,
        lock: FolderLock,
        *,
        is_holder: bool,
        graphs: ScopeGraphs,
    ) -> None:
        self.aside: Path | None = None
        self._path = path
        self._dimensions = dimensions
        self._lock = lock
        self._is_holder = is_holder
        self._graphs = graphs
        self._lost = RemovedPoints(path.with_name(f"{path.name}.removed"))
        self._compaction = Compaction()
        self.collection = self._loaded()

    @property
    def lock(self) -> FolderLock:
        """The lock, which another store of this process needs to use the folder too."""
        return self._lock

    async def compact(self) -> bool:
        """Compact the collection, closed meanwhile; whether that worked.

        Raises `SettingsError` if it cannot be opened again.
        """
        await self.collection.let_go()
        done = False
        try:
            done = self._compaction.run(self._path, self._lock)
        finally:
            if done:
                self._lost.forget()
            else:
                self._lost.stay()
            self.collection = self._loaded()
        return done

    def stop_compacting(self) -> None:
        """End a compaction that runs, from whatever thread, and begin none from now on."""
        self._compaction.stop()

    async def begin(self) -> None:
        """Open a new collection as a later process will, with the memory that this takes."""
        self._lost.forget()
        await self.collection.let_go()
        self.collection = self._loaded()

    def _loaded(self) -> QdrantEdgeCollection:
        shard, aside = _loaded_or_new(self._path, self._dimensions)
        if aside is not None:
            self.aside = aside
            self._graphs.forget()
            self._lost.forget()
        return QdrantEdgeCollection(shard, self._graphs, self._lost)

    async def close(self, has_room: HasRoom = with_room) -> None:
        """Close the files, graphs written where there is room, and let the next process in."""
        try:
            await self.collection.close(has_room)
        finally:
            self.release()

    def release(self) -> None:
        """Let the next process in."""
        if self._is_holder:
            self._lock.release()


async def open_folder(
    path: Path,
    collection: str,
    dimensions: int | None,
    *,
    held: FolderLock | None = None,
    graph_from_points: int = GRAPH_FROM_POINTS,
    graph_part_points: int = GRAPH_PART_POINTS,
) -> QdrantFolder:
    """Lock the folder, load its collection, make it where it is missing.

    `held` is the lock of another store of this process, where one has it already. A collection
    that cannot be read is set aside. Raises `SettingsError` where another process holds the folder
    or where it cannot be written, `OtherDimensions` where its collection has others, and
    `CollectionMissing` where there is none and None where they are not known yet.
    """
    place = path / collection
    size = _dimensions(place, dimensions)
    lock = held or _locked(path)
    is_new = not (place / _CONFIG_FILE).exists()
    graphs = ScopeGraphs(path / f"{collection}.graphs", size, graph_from_points, graph_part_points)
    try:
        folder = QdrantFolder(place, size, lock, is_holder=held is None, graphs=graphs)
    except SettingsError:
        if held is None:
            lock.release()
        raise
    try:
        await folder.collection.provision(size)
        if is_new:  # else its memory would jump when it is first compacted
            await folder.begin()
        folder.collection.restore_graphs()
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
        raise _in_use(path, who) from exc
    except OSError as exc:
        raise SettingsError(
            f"the folder {path} cannot be written ({exc}): set DATA_DIR to another folder"
        ) from exc
    return lock


def _in_use(path: Path, who: str = "") -> CollectionInUse:
    return CollectionInUse(
        f"the folder {path} is in use by another process{who}: stop that one, set DATA_DIR to"
        " another folder, or set QDRANT_URL to a Qdrant server that both can share"
    )


def _dimensions(path: Path, wanted: int | None) -> int:
    held = _dimensions_held(path)
    if held is None and wanted is None:
        raise CollectionMissing(f"there is no collection in {path} yet")
    if held is not None and wanted is not None and held != wanted:
        raise OtherDimensions(
            f"the folder {path} holds vectors of {held} dimensions, and the embedder's have"
            f" {wanted}: set QDRANT_COLLECTION to another name, or move the folder away"
        )
    return held or wanted or 0


def _dimensions_held(path: Path) -> int | None:
    """The dimensions of the collection in `path`; None if none can be read."""
    try:
        size = json.loads((path / _CONFIG_FILE).read_text())["vectors"][""]["size"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return size if isinstance(size, int) else None


def _loaded_or_new(path: Path, dimensions: int) -> tuple[edge.EdgeShard, Path | None]:
    try:
        return _loaded(path, dimensions), None
    except CollectionInUse:
        raise
    except SettingsError as exc:
        try:
            aside = set_aside(path, exc.__cause__)
        except OSError:
            raise exc from exc.__cause__
        return _loaded(path, dimensions), aside


def _loaded(path: Path, dimensions: int) -> edge.EdgeShard:
    try:
        if (path / _CONFIG_FILE).exists():
            return edge.EdgeShard.load(str(path), _config(dimensions))
        path.mkdir(exist_ok=True)
        return edge.EdgeShard.create(str(path), _config(dimensions))
    except BaseException as exc:
        if not _is_engines(exc):
            raise
        if _LOCKED_WAL in str(exc):
            raise _in_use(path) from exc
        raise SettingsError(
            f"the folder {path} cannot be read as a semantic store of {dimensions} dimensions"
            f" ({exc}): move it away to start with an empty one, or set DATA_DIR to another folder"
        ) from exc


def _is_engines(exc: BaseException) -> bool:
    # A damaged file may make the engine panic, which is no Exception to Python.
    return isinstance(exc, Exception) or type(exc).__name__ == "PanicException"


def _config(dimensions: int) -> edge.EdgeConfig:
    return edge.EdgeConfig(
        # Cold: the files are made with room to spare, all of which would be read into memory.
        vectors=edge.EdgeVectorParams(
            size=dimensions, distance=edge.Distance.Cosine, memory=edge.Memory.Cold
        ),
        # The engine builds no graph, during which it would hold the interpreter: within one scope,
        # which the payload indexes find, it compares every vector. Large scopes have graphs beside
        # it (docs/decisions/0032).
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=0),
        # By default a search wakes eight threads, one after another, which stay awake for a while:
        # more CPU than a small search takes. There is one segment, so that they share no work.
        max_search_threads=1,
    )
