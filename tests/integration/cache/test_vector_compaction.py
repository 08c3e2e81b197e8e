"""The embedded semantic store gives back the space of what was removed, and loses nothing by it."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import qdrant_edge as edge

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.collection import QdrantEdgeCollection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.compaction import Compaction
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder import open_folder
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder_lock import (
    LOCK_FILE,
    FolderInUse,
    FolderLock,
)
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.removed_points import RemovedPoints
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graphs import (
    GRAPH_FROM_POINTS,
    HasRoom,
    ScopeGraphs,
    with_room,
)
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.payload import payload_of, point_id
from llm_cache_proxy.adapters.vector_store.qdrant.port import DEFAULT_COLLECTION
from llm_cache_proxy.domain.errors import SettingsError, VectorStoreUnavailable
from llm_cache_proxy.ports.vector_store import Scope
from samples.stores.vectors import NOW, SCOPE, entry, key
from servers.waiting import happening

SIZE = 8
TEXT_REPEATS = 100
DEADLINE_SECONDS = 60

HOLDS_ON = """
import sys, time
import qdrant_edge
shard = qdrant_edge.EdgeShard.load(sys.argv[1])
shard.optimize()
open(sys.argv[1] + ".begun", "w").close()
time.sleep(600)
"""

SERVER = """
import sys
from pathlib import Path
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.compaction import Compaction
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder_lock import FolderLock

