"""What the embedded semantic store costs: Qdrant Edge beside qdrant-client's local mode."""

import asyncio
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple, Protocol

import numpy as np
import qdrant_edge as edge
from qdrant_client import AsyncQdrantClient, models

from benchmarks.findings import Budget, Curves, Finding, Table
from benchmarks.rig.prompt_vectors import PromptVectors, Vectors
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.collection import QdrantEdgeCollection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder import open_folder
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graphs import GRAPH_FROM_POINTS
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.filters import living
from llm_cache_proxy.adapters.vector_store.qdrant.payload import (
    CANDIDATE_FIELDS,
    payload_of,
    point_id,
    sifted,
)
from llm_cache_proxy.adapters.vector_store.qdrant.port import DEFAULT_COLLECTION
from llm_cache_proxy.adapters.vector_store.qdrant.server.collection import as_filter
from llm_cache_proxy.domain.entries.entry import Entry, Forms
from llm_cache_proxy.ports.vector_store import Candidate, Scope

METHOD = (
    "Vectors that lie as prompts' do (drawn near MiniLM's of the labelled prompts, seeded) with an "
    "answer of 900 characters each; {searches} searches of 5 candidates, one at a time, on the "
    "clock, our adapter's threads included, then as many writes. One scope is one tenant with one "
    "system prompt: within it every vector is compared, and from 10,000 on its graph is searched, "
    "whole by then. The store was opened just before, so that of many scopes each is read from "
    "the disk's cache for the first time; a second search of one takes a tenth of that. Recall is "
    "the share of the 5 nearest by exact arithmetic that are found. "
    "Local mode searches in memory, kept in a file or not; here it is kept in none, for a file "
    "of 10,000 entries takes it minutes to write."
)
NOW = 1_800_000_000
ANSWER = "An answer of a usual length. " * 30
SIZES = (1_000, 10_000, 100_000)
LOCAL_MODE_SIZES = (1_000, 10_000)
_AT_ONCE = 500


class Store(Protocol):
    """What is measured of either."""

    async def nearest(
        self, scope: Scope, vector: Sequence[float], *, now: int, limit: int
    ) -> list[Candidate]:
        """One search."""
        ...

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        """One write."""
        ...


class Taken(NamedTuple):
    """Milliseconds."""

    engine: str
    entries: int
    scopes: int
    p50: float
    p95: float
    write: float
    open: str
    recall: str

    def row(self) -> list[str]:
        """As cells."""
        times = f"{self.p50:.2f}", f"{self.p95:.2f}", f"{self.write:.2f}", self.open
        return [self.engine, f"{self.entries:,}", f"{self.scopes:,}", *times, self.recall]


