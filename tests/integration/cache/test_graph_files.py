"""The files of large scopes' graphs: over restarts, kills, damage and disks that are full."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import qdrant_edge as edge

from llm_cache_proxy.adapters.disk_space import DiskSpace
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.collection import QdrantEdgeCollection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.payload import payload_of, point_id
from samples.stores.full_disk import files_of_at_most
from samples.stores.scope_graphs import (
    OTHER,
    POINTS,
    filled,
    graph_of,
    graphed,
    grown,
    names,
    opened,
    vectors,
)
from samples.stores.vectors import NOW, SCOPE, entry, key


async def test_a_graph_lasts_over_a_restart(tmp_path: Path) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)
        before = [await names(collection, vector) for vector in stored[:10]]

    async with opened(tmp_path) as collection:
        assert graph_of(collection) == POINTS
        assert [await names(collection, vector) for vector in stored[:10]] == before
        await collection.store(SCOPE, stored[0], entry("later"))
        assert graph_of(collection) == POINTS + 1


@pytest.mark.parametrize(
    "harm",
    [
        "cut short",
        "gone",
        "a later part gone",
        "no contents",
        "another's",
        "of another form",
        "of parts of another size",
        "of no form",
    ],
)
async def test_a_graph_whose_files_are_damaged_is_made_again(tmp_path: Path, harm: str) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)
    folder = tmp_path / "vectors.graphs"
    _harm(folder, harm)

    async with opened(tmp_path) as collection:
        assert graph_of(collection) == 0
        assert sorted(folder.glob("*")) in ([], [folder / "contents.json"])
        assert (await names(collection, stored[5]))[0] == "What is 5 of f?"
        grown(collection)
        assert graph_of(collection) == POINTS


def _harm(folder: Path, harm: str) -> None:
    if harm == "cut short":
        (folder / "1.0.graph").write_bytes((folder / "1.0.graph").read_bytes()[:-100])
    elif harm == "gone":
        (folder / "1.ids").unlink()
    elif harm == "a later part gone":
        (folder / "1.2.graph").unlink()
    elif harm.startswith("of "):
        contents = json.loads((folder / "contents.json").read_bytes())
        version, part_points, *rest = contents[0].pop("form")
        other = {
            "of another form": {"form": [version + 1, part_points, *rest]},
            "of parts of another size": {"form": [version, 2 * part_points, *rest]},
        }
        (folder / "contents.json").write_text(json.dumps([contents[0] | other.get(harm, {})]))
    else:
        text = "{" if harm == "no contents" else '[{"tenant": "acme"}]'
        (folder / "contents.json").write_text(text)


async def test_a_graph_that_lacks_what_the_collection_holds_is_made_again(tmp_path: Path) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)
    shard = edge.EdgeShard.load(str(tmp_path / "vectors"))
    late = edge.Point(
        id=point_id("acme", key("late")), vector=stored[0], payload=payload_of(SCOPE, entry("late"))
    )
    shard.update(edge.UpdateOperation.upsert_points([late]))
    shard.close()

    async with opened(tmp_path) as collection:
        assert graph_of(collection) == 0
        assert set((await names(collection, stored[0]))[:2]) == {"What is 0 of f?", "What is late?"}


async def test_what_a_killed_process_stored_and_removed_is_found_and_is_not(
    tmp_path: Path,
) -> None:
    await _killed(tmp_path)
    stored, late = vectors(), vectors(30, seed=9)

    async with opened(tmp_path) as collection:
        assert graph_of(collection) == 0  # it lacks the late ones
        assert (await names(collection, late[3]))[0] == "What is late 3?"
        steps = grown(collection)

        assert steps < POINTS / 64  # most of its points were read from its files
        assert graph_of(collection) == POINTS + 30
        for number, vector in enumerate(late):
            assert (await names(collection, vector))[0] == f"What is late {number}?"
        assert "What is 5 of f?" not in await names(collection, stored[5])
        assert (await names(collection, stored[6]))[0] == "What is 6 of f?"


_KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from integration.cache.test_graph_files import *

async def main():
    async with opened(Path(sys.argv[1])) as collection:
        await filled(collection, vectors())
        await names(collection, vectors(1)[0])
        grown(collection)
        for number, vector in enumerate(vectors(30, seed=9)):
            await collection.store(SCOPE, vector, entry(f"late {number}"))
        await collection.remove([point_id("acme", key("5 of f"))])
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def _killed(folder: Path) -> None:
    """Let a process fill a collection and its graph, store and remove more, and be killed."""
    program = [sys.executable, "-c", _KILLED, str(folder)]
    process = await asyncio.create_subprocess_exec(
        *program, env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    )
    assert await process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    "left", [["2.ids"], ["2.ids", "2.0.graph"], ["2.ids", "2.0.graph", "2.1.graph", "2.2.graph"]]
)
async def test_a_process_that_is_killed_between_two_parts_leaves_the_former_files(
    tmp_path: Path, left: list[str]
) -> None:
    folder = tmp_path / "vectors.graphs"
    async with opened(tmp_path) as collection:
        await filled(collection, vectors())
        await names(collection, vectors(1)[0])
        grown(collection)
    former = sorted(folder.iterdir())
    for name in left:
        (folder / name).write_bytes((folder / name.replace("2.", "1.", 1)).read_bytes()[:-9])
    (folder / "contents.next").write_text('[{"tenant": "ac')

    async with opened(tmp_path) as collection:
        assert graph_of(collection) == POINTS
        assert sorted(folder.iterdir()) == former


async def test_a_graph_grows_on_where_the_last_process_left_it(tmp_path: Path) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        for _ in range(3):
            step = collection.growth()
            assert step is not None
            step()

    async with opened(tmp_path) as collection:
        assert graph_of(collection) == 0
        assert collection.has_to_grow
        assert grown(collection) < POINTS / 64
        assert graph_of(collection) == POINTS
        assert (await names(collection, stored[5]))[0] == "What is 5 of f?"


async def test_what_is_stored_while_a_graph_is_written_is_found_at_once(tmp_path: Path) -> None:
    late = vectors(1, seed=9)[0]
    async with opened(tmp_path) as collection:
        await filled(collection, vectors())
        await names(collection, late)
        while graph_of(collection) == 0 and (step := collection.growth()) is not None:
            writing = step
            if graph_of(collection) == 0:
                step()

        await collection.store(SCOPE, late, entry("late"))

        assert graph_of(collection) == POINTS
        assert (await names(collection, late))[0] == "What is late?"
        writing()
        grown(collection)
        assert graph_of(collection) == POINTS + 1
        assert (await names(collection, late))[0] == "What is late?"


@pytest.mark.parametrize("is_being_written", [True, False])
async def test_a_scope_that_is_cleared_leaves_no_files_of_its_graph(
    tmp_path: Path, *, is_being_written: bool
) -> None:
    folder = tmp_path / "vectors.graphs"
    async with opened(tmp_path) as collection:
        for scope in (SCOPE, OTHER):
            await filled(collection, vectors(), scope)
        await names(collection, vectors(1)[0], scope=OTHER)
        grown(collection)
        kept = {path.name for path in folder.iterdir()}
        await names(collection, vectors(1)[0])
        while graph_of(collection) == 0 and (step := collection.growth()) is not None:
            writing = step
            if graph_of(collection) == 0:
                step()
        if not is_being_written:
            writing()
            grown(collection)

        await collection.remove([point_id("acme", key(f"{at} of f")) for at in range(POINTS)])
        if is_being_written:
            writing()
        grown(collection)

        assert graph_of(collection) == 0
        assert {path.name for path in folder.iterdir()} == kept


async def test_a_graph_that_cannot_be_kept_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        (tmp_path / "vectors.graphs").write_text("in the way")
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)
        assert graph_of(collection) == POINTS

    assert "will be made again" in caplog.text
    async with opened(tmp_path) as collection:
        assert (await names(collection, stored[5]))[0] == "What is 5 of f?"


async def test_a_graph_outlives_the_compaction_of_its_collection(tmp_path: Path) -> None:
    stored = vectors()
    held = await graphed(tmp_path)
    try:
        await filled(held.collection, stored)
        await names(held.collection, stored[0])
        grown(held.collection)

        assert await held.compact()

        assert graph_of(held.collection) == POINTS
        assert (await names(held.collection, stored[7]))[0] == "What is 7 of f?"
    finally:
        await held.close()


async def test_a_graph_that_could_not_be_written_costs_no_other_its_files(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stored, folder = vectors(), tmp_path / "vectors.graphs"
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await filled(collection, stored, OTHER)
        await names(collection, stored[0])
        grown(collection)
        assert (folder / "1.0.graph").exists()
        (folder / "2.0.graph").mkdir()
        await names(collection, stored[0], scope=OTHER)
        grown(collection)

        assert "will be made again" in caplog.text
        assert (folder / "1.0.graph").exists()
        (folder / "2.0.graph").rmdir()

    async with opened(tmp_path) as collection:
        assert graph_of(collection) == POINTS
        assert graph_of(collection, OTHER) == POINTS


async def test_a_graph_whose_last_bytes_did_not_fit_is_written_when_it_closes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path) as collection:
        await filled(collection, vectors())
        await names(collection, vectors(1)[0])
        grown(collection)
    files = tmp_path / "vectors.graphs"
    largest = max(path.stat().st_size for path in files.glob("*.graph"))
    (files / "contents.json").unlink()

    async with opened(tmp_path) as collection:
        await names(collection, vectors(1)[0])
        with files_of_at_most(largest - 1):
            grown(collection)
        assert "No space left" in caplog.text

    async with opened(tmp_path) as collection:
        assert graph_of(collection) == POINTS


async def test_a_graph_that_has_no_room_is_not_written_when_it_is_whole_nor_when_it_closes(
    tmp_path: Path,
) -> None:
    stored = vectors()
    async with kept_within(tmp_path, file_bytes=0) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        while (step := collection.growth(no_room)) is not None:
            step()
        assert graph_of(collection) == POINTS
    assert not list((tmp_path / "vectors.graphs").glob("*.graph"))

    async with opened(tmp_path) as collection:
        assert graph_of(collection) == 0
        assert (await names(collection, stored[5]))[0] == "What is 5 of f?"


async def test_the_files_of_a_graph_that_has_outgrown_its_disk_serve_on(tmp_path: Path) -> None:
    stored, late = vectors(), vectors(1, seed=9)[0]
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)

    async with kept_within(tmp_path, file_bytes=0) as collection:
        await collection.store(SCOPE, late, entry("late"))
    async with opened(tmp_path) as collection:
        assert graph_of(collection) == 0
        assert grown(collection) < POINTS / 64
        assert (await names(collection, late))[0] == "What is late?"


async def test_the_files_of_a_graph_take_no_more_than_it_says(tmp_path: Path) -> None:
    async with opened(tmp_path) as collection:
        await filled(collection, vectors())
        await names(collection, vectors(1)[0])
        grown(collection)
        held = collection._graphs.of(SCOPE)
        assert held is not None

        taken = sum(path.stat().st_size for path in (tmp_path / "vectors.graphs").glob("1.*"))

        assert 0.8 * held.graph.file_bytes < taken <= held.graph.file_bytes


@pytest.mark.parametrize(("free_bytes", "files"), [(1_000, 0), (1_000_000_000, 1)])
async def test_a_store_writes_its_graphs_where_the_disk_has_room_for_them(
    tmp_path: Path, free_bytes: int, files: int
) -> None:
    stored = vectors()
    space = DiskSpace(tmp_path, 100, free_bytes=lambda _: free_bytes)
    store = QdrantLocalVectors(tmp_path, timeout_seconds=20, disk_space=space)
    try:
        await store.open()
        assert store._folder is not None
        store._folder.collection._graphs._from_points = POINTS
        for number, vector in enumerate(stored):
            await store.store(SCOPE, vector, entry(str(number)))
        await store.nearest(SCOPE, stored[0], now=NOW, limit=5)
        assert store._growing is not None
        async with asyncio.timeout(60):
            await store._growing
        assert graph_of(store._folder.collection) == POINTS
    finally:
        await store.aclose()

    assert len(list(tmp_path.glob("*.graphs/*.graph"))) == files  # noqa: ASYNC240


def no_room(_file_bytes: int) -> bool:
    return False


@asynccontextmanager
async def kept_within(folder: Path, *, file_bytes: int) -> AsyncIterator[QdrantEdgeCollection]:
    """As `opened`, on a disk with room for files of so many bytes when it is closed."""
    held = await graphed(folder)
    try:
        yield held.collection
    finally:
        await held.close(lambda needed: needed <= file_bytes)
