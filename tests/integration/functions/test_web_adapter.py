"""`run.sh` as the Lambda Web Adapter starts and calls it; the adapter itself is AWS's."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from infra.demo_upstream import demo_upstream
from infra.sam_local.services import free_port

from llm_cache_proxy.api.aws.function_app import AFTER_RESTORE, BEFORE_SNAPSHOT
from samples.stack.template import ROOT
from servers.proxy.process import BUSY_MACHINE
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Stall, sse, stream
from servers.upstream.streams import chat_event

FOLDER = ROOT / "functions" / "completions"
START_SECONDS = 90.0
QUESTION = {
    "model": "llama-3.1-8b-instant",
    "messages": [{"role": "user", "content": "What is an adapter?"}],
}


@contextmanager
def served(**environment: str) -> Iterator[httpx.Client]:
    """Requests as the adapter sends them, once /health has answered."""
    port = free_port("127.0.0.1")
    with (
        redis_process() as redis_url,
        subprocess.Popen(
            [FOLDER / "run.sh"],
            env={
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "LAMBDA_TASK_ROOT": str(FOLDER),
                "AWS_LWA_PORT": str(port),
                "REDIS_URL": redis_url,
                **BUSY_MACHINE,
                **environment,
            },
        ) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        try:
            _wait_until_ready(client)
            yield client
        finally:
            process.terminate()
            assert process.wait(60) in (0, -15), "the server did not end when it was asked to"


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with (
        demo_upstream("127.0.0.1") as upstream,
        served(CORS_ALLOW_ORIGINS="https://page.example", UPSTREAM_BASE_URL=upstream) as client,
    ):
        yield client


def ask(client: httpx.Client, **fields: object) -> httpx.Response:
    return client.post("/v1/chat/completions", json={**QUESTION, **fields})


def test_the_app_answers_and_remembers(client: httpx.Client) -> None:
    assert ask(client).headers["x-cache"] in {"MISS", "HIT-EXACT"}
    assert ask(client).headers["x-cache"] == "HIT-EXACT"


def test_a_stream_leaves_in_several_pieces(client: httpx.Client) -> None:
    body = {**QUESTION, "stream": True, "seed": 1}
    with client.stream("POST", "/v1/chat/completions", json=body) as response:
        pieces = [piece for piece in response.iter_raw() if piece]

    assert response.headers["x-cache"] == "MISS"
    assert len(pieces) > 3
    assert b"[DONE]" in pieces[-1]


def test_the_first_bytes_leave_before_the_upstream_has_sent_its_second_chunk() -> None:
    """It never does: whoever waited for it would answer nothing."""
    first = sse([chat_event(0, {"role": "assistant", "content": "First"})], done=False)
    upstream = ScriptedUpstream()
    upstream.when(stream([first], end=[Stall()]))
    body = {**QUESTION, "stream": True}

    with (
        upstream.in_thread(),
        served(UPSTREAM_BASE_URL=upstream.base_url, UPSTREAM_API_KEY="key") as client,
        client.stream("POST", "/v1/chat/completions", json=body) as response,
    ):
        left = next(piece for piece in response.iter_raw() if piece)

    assert response.headers["x-cache"] == "MISS"
    assert b"First" in left
    assert b"[DONE]" not in left


def test_a_restored_snapshot_serves_with_new_connections(client: httpx.Client) -> None:
    ask(client)

    before = client.post(BEFORE_SNAPSHOT)
    after = client.post(AFTER_RESTORE)

    assert (before.status_code, after.status_code) == (204, 204)
    assert ask(client).headers["x-cache"] == "HIT-EXACT"


def test_a_page_of_a_listed_origin_may_read_the_caches_headers(client: httpx.Client) -> None:
    sent = {"origin": "https://page.example"}

    preflight = client.options(
        "/v1/chat/completions",
        headers={
            **sent,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        },
    )
    answer = client.post("/v1/chat/completions", json=QUESTION, headers=sent)

    assert preflight.status_code == 200
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-origin"] == "https://page.example"
    assert answer.headers["access-control-expose-headers"] == "*"


def test_another_origin_is_not_let_in(client: httpx.Client) -> None:
    answer = client.get("/health", headers={"origin": "https://other.example"})

    assert "access-control-allow-origin" not in answer.headers
    assert answer.json()["error"]["code"] == "origin_not_allowed"


def _wait_until_ready(client: httpx.Client) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            assert client.get("/health").status_code == 200
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
