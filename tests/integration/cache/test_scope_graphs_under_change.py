"""A scope's graph while others store, remove and clear: what it holds, finds and costs."""

import asyncio
import uuid
from pathlib import Path

import pytest
import qdrant_edge as edge

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.collection import QdrantEdgeCollection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder import open_folder
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.payload import payload_of, point_id
from llm_cache_proxy.ports.vector_store import Scope
from samples.stores.scope_graphs import (
    POINTS,
    filled,
    graph_of,
    grown,
    names,
    opened,
    vectors,
)
from samples.stores.vectors import NOW, SCOPE, entry, key


async def test_a_scope_among_those_of_many_tenants_gets_a_graph_that_lasts(
    tmp_path: Path,
) -> None:
    stored = vectors(150)
    async with opened(tmp_path) as collection:
        for number in range(6):
            scope = Scope(f"tenant {number}", f"{number:064x}", "embedder")
            await filled(collection, stored, scope)
        await names(collection, stored[0], scope=scope)
        assert collection.has_to_grow
        grown(collection)

        await collection.remove([point_id(scope.tenant, key(f"{n} of 0")) for n in range(20)])

        assert graph_of(collection, scope) == 150
        assert not collection.has_to_grow


async def test_a_scope_that_only_shares_its_parts_with_many_entries_has_no_graph(
    tmp_path: Path,
) -> None:
    stored = vectors(120)
    shared = Scope("large", "a" * 64, "embedder")
    async with opened(tmp_path) as collection:
        await filled(collection, stored, Scope("large", "b" * 64, "embedder"))
        await filled(collection, stored, Scope("other", "a" * 64, "embedder"))
        await filled(collection, stored[:20], shared)

        await names(collection, stored[0], scope=shared)

        assert not collection.has_to_grow


async def test_what_waits_to_be_added_does_not_stand_in_for_nearer_points(tmp_path: Path) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        nearest = await names(collection, stored[0], limit=45)
        while graph_of(collection) == 0 and (step := collection.growth()) is not None:
            if graph_of(collection) == 0:
                step()  # the last one, which writes its files, has still to be done

        far = [-number for number in stored[0]]
        for number in range(5):
            await collection.store(SCOPE, far, entry(f"far {number}"))
        await collection.remove([point_id("acme", key(_name(text))) for text in nearest[:40]])

        assert graph_of(collection) == POINTS
        assert await names(collection, stored[0]) == nearest[40:]


async def test_a_graph_becomes_whole_while_someone_stores_all_the_time(tmp_path: Path) -> None:
    late = vectors(60, seed=9)
    async with opened(tmp_path) as collection:
        await filled(collection, vectors())
        await names(collection, late[0])
        for number, vector in enumerate(late):
            if (step := collection.growth()) is not None:
                step()
            await collection.store(SCOPE, vector, entry(f"late {number}"))
            assert (await names(collection, vector))[0] == f"What is late {number}?"

        assert graph_of(collection) > POINTS


@pytest.mark.parametrize("is_closed_at_once", [True, False])
async def test_what_was_stored_while_a_graph_was_written_is_added_in_portions(
    tmp_path: Path, *, is_closed_at_once: bool
) -> None:
    late = vectors(100, seed=9)
    async with opened(tmp_path) as collection:
        await filled(collection, vectors())
        await names(collection, late[0])
        while graph_of(collection) == 0 and (step := collection.growth()) is not None:
            writing = step
            if graph_of(collection) == 0:
                step()
        for number, vector in enumerate(late):
            await collection.store(SCOPE, vector, entry(f"late {number}"))
        writing()
        if not is_closed_at_once:
            assert collection.growth() is not None
            assert POINTS < graph_of(collection) < POINTS + 50
            assert (await names(collection, late[99]))[0] == "What is late 99?"
            grown(collection)
            assert graph_of(collection) == POINTS + 100

    async with opened(tmp_path) as collection:
        assert graph_of(collection) == POINTS + 100
        assert (await names(collection, late[99]))[0] == "What is late 99?"


async def test_a_graph_that_failed_takes_its_successor_with_it(tmp_path: Path) -> None:
    stored, late = vectors(), vectors(1, seed=9)[0]
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)
        await collection.remove([point_id("acme", key(f"{at} of f")) for at in range(170)])
        for _ in range(2):
            if (step := collection.growth()) is not None:
                step()
        held = collection._graphs.of(SCOPE)
        assert held is not None
        with pytest.raises(ValueError, match="dimension"):
            held.add([(uuid.uuid4(), [1.0, 2.0])])
        if (step := collection.growth()) is not None:
            step()

        await collection.store(SCOPE, late, entry("late"))
        grown(collection)
        await names(collection, late)
        grown(collection)

        assert graph_of(collection) == POINTS - 170 + 1
        assert (await names(collection, late))[0] == "What is late?"


