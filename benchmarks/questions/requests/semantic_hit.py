"""What a semantic hit takes, whole and by its parts, among 10,000 entries in the same scope."""

import asyncio
import tempfile
from pathlib import Path
from statistics import median

import qdrant_edge as edge

from benchmarks.findings import Budget, Finding, Table
from benchmarks.questions.vectors.vector_search import NOW, entry_of
from benchmarks.rig.load import Connection, Reply, chat_request
from benchmarks.rig.paraphrases import PROMPT, STORED, TOPICS
from benchmarks.rig.processes import cpu_seconds
from benchmarks.rig.prompt_vectors import PromptVectors
from benchmarks.rig.servers import MODEL
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.collection import QdrantEdgeCollection
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder import open_folder
from llm_cache_proxy.adapters.vector_store.qdrant.payload import payload_of, point_id
from llm_cache_proxy.adapters.vector_store.qdrant.port import DEFAULT_COLLECTION
from llm_cache_proxy.ports.vector_store import Scope
from servers.proxy.process import ProxyProcess, proxy_process
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream

METHOD = (
    "The local server with Redis, the embedded semantic store and MiniLM in process; {entries:,} "
    "entries in the scope of {asked} questions, and its graph; each is asked once more in other "
    "words, on the clock. The parts are what the answer's `server-timing` says; what is left is "
    "everything else, the client's own time included."
)
PARTS = ("exact", "embed", "search")
_WARM_UP = ("red", "green", "blue", "yellow", "black")


def measured(*, entries: int = 10_000) -> Finding:
    """Ask, fill the scope up, ask in other words."""
    with (
        tempfile.TemporaryDirectory() as name,
        redis_process() as redis_url,
        ScriptedUpstream().in_thread() as upstream,
    ):
        data = Path(name) / "data"
        settings = {"REDIS_URL": redis_url, "UPSTREAM_BASE_URL": upstream.base_url}
        with proxy_process(data, **settings) as proxy:
            _asked(proxy, STORED, "MISS")
        asyncio.run(_fill(data / "qdrant", entries))
        with proxy_process(data, **settings) as proxy:
            hits, cpu_ms = _asked(proxy, PROMPT, "HIT-SEMANTIC")
    return _finding(hits, cpu_ms, METHOD.format(entries=entries, asked=len(TOPICS)))


def _asked(proxy: ProxyProcess, form: str, result: str) -> tuple[list[Reply], float]:
    """The answers of that result, and the CPU milliseconds of each, once everything is warm."""
    with Connection(proxy.url) as connection:
        for colour in _WARM_UP:  # the first one opens the scope's graph
            connection.ask(chat_request(proxy.url, f"Name a shade of {colour}.", MODEL))
        before = cpu_seconds(proxy.process.pid)
        replies = [
            connection.ask(chat_request(proxy.url, form.format(topic), MODEL)) for topic in TOPICS
        ]
        cpu_ms = (cpu_seconds(proxy.process.pid) - before) * 1000 / len(TOPICS)
    found = [reply for reply in replies if reply.headers["x-cache"] == result]
    if len(found) < len(TOPICS) * 0.8:  # the guard may find a difference in some
        raise RuntimeError(f"{len(found)} of {len(TOPICS)} answers were a {result}")
    return found, cpu_ms


async def _fill(folder: Path, entries: int) -> None:
    """As many entries beside those that were asked for, in their scope."""
    opened = await open_folder(folder, DEFAULT_COLLECTION, 384)
    shard = _shard(opened.collection)
    [first], _ = shard.scroll(edge.ScrollRequest(limit=1, with_payload=True))
    known = first.payload or {}
    scope = Scope(known["tenant"], known["fingerprint"], known["embedder"])
    vectors = PromptVectors(1_000).drawn(entries)
    points = [
        edge.Point(
            id=point_id(scope.tenant, f"{number:064x}"),
            vector=vector.tolist(),
            payload=payload_of(scope, entry_of(number)),
        )
        for number, vector in enumerate(vectors)
    ]
    shard.update(edge.UpdateOperation.upsert_points(points))
    await opened.collection.nearest(scope, vectors[0].tolist(), now=NOW, limit=5)
    while (step := opened.collection.growth()) is not None:
        step()
    await opened.close()


def _shard(collection: QdrantEdgeCollection) -> edge.EdgeShard:
    return collection._shard  # noqa: SLF001 - through the port it would take minutes


def _parts(reply: Reply) -> dict[str, float]:
    said = (part.split(";dur=") for part in reply.headers["server-timing"].split(", "))
    return {name: float(spent) for name, spent in said}


def _finding(hits: list[Reply], cpu_ms: float, method: str) -> Finding:
    whole = [reply.last_seconds * 1000 for reply in hits]
    parts = {name: [_parts(reply).get(name, 0.0) for reply in hits] for name in PARTS}
    left = [all_ms - sum(_parts(reply).values()) for all_ms, reply in zip(whole, hits, strict=True)]
    rows = {"whole": whole, **parts, "everything else": left}
    table = [[name, f"{median(taken):.2f}", _p95(taken)] for name, taken in rows.items()]
    return Finding(
        question="What does a semantic hit take?",
        method=method,
        tables=[
            Table(
                "A semantic hit among 10,000 entries, milliseconds",
                ["", "p50", "p95"],
                [*table, ["CPU of the server (mean)", f"{cpu_ms:.2f}", ""]],
            )
        ],
        budgets=[Budget("semantic hit, whole, at 10,000 entries: p50", median(whole), 8, "ms")],
        figures={"whole_ms": median(whole), "cpu_ms": cpu_ms},
    )


def _p95(taken: list[float]) -> str:
    return f"{sorted(taken)[int(len(taken) * 0.95)]:.2f}"
