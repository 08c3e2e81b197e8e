"""The semantic tier's store in a folder of this machine, for one process.

Decides on the threads that do the work: the engine is synchronous, and would stop the event
loop for as long as a search or a write takes. Graphs grow in a thread of their own.
"""

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from llm_cache_proxy.adapters.disk_space import DiskSpace
from llm_cache_proxy.adapters.setting_aside import kept_as
from llm_cache_proxy.adapters.vector_store.qdrant.checked_point import (
    CHECKED_ENTRY,
    CHECKED_SCOPE,
)
from llm_cache_proxy.adapters.vector_store.qdrant.port import (
    CollectionOptions,
    QdrantPort,
    Result,
)
from llm_cache_proxy.domain.errors import SettingsError, VectorStoreUnavailable

if TYPE_CHECKING:
    from llm_cache_proxy.adapters.vector_store.qdrant.collection import Collection
    from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder import QdrantFolder
    from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder_lock import FolderLock

_NICENESS = 5
_log = logging.getLogger(__name__)


class QdrantLocalVectors(QdrantPort):
    """`VectorStore` and `VectorAdmin` in `path`, kept over restarts.

    `holder` is the store that holds the folder for this process, where that is another one. The
    graphs of large scopes grow beside the operations. `at_once` is for a process that does nothing
    else: an operation runs where it is asked for, unless the store's thread has something to do.
    Nothing is timed meanwhile, so that who asks has to leave out what waited too long.
    """

    def __init__(
        self,
        path: Path,
        *,
        disk_space: DiskSpace | None = None,
        holder: "QdrantLocalVectors | None" = None,
        at_once: bool = False,
        **options: Unpack[CollectionOptions],
    ) -> None:
        super().__init__(**options)
        self._path = path
        self._at_once = at_once
        self._disk_space = disk_space
        self._holder = holder
        self._growing: asyncio.Task[None] | None = None
        self._growing_thread: ThreadPoolExecutor | None = None
        self._is_ending = False
        self._thread: ThreadPoolExecutor | None = None
        self._on_it: set[Future[Any]] = set()
        self._runner: asyncio.Runner | None = None
        self._folder: QdrantFolder | None = None

    async def open(self) -> None:
        """Open the folder now rather than on first use, however long loading it takes.

        Raises `SettingsError` where another process holds the folder or it cannot be used,
        `OtherDimensions` where its collection has others than the embedder's vectors, and
        `CollectionMissing` where there is none and those are not known yet.
        """
        self._check_space()
        await self._holding()
        await self._on_thread(self._opened)

    async def purge(self, now: int) -> int:
        """Delete entries past their `purge_at`, and free the space of all removed ones."""
        count = await super().purge(now)
        await self.compact()
        return count

    async def compact(self) -> None:
        """Free the space of removed entries, if it is much."""
        try:
            await self._on_thread(self._compacted)
        except SettingsError as exc:
            raise VectorStoreUnavailable(str(exc)) from exc

    def beside(self, collection: str) -> "QdrantLocalVectors":
        """The collection of another name in the folder; it is closed with this store."""
        store = super().beside(collection)
        assert isinstance(store, QdrantLocalVectors)  # noqa: S101 - `_sibling` makes it
        return store

    async def perform(
        self,
        operation: "Callable[[Collection], Coroutine[None, None, Result]]",
        timeout_seconds: float,
    ) -> Result:
        """The operation's result; raises `VectorStoreUnavailable` within `timeout_seconds`."""
        return await self._run(operation, timeout_seconds)

    def stop_compacting(self) -> None:
        """End a compaction that runs, at once, and begin none from now on."""
        if self._folder is not None:
            self._folder.stop_compacting()

    def _sibling(self, collection: str) -> "QdrantLocalVectors":
        return QdrantLocalVectors(
            self._path,
            disk_space=self._disk_space,
            holder=self,
            at_once=self._at_once,
            **self._sibling_options(collection),
        )

    async def _released(self) -> None:
        """Close the files and let the next process in, without waiting for a compaction."""
        self.stop_compacting()
        self._is_ending = True
        if self._growing is not None:
            await asyncio.wait([self._growing])  # a step ends soon, and the graph is then at rest
        if self._growing_thread is not None:
            self._growing_thread.shutdown(wait=False)
            self._growing_thread = None
        if self._thread is not None:
            await self._on_thread(self._closed)
            self._thread.shutdown(wait=False)
            self._thread = None

    async def _run(
        self,
        operation: "Callable[[Collection], Coroutine[None, None, Result]]",
        timeout_seconds: float,
    ) -> Result:
        try:
            if self._at_once and self._folder is not None and not self._on_it:
                done, has_to_grow = self._performed(operation)
            else:
                if self._folder is None:
                    self._check_space()
                async with asyncio.timeout(timeout_seconds):
                    await self._holding()
                    done, has_to_grow = await self._on_thread(lambda: self._performed(operation))
        except TimeoutError as exc:
            raise VectorStoreUnavailable(
                f"the embedded store did not answer within {timeout_seconds:g} s"
            ) from exc
        except SettingsError as exc:
            # A request that comes before the folder is free goes on without it.
            raise VectorStoreUnavailable(str(exc)) from exc
        is_growing = self._growing is not None and not self._growing.done()
        if has_to_grow and not is_growing and not self._is_ending:
            self._growing = asyncio.create_task(self._grow())
        return done

    async def _grow(self) -> None:
        """Let the graphs grow to their ends, whatever is asked meanwhile."""
        if self._growing_thread is None:
            self._growing_thread = ThreadPoolExecutor(
                max_workers=1, thread_name_prefix="qdrant-graphs", initializer=_give_way
            )
        loop = asyncio.get_running_loop()
        try:
            while not self._is_ending and (step := await self._on_thread(self._growth)) is not None:
                await loop.run_in_executor(self._growing_thread, step)
        except VectorStoreUnavailable as exc:  # the next operation tries again
            _log.warning("a graph of the embedded store does not grow: %s", exc)

    async def _write_something(self, dimensions: int) -> None:  # noqa: ARG002 - stores no vector
        """Write by removing an absent point: the engine logs it, and its files stay as they are."""
        shortage = None if self._disk_space is None else self._disk_space.shortage()
        if shortage is not None:
            raise VectorStoreUnavailable(shortage)
        await self.remove(CHECKED_SCOPE.tenant, [CHECKED_ENTRY.key])

    def _remark(self) -> str | None:
        folder = self._folder
        if folder is None or folder.aside is None:
            return None
        return kept_as(self._path / self._name, folder.aside)

    def _check_space(self) -> None:
        # The engine maps files into memory: writing to one that the disk cannot hold is SIGBUS.
        shortage = None if self._disk_space is None else self._disk_space.shortage()
        if shortage is not None:
            raise SettingsError(f"{shortage}: free some, or set DATA_DIR to another disk")

    async def _holding(self) -> None:
        """Have the folder held for this process, if another store holds it."""
        holder = self._holder
        if holder is None or holder._folder is not None:  # noqa: SLF001 - of the same class
            return
        try:
            await holder.open()
        except VectorStoreUnavailable as exc:  # no fault of this collection's
            raise VectorStoreUnavailable(str(exc)) from exc

    async def _on_thread(self, work: Callable[[], Result]) -> Result:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="qdrant-local")
        begun = self._thread.submit(work)
        self._on_it.add(begun)
        begun.add_done_callback(self._on_it.discard)  # by the end of the work, not of the wait
        return await asyncio.wrap_future(begun)

    # What follows runs on that thread alone, or while it has nothing to do.

    def _performed(
        self, operation: "Callable[[Collection], Coroutine[None, None, Result]]"
    ) -> tuple[Result, bool]:
        """The result of the operation, and whether a graph has to grow."""
        collection = self._opened().collection
        return _result(operation(collection)), collection.has_to_grow

    def _growth(self) -> Callable[[], None] | None:
        """The next step of a graph's growth; in a closed folder there is none."""
        if self._folder is None:
            return None
        return self._folder.collection.growth(self._has_room)

    def _has_room(self, file_bytes: int) -> bool:
        return self._disk_space is None or self._disk_space.shortage(file_bytes) is None

    def _opened(self) -> "QdrantFolder":
        if self._folder is None:
            from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder import open_folder

            opening = open_folder(
                self._path,
                self._name,
                self._dimensions,
                held=self._lock_of_holder(),
            )
            self._folder = self._loop().run(opening)
        return self._folder

    def _compacted(self) -> None:
        folder = self._folder
        if folder is None or not self._loop().run(folder.collection.is_worth_compacting()):
            return
        begun = time.monotonic()
        try:
            done = self._loop().run(folder.compact())
        except SettingsError:
            self._folder = None
            folder.release()
            raise
        spent = time.monotonic() - begun
        if done:
            _log.info("the embedded vectors were compacted in %.1f s", spent)
        else:
            _log.warning("the embedded vectors could not be compacted: %s grows on", self._path)

    def _lock_of_holder(self) -> "FolderLock | None":
        if self._holder is None:
            return None
        folder = self._holder._folder  # noqa: SLF001 - of the same class
        if folder is None:
            raise SettingsError(f"the folder {self._path} is not open yet")
        return folder.lock

    def _closed(self) -> None:
        try:
            if self._folder is not None:
                self._loop().run(self._folder.close(self._has_room))
        finally:
            self._folder = None
            if self._runner is not None:
                self._runner.close()
                self._runner = None

    def _loop(self) -> asyncio.Runner:
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner


def _result(operation: Coroutine[None, None, Result]) -> Result:
    """What the operation returns: the engine's never wait, so that no loop is needed for them."""
    try:
        operation.send(None)
    except StopIteration as ended:
        result: Result = ended.value
        return result
    operation.close()
    raise RuntimeError("an operation of the embedded store waited for something")


def _give_way() -> None:
    """Let this thread have what processor time others leave; only Linux can say so of a thread."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