def measured(*, searches: int = 40) -> Finding:
    """Both engines in one run."""
    source = PromptVectors()
    taken = []
    for entries in SIZES:
        for scopes in (1, entries // 10):
            if scopes > 1 or entries < GRAPH_FROM_POINTS * 2:  # else large_scope.py
                vectors, asked = source.drawn(entries), source.drawn(searches)
                taken.append(asyncio.run(_edge(vectors, asked, scopes)))
            if entries in LOCAL_MODE_SIZES:
                taken.append(asyncio.run(_local_mode(vectors, asked[::2], scopes)))
    worst = {
        engine: [each.p50 for each in taken if each.engine == engine and each.scopes == 1]
        for engine in ("Qdrant Edge", "local mode")
    }
    many = [each.p50 for each in taken if each.engine == "Qdrant Edge" and each.scopes > 1]
    return Finding(
        question="What does a semantic search cost without a server?",
        method=METHOD.format(searches=searches),
        tables=[
            Table(
                "Embedded store, milliseconds",
                ["engine", "entries", "scopes", "search p50", "p95", "write", "open", "recall@5"],
                [each.row() for each in taken],
            )
        ],
        budgets=[
            Budget(
                "semantic search, embedded, 10,000 entries in one scope: p50",
                worst["Qdrant Edge"][1],
                5,
                "ms",
            )
        ],
        curves=[
            Curves(
                "vector_search",
                "Semantic search in process, p50",
                "entries",
                "milliseconds",
                SIZES,
                {
                    "Qdrant Edge, one scope": worst["Qdrant Edge"],
                    "Qdrant Edge, ten entries a scope": many,
                    "qdrant-client's local mode, one scope": worst["local mode"],
                },
            )
        ],
        figures={"search_ms": worst["Qdrant Edge"][1]},
    )


async def _edge(vectors: Vectors, asked: Vectors, scopes: int) -> Taken:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        opened = await open_folder(folder, DEFAULT_COLLECTION, 384)
        fill(opened.collection, vectors, scopes)
        await opened.close()
        store = QdrantLocalVectors(folder, timeout_seconds=60)
        started = time.perf_counter()
        await store.open()
        opening = f"{(time.perf_counter() - started) * 1000:.0f}"
        try:
            await store.nearest(scope_of(0, scopes), asked[0].tolist(), now=NOW, limit=5)
            if store._growing is not None:  # noqa: SLF001 - a large scope's graph
                await store._growing  # noqa: SLF001
            return await _taken("Qdrant Edge", store, vectors, asked, scopes, opening)
        finally:
            await store.aclose()


def fill(collection: QdrantEdgeCollection, vectors: Vectors, scopes: int) -> None:
    """Store all of them, many in one call: through the port each would be written on its own."""
    for first in range(0, len(vectors), _AT_ONCE):
        points = []
        for number in range(first, min(first + _AT_ONCE, len(vectors))):
            scope, entry = scope_of(number, scopes), entry_of(number)
            points.append(
                edge.Point(
                    id=point_id(scope.tenant, entry.key),
                    vector=vectors[number].tolist(),
                    payload=payload_of(scope, entry),
                )
            )
        collection._shard.update(edge.UpdateOperation.upsert_points(points))  # noqa: SLF001


async def _local_mode(vectors: Vectors, asked: Vectors, scopes: int) -> Taken:
    local = LocalMode(AsyncQdrantClient(":memory:"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its advice to use a server
        await local.fill(vectors.tolist(), scopes)
    found = await _taken("local mode", local, vectors, asked, scopes, "–")
    await local.client.close()
    return found


class LocalMode(NamedTuple):
    """qdrant-client without a server, given the same points and filters."""

    client: AsyncQdrantClient

    async def fill(self, vectors: Sequence[Sequence[float]], scopes: int) -> None:
        """Make the collection with these vectors in it."""
        shape = models.VectorParams(size=384, distance=models.Distance.COSINE)
        await self.client.create_collection("benchmark", vectors_config=shape)
        points = [
            _point(scope_of(number, scopes), vector, entry_of(number))
            for number, vector in enumerate(vectors)
        ]
        await self.client.upsert("benchmark", points=points)

    async def nearest(
        self, scope: Scope, vector: Sequence[float], *, now: int, limit: int
    ) -> list[Candidate]:
        """One search."""
        found = await self.client.query_points(
            "benchmark",
            query=list(vector),
            query_filter=as_filter(living(scope, now)),
            limit=limit,
            with_payload=CANDIDATE_FIELDS,
        )
        return sifted(found.points, scope).candidates

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        """One write."""
        await self.client.upsert("benchmark", points=[_point(scope, vector, entry)])


def _point(scope: Scope, vector: Sequence[float], entry: Entry) -> models.PointStruct:
    name = point_id(scope.tenant, entry.key)
    return models.PointStruct(id=name, vector=list(vector), payload=payload_of(scope, entry))


async def _taken(
    engine: str, store: Store, vectors: Vectors, asked: Vectors, scopes: int, opening: str
) -> Taken:
    entries, taken_ms, write_ms, met = len(vectors), [], [], 0
    for number, vector in enumerate(asked):
        scope = scope_of(number, scopes)
        started = time.perf_counter()
        found = await store.nearest(scope, vector.tolist(), now=NOW, limit=5)
        taken_ms.append((time.perf_counter() - started) * 1000)
        nearest = nearest_keys(vectors, vector) if scopes == 1 else set()
        met += len(nearest & {candidate.key for candidate in found})
        if not found:
            raise RuntimeError("nothing was found")
    for number, vector in enumerate(asked.tolist()):
        started = time.perf_counter()
        await store.store(scope_of(number, scopes), vector, entry_of(entries + number))
        write_ms.append((time.perf_counter() - started) * 1000)
    p95 = sorted(taken_ms)[int(len(taken_ms) * 0.95)]
    times = median(taken_ms), p95, median(write_ms)
    recall = f"{met / 5 / len(asked):.4f}" if scopes == 1 else "–"
    return Taken(engine, entries, scopes, *times, opening, recall)


def nearest_keys(vectors: Vectors, asked: Vectors) -> set[str]:
    """The keys of the 5 entries nearest to `asked` by exact arithmetic."""
    return {f"{number:064x}" for number in np.argpartition(-(vectors @ asked), 5)[:5]}


def scope_of(number: int, scopes: int) -> Scope:
    """The scope of an entry among so many."""
    return Scope("default", f"{number % scopes:064x}", "benchmark")


def entry_of(number: int) -> Entry:
    """An entry that lives for a day after `NOW`."""
    return Entry(
        key=f"{number:064x}",
        entry_id=f"ent_{number}",
        created_at=NOW,
        expires_at=NOW + 86_400,
        purge_at=NOW + 86_400,
        sequence=1,
        selectors=("all", "namespace:default", "model:benchmark", f"entry:ent_{number}"),
        model="benchmark",
        prompt_tokens=20,
        completion_tokens=200,
        text=f"What is the meaning of {number}?",
        text_digest=f"{number:064x}",
        forms=Forms(json=ANSWER, sse=ANSWER, usage_event=""),
    )
