"""Measures the embedded semantic store: one search, by entries held and by scopes they are in.

Run `python benchmarks/vector_search.py [--entries 1000 10000] [--searches 30]`; it works in a
temporary folder and prints a Markdown table. Vectors are random, seeded, of unit length.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from llm_cache_proxy.adapters.qdrant_local_vectors import QdrantLocalVectors
from llm_cache_proxy.domain.entry import Entry, Forms
from llm_cache_proxy.ports.vector_store import Scope

NOW = 1_800_000_000
ANSWER = "An answer of a usual length. " * 30


def entry(number: int) -> Entry:
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


def scope(number: int, scopes: int) -> Scope:
    return Scope("default", f"{number % scopes:064x}", "benchmark")


async def measure(entries: int, scopes: int, searches: int) -> str:
    """One row of the table; milliseconds."""
    directions = np.random.default_rng(7)

    def vector() -> list[float]:
        drawn = directions.standard_normal(384)
        unit: list[float] = (drawn / np.linalg.norm(drawn)).tolist()
        return unit

    with tempfile.TemporaryDirectory() as folder:
        store = QdrantLocalVectors(Path(folder), timeout_seconds=60)
        await store.open()
        started = time.perf_counter()
        for number in range(entries):
            await store.store(scope(number, scopes), vector(), entry(number))
        store_ms = (time.perf_counter() - started) * 1000 / entries
        taken_ms = []
        for number in range(searches):
            asked = vector()
            started = time.perf_counter()
            await store.nearest(scope(number, scopes), asked, now=NOW, limit=5)
            taken_ms.append((time.perf_counter() - started) * 1000)
        await store.aclose()
        reopened = QdrantLocalVectors(Path(folder), timeout_seconds=60)
        started = time.perf_counter()
        await reopened.open()
        open_ms = (time.perf_counter() - started) * 1000
        await reopened.aclose()
    p50, p95 = statistics.median(taken_ms), statistics.quantiles(taken_ms, n=20)[-1]
    return f"| {entries:,} | {scopes:,} | {p50:.1f} | {p95:.1f} | {store_ms:.2f} | {open_ms:.0f} |"


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--searches", type=int, default=30)
    options = parser.parse_args()
    print("| entries | scopes | search p50, ms | search p95, ms | one write, ms | open, ms |")
    print("|---|---|---|---|---|---|")
    for entries in options.entries:
        for scopes in (1, entries // 10):
            print(await measure(entries, scopes, options.searches), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
