"""The graphs of large scopes beside the embedded store: what they find, and how they grow."""

import asyncio
import random
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


async def test_of_what_is_too_far_off_a_graph_has_only_the_nearest_read(tmp_path: Path) -> None:
    asked = vectors(1, seed=8)[0]
    async with opened(tmp_path) as collection:
        await filled(collection, vectors())
        found = await collection.nearest(SCOPE, asked, now=NOW, limit=5)
        grown(collection)
        [first, second, third, *_] = found.candidates

        near = await collection.nearest(SCOPE, asked, now=NOW, limit=5, at_least=second.similarity)
        none_near = await collection.nearest(SCOPE, asked, now=NOW, limit=5, at_least=1.0)

        assert third.similarity < second.similarity
        assert near.candidates == [first, second]
        assert none_near.candidates == [first]


@pytest.mark.parametrize("at_least", [-1.0, 0.999])
async def test_what_has_expired_hides_no_living_point_of_a_graph(
    at_least: float, tmp_path: Path
) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        for number in range(3):
            await collection.store(SCOPE, stored[5], entry(f"dead {number}", expires_at=NOW))
        await names(collection, stored[5])
        grown(collection)

        found = await collection.nearest(SCOPE, stored[5], now=NOW, limit=5, at_least=at_least)

        texts = [candidate.text for candidate in found.candidates]
        assert texts[0] == "What is 5 of f?"
        assert not any("dead" in text for text in texts)


@pytest.mark.parametrize("changed", [{"format_version": 0}, {"text": None}])
async def test_what_is_no_entry_hides_no_candidate_of_a_graph(
    changed: dict[str, object], tmp_path: Path
) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[5])
        grown(collection)
        unsound = entry("5 of f")
        name = point_id("acme", unsound.key)
        payload = {**payload_of(SCOPE, unsound), **changed}
        point = edge.Point(id=name, vector=stored[5], payload=payload)
        collection._shard.update(edge.UpdateOperation.upsert_points([point]))

        found = await collection.nearest(SCOPE, stored[5], now=NOW, limit=5, at_least=0.999)

        assert found.candidates
        assert found.candidates[0].text != "What is 5 of f?"


@pytest.mark.parametrize("at_least", [2.0, float("nan")])
async def test_a_similarity_that_none_has_leaves_the_nearest_of_a_graph(
    at_least: float, tmp_path: Path
) -> None:
    stored = vectors()
    async with opened(tmp_path) as collection:
        await filled(collection, stored)
        await names(collection, stored[5])
        grown(collection)

        found = await collection.nearest(SCOPE, stored[5], now=NOW, limit=5, at_least=at_least)

        assert [one.text for one in found.candidates] == ["What is 5 of f?"]


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
