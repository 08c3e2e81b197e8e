"""Semantic hits of two processes on one Redis and one Qdrant are counted exactly once each."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from servers.proxy.process import proxy_process
from servers.qdrant.rest_server import QdrantRest
from servers.redis.process import redis_process
from servers.thread import ThreadServer
from servers.upstream.scripted import ScriptedUpstream
from servers.waiting import eventually

NAMESPACES = 40
FIRST, OTHER = "What is Rust?", "Tell me what Rust is"


async def embed(_: Request) -> Response:
    """One direction for every text: everything is near, and the guard decides."""
    return JSONResponse({"embedding": [1.0, *[0.0] * 383]})


def test_semantic_hits_misses_and_vetoes_are_counted_once_each(tmp_path: Path) -> None:
    with ExitStack() as stack:
        embedder = Starlette(routes=[Route("/", embed, methods=["POST"])])
        settings = {
            "REDIS_URL": stack.enter_context(redis_process()),
            "QDRANT_URL": stack.enter_context(ThreadServer(QdrantRest()).running()).url,
            "EMBEDDING_URL": f"{stack.enter_context(ThreadServer(embedder).running()).url}/",
            "UPSTREAM_BASE_URL": stack.enter_context(ScriptedUpstream().in_thread()).base_url,
        }
        urls = [
            stack.enter_context(proxy_process(tmp_path / name, **settings)).url
            for name in ("a", "b")
        ]

        def ask(turn: int, text: str) -> list[str]:
            """A question in each namespace, of one process and the other by turns."""

            def ask_number(number: int) -> str:
                headers = {"x-cache-namespace": f"n{number}"}
                url = f"{urls[(number + turn) % 2]}/v1/chat/completions"
                body = {"model": "m", "messages": [{"role": "user", "content": text}]}
                answer = httpx.post(url, json=body, headers=headers, timeout=60)
                return answer.headers["x-cache"]

            with ThreadPoolExecutor(4) as threads:
                return [*threads.map(ask_number, range(NAMESPACES))]

        def all_are_stored() -> bool:  # which is done behind the answers
            counted = httpx.get(f"{urls[0]}/admin/entries/count", timeout=30).json()["entries"]
            return set(counted.values()) == {NAMESPACES}

        received = Counter(ask(0, FIRST))
        eventually(all_are_stored)
        received.update(ask(1, OTHER))
        received.update(ask(2, "How tall is Everest?"))
        counted = httpx.get(f"{urls[0]}/metrics", timeout=30).json()["cache_performance"]

    assert received == {"MISS": 2 * NAMESPACES, "HIT-SEMANTIC": NAMESPACES}
    assert counted["semantic_hits"] == NAMESPACES
    assert counted["misses"] == 2 * NAMESPACES
    assert counted["total_requests"] == 3 * NAMESPACES
