"""Opens a collection in a folder with Qdrant's engine in this process.

Imports qdrant-edge-py, so it is itself imported on first use only.
"""

import json
from pathlib import Path

import qdrant_edge as edge

from llm_cache_proxy.adapters.setting_aside import set_aside
from llm_cache_proxy.adapters.vector_store.qdrant.collection import CollectionMissing
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.collection import QdrantEdgeCollection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.compaction import compact
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder_lock import (
    FolderInUse,
    FolderLock,
)
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graphs import (
    GRAPH_FROM_POINTS,
    ScopeGraphs,
)
from llm_cache_proxy.domain.errors import OtherDimensions, SettingsError

_CONFIG_FILE = "edge_config.json"


class QdrantFolder:
    """A folder that this process holds, and the collection in it.

    Without a `lock` another store of this process holds the folder. `aside` is where a damaged
    collection is kept, if one was found.
    """

    def __init__(
        self,
        lock: FolderLock | None,
        shard: edge.EdgeShard,
        graphs: ScopeGraphs,
        aside: Path | None,
    ) -> None:
        self.collection = QdrantEdgeCollection(shard, graphs)
        self.aside = aside
        self._lock = lock
        self._graphs = graphs

    async def compact(self, path: Path, dimensions: int) -> bool:
        """Whether the collection in `path` was compacted; it is closed meanwhile, and open after.

        Raises `SettingsError` where it cannot be opened again.
        """
        await self.collection.let_go()
        try:
            return compact(path)
        finally:
            self._open(path, dimensions)

    async def reopen(self, path: Path, dimensions: int) -> None:
        """Open it as a later process will, with all that the engine then holds in memory."""
        await self.collection.let_go()
        self._open(path, dimensions)

    def _open(self, path: Path, dimensions: int) -> None:
        shard, aside = _loaded_or_new(path, dimensions)
        if aside is not None:
            self.aside = aside
            self._graphs.forget()
        self.collection = QdrantEdgeCollection(shard, self._graphs)

    async def close(self) -> None:
        """Close the files and let the next process in."""
        try:
            await self.collection.close()
        finally:
            self.release()

    def release(self) -> None:
        """Let the next process in."""
        if self._lock is not None:
            self._lock.release()


async def open_folder(
    path: Path,
    collection: str,
    dimensions: int | None,
    *,
    held: bool = False,
    graph_from_points: int = GRAPH_FROM_POINTS,
) -> QdrantFolder:
    """Lock the folder, load its collection, make it where it is missing.

    `held` says that another store of this process has locked it already. A collection that cannot
    be read is set aside. Raises `SettingsError` where another process holds the folder or where it
    cannot be written, `OtherDimensions` where its collection has others, and `CollectionMissing`
    where there is none and None says that nobody knows them yet.
    """
    size = _dimensions(path / collection, dimensions)
    lock = None if held else _locked(path)
    is_new = not (path / collection / _CONFIG_FILE).exists()
    try:
        shard, aside = _loaded_or_new(path / collection, size)
        graphs = ScopeGraphs(path / f"{collection}.graphs", size, graph_from_points)
        folder = QdrantFolder(lock, shard, graphs, aside)
    except SettingsError:
        if lock is not None:
            lock.release()
        raise
    try:
        await folder.collection.provision(size)
        if is_new:  # else its memory would jump when it is first compacted
            await folder.reopen(path / collection, size)
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
        raise SettingsError(
            f"the folder {path} is in use by another process{who}: stop that one, set DATA_DIR to"
            " another folder, or set QDRANT_URL to a Qdrant server that both can share"
        ) from exc
    except OSError as exc:
        raise SettingsError(
            f"the folder {path} cannot be written ({exc}): set DATA_DIR to another folder"
        ) from exc
    return lock


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
    """Of the collection in `path`; None where there is none that can be read."""
    try:
        size = json.loads((path / _CONFIG_FILE).read_text())["vectors"][""]["size"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return size if isinstance(size, int) else None


def _loaded_or_new(path: Path, dimensions: int) -> tuple[edge.EdgeShard, Path | None]:
    try:
        return _loaded(path, dimensions), None
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
    )
