"""Qdrant and the embedder fail in every way under a running load: misses, and hits come back."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from llm_cache_proxy.adapters.vector_store.qdrant.port import DEFAULT_COLLECTION
from resilience.load import Load, pairs
from servers.link import Link, Mode
from servers.proxy.process import proxy_process
from servers.qdrant.memory import Collection
from servers.qdrant.rest_server import QdrantRest
from servers.thread import ThreadServer
from servers.upstream.scripted import ScriptedUpstream

DEADLINE_SECONDS = 0.5
TIERS = 2  # a vector, then its neighbours; storing asks for both again
SLACK_SECONDS = 25.0  # for a machine that is busy; what waits for a lost reply waits far longer
LOST_SECONDS = 60.0
FAULT_SECONDS = 2.5  # in which a breaker opens, and tries again
BACK_SECONDS = 60.0


@dataclass
class EmbeddingService:
    """One vector for every text, `dimensions` long; `forced`, a status and a text, instead."""

    dimensions: int = 384
    value: float = 1.0
    forced: tuple[int, str] | None = None

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/", self._embed, methods=["POST"])])

    async def _embed(self, _: Request) -> Response:
        if self.forced is not None:
            return PlainTextResponse(self.forced[1], self.forced[0])
        return JSONResponse({"embedding": [self.value, *[0.0] * (self.dimensions - 1)]})


@dataclass
class Parts:
    """What a fault may lay hands on."""

    qdrant: QdrantRest = field(default_factory=QdrantRest)
    embedding: EmbeddingService = field(default_factory=EmbeddingService)
    to_qdrant: Link = field(init=False)
    to_embedding: Link = field(init=False)

    def replace_collection(self, dimensions: int | None) -> None:
        """Another one under its name, or none."""
        self.qdrant.collections.pop(DEFAULT_COLLECTION, None)
        if dimensions is not None:
            self.qdrant.collections[DEFAULT_COLLECTION] = Collection(
                dimensions, "Cosine", strict=True
            )


Change = Callable[[Parts], object]


def on_the_way_to(link: str, mode: Mode) -> tuple[Change, Change]:
    return (
        lambda parts: getattr(parts, link).turn(mode),
        lambda parts: getattr(parts, link).turn(Mode.PASS),
    )


def forced_embedding(status: int, text: str) -> tuple[Change, Change]:
    return (
        lambda parts: setattr(parts.embedding, "forced", (status, text)),
        lambda parts: setattr(parts.embedding, "forced", None),
    )


FAULTS: dict[str, tuple[Change, Change]] = {
    "qdrant down": on_the_way_to("to_qdrant", Mode.REFUSE),
    "qdrant black hole": on_the_way_to("to_qdrant", Mode.BLACK_HOLE),
    "qdrant slow": on_the_way_to("to_qdrant", Mode.SLOW),
    "qdrant rubbish": on_the_way_to("to_qdrant", Mode.RUBBISH),
    "collection missing": (lambda parts: parts.replace_collection(None), lambda _: None),
    "wrong dimension": (
        lambda parts: parts.replace_collection(3),
        lambda parts: parts.replace_collection(None),
    ),
    "qdrant failing": (
        lambda parts: setattr(parts.qdrant, "forced", (500, b"not json")),
        lambda parts: setattr(parts.qdrant, "forced", None),
    ),
    "embedder down": on_the_way_to("to_embedding", Mode.REFUSE),
    "embedder black hole": on_the_way_to("to_embedding", Mode.BLACK_HOLE),
    "embedder slow": on_the_way_to("to_embedding", Mode.SLOW),
    "embedder throttled": forced_embedding(429, "Too Many Requests"),
    "embedder failing": forced_embedding(500, "Internal Server Error"),
    "embedder rubbish": forced_embedding(200, "<html>"),
    "embedder wrong size": (
        lambda parts: setattr(parts.embedding, "dimensions", 3),
        lambda parts: setattr(parts.embedding, "dimensions", 384),
    ),
    "embedder no unit vector": (
        lambda parts: setattr(parts.embedding, "value", 0.0),
        lambda parts: setattr(parts.embedding, "value", 1.0),
    ),
}


@dataclass(frozen=True)
class Behind:
    """A proxy at `base_url`, whose Qdrant and embedder lie behind links."""

    parts: Parts
    base_url: str


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """One proxy for all faults: each must find it recovered from the one before."""
    parts = Parts()
    with ExitStack() as stack:
        for name, app in (("to_qdrant", parts.qdrant), ("to_embedding", parts.embedding.app())):
            server = stack.enter_context(ThreadServer(app).running())
            link = Link(int(server.url.rpartition(":")[2]), delay_seconds=LOST_SECONDS)
            setattr(parts, name, stack.enter_context(link.in_thread()))
        upstream = stack.enter_context(ScriptedUpstream().in_thread())
        proxy = stack.enter_context(
            proxy_process(
                tmp_path_factory.mktemp("behind") / "data",
                UPSTREAM_BASE_URL=upstream.base_url,
                QDRANT_URL=f"http://127.0.0.1:{parts.to_qdrant.port}",
                EMBEDDING_URL=f"http://127.0.0.1:{parts.to_embedding.port}/",
                SEARCH_DEADLINE_SECONDS=str(DEADLINE_SECONDS),
                EMBED_DEADLINE_SECONDS=str(DEADLINE_SECONDS),
            )
        )
        yield Behind(parts, proxy.base_url)


@contextmanager
def broken(parts: Parts, name: str) -> Iterator[None]:
    """For the block, and mended whatever happens in it."""
    begin, end = FAULTS[name]
    begin(parts)
    try:
        yield
    finally:
        end(parts)


@pytest.mark.parametrize("name", FAULTS)
def test_no_request_fails_and_semantic_hits_come_back(behind: Behind, name: str) -> None:
    with Load(behind.base_url, pairs).running() as load:
        load.wait_for("HIT-SEMANTIC", since=time.monotonic(), within_seconds=BACK_SECONDS)
        broken_at = time.monotonic()

        with broken(behind.parts, name):
            time.sleep(FAULT_SECONDS)
            load.wait_for_more_than(10, since=broken_at, within_seconds=BACK_SECONDS)
        mended_at = time.monotonic()

        load.wait_for("HIT-SEMANTIC", since=mended_at, within_seconds=BACK_SECONDS)
        every = load.since(broken_at)

    assert {(sample.status, sample.error) for sample in every} == {(200, "")}
    longest = max(sample.seconds for sample in every)
    assert longest < TIERS * DEADLINE_SECONDS + SLACK_SECONDS
