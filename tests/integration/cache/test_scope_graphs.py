"""The graphs of large scopes beside the embedded store: what they find, how they grow and last."""

import asyncio
import os
import random
import signal
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
import qdrant_edge as edge

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder import open_folder
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graphs import GRAPH_FROM_POINTS
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.payload import payload_of, point_id
from samples.stores.scope_graphs import (
    DIMENSIONS,
    OTHER,
    POINTS,
    filled,
    graph_of,
    grown,
    names,
    opened,
    vectors,
)
from samples.stores.vectors import NOW, SCOPE, entry, key


async def test_a_graph_finds_what_comparing_every_vector_finds(tmp_path: Path) -> None:
    async with opened(tmp_path) as collection:
        await filled(collection, vectors())
        asked = vectors(40, seed=8)
        compared = [await collection.nearest(SCOPE, one, now=NOW, limit=5) for one in asked]

        assert grown(collection) > 1
        through_graph = [await collection.nearest(SCOPE, one, now=NOW, limit=5) for one in asked]

        assert graph_of(collection) == POINTS
        assert through_graph == compared  # with the same similarities to the last digit


async def test_a_scope_that_holds_little_has_no_graph(tmp_path: Path) -> None:
    async with opened(tmp_path) as collection:
        await filled(collection, vectors(99))

        await names(collection, vectors(1)[0])

        assert not collection.has_to_grow


async def test_a_graph_leaves_out_other_scopes_and_what_has_expired(tmp_path: Path) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await filled(collection, stored, OTHER)
        await collection.store(SCOPE, stored[5], entry("dead", expires_at=NOW))
        for scope in (SCOPE, OTHER):
            await names(collection, stored[5], scope=scope)
        grown(collection)

        assert (await names(collection, stored[5]))[0] == "What is 5 of f?"
        assert (await names(collection, stored[5], scope=OTHER))[0] == "What is 5 of e?"
        assert await names(collection, stored[5], now=NOW + 4000) == []
        elsewhere = replace(SCOPE, tenant="other")
        assert await names(collection, stored[5], scope=elsewhere) == []


@pytest.mark.parametrize("steps", [0, 1, 3, 100])
async def test_what_is_stored_while_a_graph_grows_is_found_once(tmp_path: Path, steps: int) -> None:
    async with opened(tmp_path) as collection:
        await filled(collection, vectors())
        await names(collection, vectors(1)[0])
        for _ in range(steps):
            if (step := collection.growth()) is not None:
                step()
        for number, vector in enumerate(vectors(30, seed=9)):
            await collection.store(SCOPE, vector, entry(f"late {number}"))
        grown(collection)

        assert graph_of(collection) == POINTS + 30
        for number, vector in enumerate(vectors(30, seed=9)):
            assert (await names(collection, vector))[0] == f"What is late {number}?"


async def test_storing_an_entry_again_adds_nothing(tmp_path: Path) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)

        await filled(collection, stored[:20])

        assert graph_of(collection) == POINTS


async def test_an_entry_that_moves_to_the_scope_is_added(tmp_path: Path) -> None:
    stored, moved = vectors(), vectors(1, seed=9)[0]
    former = replace(SCOPE, embedder_id="former")
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await collection.store(former, moved, entry("moved"))
        await names(collection, stored[0])
        grown(collection)

        await collection.store(SCOPE, moved, entry("moved"))

        assert (await names(collection, moved))[0] == "What is moved?"


async def test_what_is_cleared_is_not_found_and_a_deserted_graph_goes(tmp_path: Path) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)
        await collection.sweep("acme", "entry:ent_5 of f", 100)

        assert "What is 5 of f?" not in await names(collection, stored[5])
        assert graph_of(collection) == POINTS
        await collection.sweep("acme", "all", 100)

        assert graph_of(collection) == 0
        assert await names(collection, stored[5]) == []


