"""The local server's own app over real stores, with an embedder and an upstream of a test's."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp

from fakes.embedder import FakeEmbedder
from fakes.upstream import FakeUpstream
from llm_cache_proxy.adapters.exact_store.redis.client import redis_exact_store
from llm_cache_proxy.adapters.exact_store.sqlite.store import sqlite_exact_store
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.bootstrap.local.app import local_app
from llm_cache_proxy.bootstrap.parts import Exact, Parts
from llm_cache_proxy.settings import Settings
from servers.asgi import serving
from servers.redis.process import redis_process


@dataclass
class LocalApp:
    """A running proxy: its address, its app, and the parts that a test may look into."""

    url: str
    app: ASGIApp
    parts: Parts
    embedder: FakeEmbedder
    upstream: FakeUpstream
    client: httpx.AsyncClient

    async def ask(self, text: str, *, model: str = "gpt-4o-mini", **headers: str) -> httpx.Response:
        body = {"model": model, "messages": [{"role": "user", "content": text}]}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = await self.client.post("/v1/chat/completions", json=body, headers=named)
        assert response.status_code == 200, response.text
        return response

    async def act(self, path: str, **fields: Any) -> Any:
        response = await self.client.post(f"/admin/{path}", json=fields)
        assert response.status_code == 200, response.text
        return response.json()


@asynccontextmanager
async def running_local_app(kind: str, folder: Path) -> AsyncIterator[LocalApp]:
    """`kind` is the exact tier's: sqlite or redis; the semantic tier is a folder."""
    with ExitStack() as stack:
        exact: Exact
        if kind == "redis":
            exact = redis_exact_store(stack.enter_context(redis_process()), timeout_seconds=5)
        else:
            exact = sqlite_exact_store(folder / "exact.sqlite3", timeout_seconds=5)
        embedder, upstream = FakeEmbedder(), FakeUpstream()
        vectors = QdrantLocalVectors(folder / "vectors", timeout_seconds=20)
        await vectors.open()
        parts = Parts(exact, vectors, embedder, upstream, {})
        settings = Settings(exact_deadline_seconds=5, search_deadline_seconds=20, admin_key=None)
        app = local_app(settings, parts)
        try:
            async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
                yield LocalApp(url, app, parts, embedder, upstream, client)
        finally:
            await parts.aclose()
