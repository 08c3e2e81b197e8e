"""The ports of the pipeline with a span around each step; their answers are as they were."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from llm_cache_proxy.adapters.telemetry.traced_upstream import Address, TracedUpstream
from llm_cache_proxy.domain.entries.entry import Alias, Entry
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.pipeline.options import Ports
from llm_cache_proxy.ports.embedder import Embedder, Embedding
from llm_cache_proxy.ports.exact_store.store import (
    Answered,
    Commit,
    ExactStore,
    Lookup,
    Match,
    Promoted,
)
from llm_cache_proxy.ports.tracer import Facts, Span, Tracer
from llm_cache_proxy.ports.vector_store import ANY_SIMILARITY, Candidate, Scope, VectorStore
from llm_cache_proxy.ports.verifier import Question, Ruling, Verifier

if TYPE_CHECKING:
    from llm_cache_proxy.domain.guard.pair.traits import Traits
    from llm_cache_proxy.domain.guard.rule import Verdict

T = TypeVar("T")


def traced_ports(ports: Ports, tracer: Tracer, addresses: Mapping[str, Address]) -> Ports:
    """The same ports, each step of a request in a span; `addresses` by upstreams' names."""
    return replace(
        ports,
        exact=TracedExactStore(ports.exact, tracer),
        vectors=TracedVectorStore(ports.vectors, tracer),
        embedder=TracedEmbedder(ports.embedder, tracer),
        upstream=TracedUpstream(ports.upstream, tracer, addresses),
        verifier=None if ports.verifier is None else TracedVerifier(ports.verifier, tracer),
    )


@contextmanager
def spanning(
    tracer: Tracer, name: str, facts: Facts | None = None, *, leaves: bool = True
) -> Iterator[Span]:
    """A span that fails with what is raised inside, a deadline that has passed among it."""
    span = tracer.step(name, facts or {}, leaves=leaves)
    try:
        yield span
    except BaseException as exc:
        span.fail(type(exc).__name__)
        raise
    finally:
        span.end()


class TracedExactStore:
    """An exact store whose lookups and writes of a request are spans."""

    def __init__(self, store: ExactStore, tracer: Tracer) -> None:
        self._store = store
        self._tracer = tracer

    async def lookup(self, query: Lookup) -> Answered:
        """The store's answer."""
        with spanning(self._tracer, "exact lookup") as span:
            found = await self._store.lookup(query)
            span.note({"llm_cache.found": type(found).__name__})
            return found

    async def promote(
        self, tenant: str, alias: Alias | None, query: Lookup, match: Match | None = None
    ) -> Promoted:
        """The store's answer."""
        with spanning(self._tracer, "exact promote") as span:
            found = await self._store.promote(tenant, alias, query, match)
            span.note({"llm_cache.found": type(found).__name__})
            return found

    async def commit(self, commit: Commit) -> bool:
        """The store's answer."""
        facts = {"llm_cache.tier": "exact", "llm_cache.entry": commit.entry.entry_id}
        with spanning(self._tracer, "store", facts) as span:
            stored = await self._store.commit(commit)
            span.note({"llm_cache.stored": stored})
            return stored

    async def record(
        self, tenant: str, counts: Mapping[str, int], recent: Sequence[str] = ()
    ) -> None:
        """Pass on what is counted: it belongs to no request alone."""
        await self._store.record(tenant, counts, recent)

    async def aclose(self) -> None:
        """Close the store."""
        await self._store.aclose()


class TracedVectorStore:
    """A vector store whose searches and writes are spans."""

    def __init__(self, vectors: VectorStore, tracer: Tracer) -> None:
        self._vectors = vectors
        self._tracer = tracer

    async def nearest(
        self,
        scope: Scope,
        vector: Sequence[float],
        *,
        now: int,
        limit: int,
        at_least: float = ANY_SIMILARITY,
    ) -> list[Candidate]:
        """The store's answer."""
        with spanning(self._tracer, "search") as span:
            near = await self._vectors.nearest(
                scope, vector, now=now, limit=limit, at_least=at_least
            )
            span.note({"llm_cache.candidates": len(near)})
            if near:
                span.note({"llm_cache.similarity": near[0].similarity})
            return near

    async def fetch(self, tenant: str, key: str) -> Entry | None:
        """The store's answer."""
        with spanning(self._tracer, "search", {"llm_cache.fetch": True}):
            return await self._vectors.fetch(tenant, key)

    async def store(self, scope: Scope, vector: Sequence[float], entry: Entry) -> None:
        """Write the entry."""
        facts = {"llm_cache.tier": "semantic", "llm_cache.entry": entry.entry_id}
        with spanning(self._tracer, "store", facts):
            await self._vectors.store(scope, vector, entry)

    async def aclose(self) -> None:
        """Close the store."""
        await self._vectors.aclose()


class TracedEmbedder:
    """An embedder whose calls are spans."""

    def __init__(self, embedder: Embedder, tracer: Tracer) -> None:
        self._embedder = embedder
        self._tracer = tracer

    @property
    def embedder_id(self) -> str:
        """The embedder's own."""
        return self._embedder.embedder_id

    @property
    def priced_as(self) -> str:
        """The embedder's own."""
        return self._embedder.priced_as

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """The embedder's answer."""
        facts = {"gen_ai.operation.name": "embeddings"}
        with spanning(self._tracer, "embed", facts) as span:
            embedded = await self._embedder.embed(texts)
            span.note({"gen_ai.usage.input_tokens": sum(each.tokens for each in embedded)})
            return embedded

    async def aclose(self) -> None:
        """Close the embedder."""
        await self._embedder.aclose()


class TracedVerifier:
    """A verifier whose rulings are spans."""

    def __init__(self, verifier: Verifier, tracer: Tracer) -> None:
        self._verifier = verifier
        self._tracer = tracer

    async def rule(self, question: Question) -> Ruling:
        """The verifier's word."""
        with spanning(self._tracer, "verdict", {"llm_cache.judge": "verifier"}) as span:
            ruling = await self._verifier.rule(question)
            span.note({"llm_cache.accepted": ruling.approved})
            return ruling

    async def aclose(self) -> None:
        """Close the verifier."""
        await self._verifier.aclose()


class TracedGuard(Guard):
    """A guard whose verdicts are spans."""

    def __init__(self, guard: Guard, tracer: Tracer) -> None:
        super().__init__()
        self._guard = guard
        self._tracer = tracer

    @property
    def decision_version(self) -> int:
        """The guard's own."""
        return self._guard.decision_version

    def compare(self, a: str, b: str) -> "Verdict":
        """The guard's verdict."""
        return self._spanning(lambda: (self._guard.compare(a, b), None))[0]

    def compare_closely(self, a: str, b: str) -> "tuple[Verdict, Traits]":
        """The guard's verdict, and how much differs."""
        return self._spanning(lambda: self._guard.compare_closely(a, b))

    def _spanning(self, compare: Callable[[], "tuple[Verdict, T]"]) -> "tuple[Verdict, T]":
        facts = {"llm_cache.judge": "guard"}
        with spanning(self._tracer, "verdict", facts, leaves=False) as span:
            verdict, closely = compare()
            span.note({"llm_cache.accepted": verdict.accepted})
            if verdict.rule is not None:
                span.note({"llm_cache.rule": verdict.rule})
            return verdict, closely

    def load(self) -> None:
        """Load the guard."""
        self._guard.load()
