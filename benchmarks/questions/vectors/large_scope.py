"""What a search in one large scope costs: through its graph, and beside it every vector compared.

The same folder is searched in turns, first as it is opened, then with the scope's graph.
"""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.findings import Budget, Finding, Table
from benchmarks.questions.vectors.vector_search import (
    NOW,
    fill,
    nearest_keys,
    scope_of,
)
from benchmarks.rig.processes import resident_mb
from benchmarks.rig.prompt_vectors import PromptVectors, Vectors
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.collection import QdrantEdgeCollection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder import open_folder

METHOD = (
    "Vectors that lie as prompts' do (drawn near MiniLM's of the labelled prompts, seeded) with an "
    "answer of 900 characters each, all in one scope; {searches} searches of 5 candidates, on the "
    "clock, in the engine's thread, and the processor time of each. Recall is the share of the 5 "
    "nearest by exact arithmetic that are found. The graph grows with one thread; memory is what "
    "is resident more afterwards, the engine's files that growing reads among it. Opening reads "
    "its files, after a kill with what they may lack looked for among all entries."
)
SCOPE = scope_of(0, 1)
_NONE = 1 << 62


class Searched(NamedTuple):
    """Milliseconds of one way to search, and what share of the nearest it found."""

    p50: float
    p95: float
    cpu: float
    recall: float

    def cells(self) -> list[str]:
        """On the clock, and of the processor."""
        return [f"{self.p50:.2f} / {self.p95:.2f}", f"{self.cpu:.2f}"]


class Large(NamedTuple):
    """One size: every vector compared, through the graph, and what the graph costs."""

    entries: int
    compared: Searched
    graph: Searched
    growth_ms: float
    graph_mb: float
    folder_mb: float
    graph_folder_mb: float
    opened_ms: float
    after_kill_ms: float

    def row(self) -> list[str]:
        """As cells."""
        return [
            f"{self.entries:,}",
            *self.compared.cells(),
            *self.graph.cells(),
            f"{self.graph.recall:.4f}",
            f"{self.growth_ms:.2f}",
            f"{self.graph_mb:.0f}",
            f"{self.folder_mb:.0f} + {self.graph_folder_mb:.0f}",
            f"{self.opened_ms:.0f} / {self.after_kill_ms:.0f}",
        ]


def measured(*, entries: int = 100_000, most_ms: float = 3, searches: int = 200) -> Finding:
    """Fill, search, let the graph grow, search again."""
    found = asyncio.run(searched(entries, searches))
    columns = ["entries", "every vector, p50 / p95", "CPU", "graph, p50 / p95", "CPU", "recall@5"]
    columns += [
        "growth, CPU ms an entry",
        "graph, MB",
        "folder + graph, MB",
        "open / after a kill, ms",
    ]
    return Finding(
        question=f"What does a search among {entries:,} entries in one scope cost?",
        method=METHOD.format(searches=searches),
        tables=[Table("One scope, milliseconds", columns, [found.row()])],
        budgets=[
            Budget(
                f"semantic search, embedded, {entries:,} entries in one scope: CPU",
                found.graph.cpu,
                most_ms,
                "ms",
            ),
            Budget(
                f"its CPU at {entries:,}, of comparing every vector",
                found.graph.cpu / found.compared.cpu,
                0.5,
                "×",
            ),
            Budget(f"its recall@5 at {entries:,}", found.graph.recall, 0.99, least=True),
            Budget(
                f"opening it at {entries:,} after a kill, of growing its graph",
                found.after_kill_ms / (found.growth_ms * entries),
                0.5,
                "×",
            ),
        ],
        figures={"search_ms": found.graph.cpu, "recall": found.graph.recall},
    )


async def searched(entries: int, searches: int, prompts: int = 3_000) -> Large:
    """One size in a folder of its own."""
    source = PromptVectors(prompts)
    vectors, asked = source.drawn(entries), source.drawn(searches)
    nearest = [nearest_keys(vectors, vector) for vector in asked]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        opened = await open_folder(folder, "held", 384, graph_from_points=_NONE)
        fill(opened.collection, vectors, 1)
        compared = await _searches(opened.collection, asked, nearest)
        await opened.close()
        opened = await open_folder(folder, "held", 384)
        before_mb = resident_mb(os.getpid())
        await opened.collection.nearest(SCOPE, asked[0].tolist(), now=NOW, limit=5)
        began = time.process_time()
        while (step := opened.collection.growth()) is not None:
            step()
        growth_ms = (time.process_time() - began) * 1000 / entries
        graph_mb = resident_mb(os.getpid()) - before_mb
        graph = await _searches(opened.collection, asked, nearest)
        await opened.collection.let_go()  # as a kill leaves it
        opened.release()
        after_kill_ms, opened_ms = [await _opened_ms(folder) for _ in range(2)]
        sizes = _megabytes(folder / "held"), _megabytes(folder / "held.graphs")
    return Large(entries, compared, graph, growth_ms, graph_mb, *sizes, opened_ms, after_kill_ms)


async def _opened_ms(folder: Path) -> float:
    """Until the graph is whole; then the collection is closed."""
    began = time.perf_counter()
    opened = await open_folder(folder, "held", 384)
    while (step := opened.collection.growth()) is not None:
        step()
    taken = (time.perf_counter() - began) * 1000
    await opened.close()
    return taken


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file()) / 1e6


async def _searches(
    collection: QdrantEdgeCollection, asked: Vectors, nearest: list[set[str]]
) -> Searched:
    taken_ms, met, before = [], 0, time.process_time()
    for vector, wanted in zip(asked, nearest, strict=True):
        began = time.perf_counter()
        found = await collection.nearest(SCOPE, vector.tolist(), now=NOW, limit=5)
        taken_ms.append((time.perf_counter() - began) * 1000)
        met += len(wanted & {candidate.key for candidate in found.candidates})
    p95 = sorted(taken_ms)[int(len(taken_ms) * 0.95)]
    cpu_ms = (time.process_time() - before) * 1000 / len(asked)
    return Searched(median(taken_ms), p95, cpu_ms, met / 5 / len(asked))