folder = Path(sys.argv[1])
lock = FolderLock(folder)
lock.acquire()
Compaction(program=sys.argv[3]).run(folder / sys.argv[2], lock)
"""


@asynccontextmanager
async def opened(folder: Path, dimensions: int | None = SIZE) -> AsyncIterator[QdrantLocalVectors]:
    store = QdrantLocalVectors(folder, timeout_seconds=20, dimensions=dimensions)
    try:
        yield store
    finally:
        await store.aclose()


def names(begin: int, end: int) -> list[str]:
    return [key(str(number)) for number in range(begin, end)]


async def filled(folder: Path, count: int) -> None:
    """A collection of so many long answers, written at once."""
    chance = random.Random(7)  # noqa: S311 - no secret
    held = await open_folder(folder, DEFAULT_COLLECTION, SIZE)
    points = [
        edge.Point(
            id=point_id(SCOPE.tenant, key(str(number))),
            vector=[chance.gauss(0, 1) for _ in range(SIZE)],
            payload=payload_of(SCOPE, entry(str(number), text=f"{number} " * TEXT_REPEATS)),
        )
        for number in range(count)
    ]
    held.collection._shard.update(edge.UpdateOperation.upsert_points(points))
    await held.close()


def bytes_in(folder: Path) -> int:
    files = [each for each in (folder / DEFAULT_COLLECTION).rglob("*") if each.is_file()]
    return sum(each.stat().st_blocks * 512 for each in files if "wal" not in each.parts)


def segments(folder: Path) -> set[str]:
    """Their names: a compaction writes them anew."""
    return {each.name for each in (folder / DEFAULT_COLLECTION / "segments").iterdir()}


def asides(folder: Path) -> list[Path]:
    return list(folder.glob("*.corrupt-*"))


def holder_of(folder: Path) -> int | None:
    text = (folder / LOCK_FILE).read_text()
    return int(text) if text else None


async def test_the_space_of_what_was_removed_is_given_back_and_the_rest_is_there(
    tmp_path: Path,
) -> None:
    await filled(tmp_path, 1_600)
    async with opened(tmp_path) as store:
        before, first = bytes_in(tmp_path), segments(tmp_path)

        await store.remove(SCOPE.tenant, names(0, 900))
        await store.purge(NOW)
        too_few = segments(tmp_path)
        await store.remove(SCOPE.tenant, names(900, 1_500))
        await store.purge(NOW)
        after = bytes_in(tmp_path)

        held = await store.count_entries(SCOPE.tenant)
        found = await store.nearest(SCOPE, [1.0] * SIZE, now=NOW, limit=3)
        await store.store(SCOPE, [1.0] * SIZE, entry("new"))
        newest = await store.nearest(SCOPE, [1.0] * SIZE, now=NOW, limit=1)

    assert too_few == first
    assert after < before / 2
    assert held == 100
    assert {one.key for one in found} <= set(names(1_500, 1_600))
    assert [one.key for one in newest] == [key("new")]


async def test_what_was_removed_is_counted_over_restarts(tmp_path: Path) -> None:
    await filled(tmp_path, 1_600)
    first = segments(tmp_path)
    for begin in (0, 500):
        assert segments(tmp_path) == first
        async with opened(tmp_path) as store:
            await store.remove(SCOPE.tenant, names(begin, begin + 500))
            await store.purge(NOW)

    assert segments(tmp_path).isdisjoint(first)


async def test_what_was_never_there_is_not_counted(tmp_path: Path) -> None:
    await filled(tmp_path, 10)
    held = await open_folder(tmp_path, DEFAULT_COLLECTION, SIZE)
    try:
        await held.collection.remove([point_id(SCOPE.tenant, one) for one in names(10, 3_000)])
        for _ in range(1_000):  # as the health check does
            await held.collection.remove([point_id(SCOPE.tenant, key("checked"))])

        assert not await held.collection.is_worth_compacting()
    finally:
        await held.close()


@pytest.mark.parametrize("written", ["", "-5", "many"])
def test_a_count_that_cannot_be_read_begins_anew(tmp_path: Path, written: str) -> None:
    (tmp_path / "removed").write_text(written)
    lost = RemovedPoints(tmp_path / "removed")

    lost.add(999)
    assert not lost.are_many(0)
    lost.add(1)

    assert lost.are_many(0)
    assert RemovedPoints(tmp_path / "removed").are_many(4_000)
    assert not lost.are_many(4_001)


def test_a_failure_is_tried_again_after_a_thousand_more(tmp_path: Path) -> None:
    lost = RemovedPoints(tmp_path / "removed")
    lost.add(1_500)
    lost.stay()

    lost.add(999)
    assert not lost.are_many(0)
    lost.add(1)

    assert lost.are_many(10_000)  # a fifth of all that is gone


def test_a_count_that_cannot_be_written_is_kept_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lost = RemovedPoints(tmp_path / "no folder" / "removed")

    lost.add(1_000)

    assert lost.are_many(0)
    assert "cannot be written" in caplog.text


async def test_a_collection_of_whatever_dimensions_is_opened_again(tmp_path: Path) -> None:
    await filled(tmp_path, 1_600)
    async with opened(tmp_path, dimensions=None) as store:
        before = bytes_in(tmp_path)
        await store.remove(SCOPE.tenant, names(0, 1_500))

        await store.purge(NOW)

        assert await store.count_entries(SCOPE.tenant) == 100
        assert bytes_in(tmp_path) < before

    assert asides(tmp_path) == []


def test_what_cannot_be_compacted_is_said_to_be_as_it_was(tmp_path: Path) -> None:
    assert not Compaction().run(tmp_path / "nothing", None)
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("end", ["killed", "late", "stopped"])
async def test_a_compaction_that_is_cut_short_leaves_the_collection_sound(
    tmp_path: Path, end: str
) -> None:
    await filled(tmp_path, 1_600)
    async with opened(tmp_path) as store:
        await store.remove(SCOPE.tenant, names(0, 1_500))
    lock = FolderLock(tmp_path)
    lock.acquire()
    compaction = Compaction(
        program=HOLDS_ON, longest_seconds=0.3 if end == "late" else DEADLINE_SECONDS
    )
    path = tmp_path / DEFAULT_COLLECTION

    running = asyncio.create_task(asyncio.to_thread(compaction.run, path, lock))
    if end != "late":
        await happening(path.with_name(f"{path.name}.begun").exists)
        child = holder_of(tmp_path)
        assert child is not None
        assert child != os.getpid()
        if end == "killed":
            os.kill(child, signal.SIGKILL)
        else:
            compaction.stop()

    assert not await running
    assert holder_of(tmp_path) == os.getpid()
    lock.release()
    async with opened(tmp_path) as store:
        assert await store.count_entries(SCOPE.tenant) == 100
        assert await store.fetch(SCOPE.tenant, key("1599")) is not None
    assert asides(tmp_path) == []


async def test_a_compaction_that_outlives_its_server_keeps_the_next_one_out(
    tmp_path: Path,
) -> None:
    await filled(tmp_path, 100)
    begun = tmp_path / f"{DEFAULT_COLLECTION}.begun"
    arguments = [str(tmp_path), DEFAULT_COLLECTION, HOLDS_ON]
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVER, *arguments)
    try:
        await happening(begun.exists)
    finally:
        server.kill()
        await server.wait()
    child = holder_of(tmp_path)
    assert child is not None
    try:
        async with opened(tmp_path) as store:
            with pytest.raises(SettingsError, match=f"in use by another process .process {child}"):
                await store.open()
            with pytest.raises(VectorStoreUnavailable, match="in use"):
                await store.count_entries(SCOPE.tenant)
            os.kill(child, signal.SIGKILL)
            lock = FolderLock(tmp_path)
            await happening(lambda: _is_free(lock))

            assert await store.count_entries(SCOPE.tenant) == 100
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    assert asides(tmp_path) == []


def _is_free(lock: FolderLock) -> bool:
    try:
        lock.acquire()
    except FolderInUse:
        return False
    lock.release()
    return True


async def test_closing_does_not_wait_for_a_compaction(tmp_path: Path) -> None:
    await filled(tmp_path, 1_600)
    async with opened(tmp_path) as store:
        await store.remove(SCOPE.tenant, names(0, 1_500))
        purging = asyncio.create_task(store.purge(NOW))
        await happening(lambda: holder_of(tmp_path) not in (None, os.getpid()))
        child = holder_of(tmp_path)
        assert child is not None
        os.kill(child, signal.SIGSTOP)  # it would never end by itself

        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await store.aclose()
        finally:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            await purging

    async with opened(tmp_path) as store:
        assert await store.count_entries(SCOPE.tenant) == 100
    assert asides(tmp_path) == []


async def test_graphs_stop_growing_in_a_folder_that_another_has_taken(tmp_path: Path) -> None:
    await filled(tmp_path, GRAPH_FROM_POINTS)
    async with opened(tmp_path) as store:
        await store.nearest(SCOPE, [1.0] * SIZE, now=NOW, limit=5)
        growing = store._growing
        assert growing is not None
        await store._on_thread(store._closed)  # as after a failed reopening
        lock = FolderLock(tmp_path)
        lock.acquire()

        async with asyncio.timeout(DEADLINE_SECONDS):
            await growing

        lock.release()


class Unsaved(ScopeGraphs):
    """Graphs whose collection cannot count their points."""

    def close(self, points: Callable[[Scope], int], has_room: HasRoom = with_room) -> None:  # noqa: ARG002
        """Fail as that does."""
        raise VectorStoreUnavailable("the embedded store failed")


async def test_a_collection_whose_graphs_cannot_be_saved_is_closed_all_the_same(
    tmp_path: Path,
) -> None:
    await filled(tmp_path, 10)
    path = tmp_path / DEFAULT_COLLECTION
    shard = edge.EdgeShard.load(str(path))
    graphs, lost = Unsaved(tmp_path / "graphs", SIZE), RemovedPoints(tmp_path / "removed")
    collection = QdrantEdgeCollection(shard, graphs, lost)

    with pytest.raises(VectorStoreUnavailable):
        await collection.close()

    edge.EdgeShard.load(str(path)).close()