async def test_what_a_graph_cannot_fill_up_is_looked_for_among_all(tmp_path: Path) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)
        nearest = await names(collection, stored[0], limit=40)
        await collection.remove([point_id("acme", key(_name(text))) for text in nearest])

        found = await names(collection, stored[0])

        assert graph_of(collection) == POINTS
        assert len(found) == 5
        assert not set(found) & set(nearest)


def _name(text: str) -> str:
    return text.removeprefix("What is ").removesuffix("?")


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


@pytest.mark.parametrize("harm", ["cut short", "gone", "no contents", "another's"])
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
        (folder / "1.graph").write_bytes((folder / "1.graph").read_bytes()[:-100])
    elif harm == "gone":
        (folder / "1.ids").unlink()
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
from integration.cache.test_scope_graphs import *

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


async def test_a_graph_is_used_until_another_without_what_was_removed_is_whole(
    tmp_path: Path,
) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)

        await collection.remove([point_id("acme", key(f"{at} of f")) for at in range(170)])
        late = vectors(1, seed=9)[0]
        await collection.store(SCOPE, late, entry("late"))

        assert graph_of(collection) == POINTS + 1
        assert (await names(collection, late))[0] == "What is late?"
        grown(collection)
        assert graph_of(collection) == POINTS - 170 + 1
        assert (await names(collection, late))[0] == "What is late?"
        assert (await names(collection, stored[200]))[0] == "What is 200 of f?"


async def test_what_is_cleared_while_a_graph_grows_is_not_found(tmp_path: Path) -> None:
    stored, late = vectors(), vectors(1, seed=9)[0]
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        step = collection.growth()
        assert step is not None

        assert await collection.sweep("acme", "all", 100) == POINTS
        step()
        await collection.store(SCOPE, late, entry("late"))
        grown(collection)

        assert [await names(collection, vector) for vector in stored[:20]] == [
            ["What is late?"]
        ] * 20


async def test_a_graph_that_failed_is_made_again(tmp_path: Path) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        held = collection._graphs.of(SCOPE)
        assert held is not None
        with pytest.raises(ValueError, match="dimension"):
            held.add([(uuid.uuid4(), [1.0, 2.0])])

        grown(collection)

        assert collection._graphs.of(SCOPE) is None
        assert (await names(collection, stored[5]))[0] == "What is 5 of f?"
        grown(collection)
        assert graph_of(collection) == POINTS


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


async def test_a_large_scope_gets_its_graph_between_requests(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - no secret
    few = [[chance.gauss(0, 1) for _ in range(8)] for _ in range(GRAPH_FROM_POINTS)]
    held = await open_folder(tmp_path, "llm_cache_proxy", 8)
    points = [
        edge.Point(
            id=point_id("acme", key(str(number))),
            vector=vector,
            payload=payload_of(SCOPE, entry(str(number))),
        )
        for number, vector in enumerate(few)
    ]
    held.collection._shard.update(edge.UpdateOperation.upsert_points(points))
    await held.close()
    store = QdrantLocalVectors(tmp_path, timeout_seconds=20, dimensions=8)
    try:
        first = await store.nearest(SCOPE, few[5], now=NOW, limit=5)
        assert store._growing is not None
        async with asyncio.timeout(60):
            await store._growing

        assert store._folder is not None
        assert graph_of(store._folder.collection) == GRAPH_FROM_POINTS
        assert await store.nearest(SCOPE, few[5], now=NOW, limit=5) == first
    finally:
        await store.aclose()


async def test_a_graph_outlives_the_compaction_of_its_collection(tmp_path: Path) -> None:
    stored = vectors()
    held = await open_folder(tmp_path, "vectors", DIMENSIONS, graph_from_points=100)
    try:
        await filled(held.collection, stored)
        await names(held.collection, stored[0])
        grown(held.collection)

        assert await held.compact()

        assert graph_of(held.collection) == POINTS
        assert (await names(held.collection, stored[7]))[0] == "What is 7 of f?"
    finally:
        await held.close()