async def test_a_successor_that_failed_leaves_the_graph_in_use(tmp_path: Path) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)
        await collection.remove([point_id("acme", key(f"{at} of f")) for at in range(170)])
        following = collection._graphs.unfinished()
        assert following is not None
        with pytest.raises(ValueError, match="dimension"):
            following[1].add([(uuid.uuid4(), [1.0, 2.0])])

        grown(collection)

        assert graph_of(collection) == POINTS
        assert (await names(collection, stored[200]))[0] == "What is 200 of f?"


@pytest.mark.parametrize("is_read_from_files", [True, False])
async def test_a_point_that_is_removed_and_stored_again_is_in_the_graph_once(
    tmp_path: Path, *, is_read_from_files: bool
) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)
        if not is_read_from_files:
            await _stored_again(collection, stored[0])
    if is_read_from_files:
        async with opened(tmp_path) as collection:
            await _stored_again(collection, stored[0])


async def _stored_again(collection: QdrantEdgeCollection, vector: list[float]) -> None:
    for _ in range(30):
        await collection.remove([point_id("acme", key("0 of f"))])
        await collection.store(SCOPE, vector, entry("0 of f"))

    assert graph_of(collection) == POINTS
    assert (await names(collection, vector))[0] == "What is 0 of f?"


async def test_a_graph_whose_scope_is_cleared_grows_no_further(tmp_path: Path) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        step = collection.growth()
        assert step is not None

        await collection.sweep("acme", "all", 100)
        step()

        assert not collection.has_to_grow


async def test_a_graph_that_loses_most_of_its_points_while_it_grows_begins_anew(
    tmp_path: Path,
) -> None:
    stored = vectors(450)
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        for _ in range(7):
            step = collection.growth()
            assert step is not None
            step()

        await collection.remove([point_id("acme", key(f"{at} of f")) for at in range(300)])
        grown(collection)

        assert graph_of(collection) == 150
        assert (await names(collection, stored[449]))[0] == "What is 449 of f?"


@pytest.mark.parametrize("count", [2_000, 2_500])
async def test_what_others_ask_goes_between_the_portions_of_a_large_clear(
    tmp_path: Path, count: int
) -> None:
    held = await open_folder(tmp_path, "llm_cache_proxy", 8)
    points = [
        edge.Point(
            id=point_id("acme", key(str(number))),
            vector=[1.0, number, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            payload=payload_of(SCOPE, entry(str(number))),
        )
        for number in range(count)
    ]
    held.collection._shard.update(edge.UpdateOperation.upsert_points(points))
    await held.close()
    store = QdrantLocalVectors(tmp_path, timeout_seconds=20, dimensions=8)
    try:
        await store.open()

        swept, left = await asyncio.gather(
            store.sweep("acme", "all", 100), store.count_entries("acme")
        )

        assert swept == count
        assert left == count - 1_000
        assert await store.nearest(SCOPE, [1.0] * 8, now=NOW, limit=5) == []
    finally:
        await store.aclose()


def _name(text: str) -> str:
    return text.removeprefix("What is ").removesuffix("?")


async def test_a_point_stored_again_while_its_graph_is_written_is_in_the_graph_once(
    tmp_path: Path,
) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        while graph_of(collection) == 0 and (step := collection.growth()) is not None:
            writing = step
            if graph_of(collection) == 0:
                step()

        await _stored_again(collection, stored[0])
        writing()
        grown(collection)

        assert graph_of(collection) == POINTS


async def test_a_point_that_lies_among_many_alike_is_in_the_graph_once(tmp_path: Path) -> None:
    stored = vectors(1) * POINTS
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)

        for number in range(POINTS):
            await collection.remove([point_id("acme", key(f"{number} of f"))])
            await collection.store(SCOPE, stored[0], entry(f"{number} of f"))

        assert graph_of(collection) == POINTS


async def test_a_point_stored_again_after_a_graph_was_replaced_is_in_the_graph_once(
    tmp_path: Path,
) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[0])
        grown(collection)
        await collection.remove([point_id("acme", key(f"{at} of f")) for at in range(170)])
        first = min(range(170, POINTS), key=lambda at: point_id("acme", key(f"{at} of f")))
        while collection._graphs.unfinished() is not None:
            step = collection.growth()
            assert step is not None
            step()
            await collection.remove([point_id("acme", key(f"{first} of f"))])

        await collection.store(SCOPE, stored[first], entry(f"{first} of f"))
        grown(collection)

        assert graph_of(collection) == POINTS - 170
