"""Collections of the embedded store whose scopes have graphs from a hundred points on, in parts."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.collection import QdrantEdgeCollection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder import QdrantFolder, open_folder
from llm_cache_proxy.ports.vector_store import Scope
from samples.stores.vectors import NOW, SCOPE, entry, random_vector

POINTS = 300
PART_POINTS = 120
DIMENSIONS = 384
OTHER = replace(SCOPE, fingerprint="e" * 64)


async def graphed(folder: Path) -> QdrantFolder:
    """As `opened`, for the caller to close."""
    return await open_folder(
        folder, "vectors", DIMENSIONS, graph_from_points=100, graph_part_points=PART_POINTS
    )


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[QdrantEdgeCollection]:
    """A collection whose scopes have graphs from a hundred points on, and several when filled."""
    held = await graphed(folder)
    try:
        yield held.collection
    finally:
        await held.close()


def vectors(count: int = POINTS, seed: int = 7) -> list[list[float]]:
    chance = random.Random(seed)  # noqa: S311 - no secret
    return [random_vector(chance) for _ in range(count)]


async def filled(
    collection: QdrantEdgeCollection, stored: list[list[float]], scope: Scope = SCOPE
) -> None:
    for number, vector in enumerate(stored):
        await collection.store(scope, vector, entry(f"{number} of {scope.fingerprint[0]}"))


async def names(
    collection: QdrantEdgeCollection,
    vector: list[float],
    *,
    scope: Scope = SCOPE,
    now: int = NOW,
    limit: int = 5,
) -> list[str]:
    found = await collection.nearest(scope, vector, now=now, limit=limit)
    return [candidate.text for candidate in found.candidates]


def grown(collection: QdrantEdgeCollection) -> int:
    """Let every graph become whole; in how many steps."""
    steps = 0
    while (step := collection.growth()) is not None:
        step()
        steps += 1
    assert not collection.has_to_grow
    return steps


def graph_of(collection: QdrantEdgeCollection, scope: Scope = SCOPE) -> int:
    """How many points the graph of a scope holds; 0 where there is none that is used."""
    held = collection._graphs.of(scope)
    return len(held.graph) if held is not None and held.whole else 0
