"""`serve --workers`: one server to its clients, whichever process answers."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from servers.proxy.memory import children
from servers.proxy.process import COMMAND, EXACT_ONLY, ProxyProcess, environment, proxy_process
from servers.redis.process import redis_process
from servers.upstream.answers import CountingAnswers
from servers.upstream.scripted import ScriptedUpstream
from servers.waiting import eventually

DONE = "data: [DONE]\n\n"
TWO_WORKERS = {"WORKERS": "2", "UPSTREAM_API_KEY": "sk-upstream"}


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream().in_thread() as server:
        yield server


@contextmanager
def two_workers(
    folder: Path, upstream: ScriptedUpstream, *, exact: str = "sqlite", **settings: str
) -> Iterator[ProxyProcess]:
    with ExitStack() as stack:
        given = TWO_WORKERS | {"UPSTREAM_BASE_URL": upstream.base_url} | settings
        if exact == "redis":
            given["REDIS_URL"] = stack.enter_context(redis_process())
        yield stack.enter_context(proxy_process(folder / "data", **given))


def started(proxy: ProxyProcess, module: str) -> list[int]:
    """Processes of the server's that run this module."""
    return [each for each in children(proxy.process.pid) if module in command_of(each)]


def command_of(process_id: int) -> str:
    try:
        return Path(f"/proc/{process_id}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def workers(proxy: ProxyProcess) -> list[int]:
    return started(proxy, "server.worker")


@contextmanager
def only(worker: int, among: list[int]) -> Iterator[None]:
    """Nobody else answers meanwhile."""
    others = [each for each in among if each != worker]
    for each in others:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in others:
            os.kill(each, signal.SIGCONT)


def ask(proxy: ProxyProcess, text: str, **headers: str) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    answer = httpx.post(
        f"{proxy.base_url}/chat/completions", json=body, headers=headers, timeout=60
    )
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("exact", ["sqlite", "redis"])
def test_what_one_worker_stored_is_a_hit_in_each(
    tmp_path: Path, upstream: ScriptedUpstream, exact: str
) -> None:
    with two_workers(tmp_path, upstream, exact=exact) as proxy:
        one, other = workers(proxy)
        with only(one, [one, other]):
            stream(proxy, "What is Rust?")  # stored before its end

        with only(one, [one, other]):
            mine = ask(proxy, "What is Rust?")
        with only(other, [one, other]):
            theirs, meant = ask(proxy, "What is Rust?"), ask(proxy, "Tell me what Rust is")

        seen = [each.headers["x-cache"] for each in (mine, theirs, meant)]
        assert seen == ["HIT-EXACT", "HIT-EXACT", "HIT-SEMANTIC"]
        assert mine.json() == theirs.json() == meant.json()
        assert len(upstream.requests) == 1


@pytest.mark.parametrize("exact", ["sqlite", "redis"])
def test_the_figures_of_all_workers_add_up(
    tmp_path: Path, upstream: ScriptedUpstream, exact: str
) -> None:
    with two_workers(tmp_path, upstream, exact=exact, **EXACT_ONLY) as proxy:
        both = workers(proxy)
        for number in range(3):
            for worker in both:
                with only(worker, both):
                    stream(proxy, f"Question {number}?")  # stored before its end

        eventually(lambda: figures(proxy) == (3, 3, 6), seconds=30)  # each writes when it is idle
        for worker in both:
            with only(worker, both):
                assert figures(proxy) == (3, 3, 6)


def figures(proxy: ProxyProcess) -> tuple[int, int, int]:
    """Misses, hits, and lines in the list of requests."""
    found = httpx.get(f"{proxy.url}/metrics", timeout=30).json()["cache_performance"]
    listed = httpx.get(f"{proxy.url}/admin/requests", timeout=30).json()
    return found["misses"], found["exact_hits"], len(listed["requests"])


@pytest.mark.parametrize("exact", ["sqlite", "redis"])
def test_a_worker_that_is_killed_loses_no_answer_and_is_replaced(
    tmp_path: Path, upstream: ScriptedUpstream, exact: str
) -> None:
    with two_workers(tmp_path, upstream, exact=exact, **EXACT_ONLY) as proxy:
        answered: list[tuple[str, str]] = []
        stop = threading.Event()

        def ask_on(thread: int) -> None:
            number = 0
            while not stop.is_set():
                number += 1
                text = f"Question {thread}-{number}?"
                try:
                    said = stream(proxy, text)
                except httpx.HTTPError:  # its worker was killed
                    continue
                if said.endswith(DONE):  # which is held back until the answer is stored
                    answered.append((text, words_of(said)))

        with ThreadPoolExecutor(4) as threads:
            asking = [threads.submit(ask_on, thread) for thread in range(4)]
            eventually(lambda: len(answered) > 10, seconds=30)
            killed = workers(proxy)[0]
            os.kill(killed, signal.SIGKILL)
            before = len(answered)
            eventually(lambda: len(answered) > before + 10, seconds=30)
            stop.set()
            for each in asking:
                each.result()

        asked = len(upstream.requests)
        assert [(text, words_of(stream(proxy, text))) for text, _ in answered] == answered
        assert len(upstream.requests) == asked
        eventually(lambda: len(workers(proxy)) == 2 and killed not in workers(proxy), seconds=60)


def words_of(streamed: str) -> str:
    lines = streamed.removesuffix(DONE).split("\n")
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)


def test_a_signal_lets_requests_in_flight_end(tmp_path: Path) -> None:
    slowly = ScriptedUpstream(CountingAnswers(word_seconds=0.3))
    with (
        slowly.in_thread() as upstream,
        two_workers(tmp_path, upstream, **EXACT_ONLY) as proxy,
        ThreadPoolExecutor(2) as threads,
    ):
        ids = children(proxy.process.pid)
        asked = [threads.submit(stream, proxy, f"Say {number}") for number in range(2)]
        eventually(lambda: slowly.open_connections == 2, seconds=30)

        proxy.process.terminate()

        assert all(each.result().endswith(DONE) for each in asked)
        assert proxy.process.wait(30) == 0
        assert [command_of(each) for each in ids] == [""] * len(ids)


def stream(proxy: ProxyProcess, text: str) -> str:
    body = {"model": "m", "messages": [{"role": "user", "content": text}], "stream": True}
    return httpx.post(f"{proxy.base_url}/chat/completions", json=body, timeout=60).text


def test_workers_end_with_their_starter(tmp_path: Path, upstream: ScriptedUpstream) -> None:
    with two_workers(tmp_path, upstream, **EXACT_ONLY) as proxy:
        ids = children(proxy.process.pid)
        assert len(ids) == 3  # two workers, and the owner of the vectors

        proxy.process.kill()

        eventually(lambda: [command_of(each) for each in ids] == [""] * 3, seconds=30)


def test_exact_hits_go_on_while_the_owner_of_the_vectors_is_away(
    tmp_path: Path, upstream: ScriptedUpstream
) -> None:
    with two_workers(tmp_path, upstream) as proxy:
        stream(proxy, "What is Rust?")  # stored before its end
        [owner] = started(proxy, "owned.program")

        os.kill(owner, signal.SIGKILL)

        assert ask(proxy, "What is Rust?").headers["x-cache"] == "HIT-EXACT"
        eventually(lambda: is_semantic_hit(proxy), seconds=60)


def is_semantic_hit(proxy: ProxyProcess) -> bool:
    reply = ask(proxy, "Tell me what Rust is", **{"x-cache-mode": "read-only"})
    return reply.headers["x-cache"] == "HIT-SEMANTIC"


def test_a_worker_that_cannot_start_ends_the_command_with_its_reason(tmp_path: Path) -> None:
    ended = subprocess.run(
        [COMMAND, "serve", "--workers", "2"],
        env=environment(tmp_path / "data", {"MODEL_DIR": str(tmp_path / "nowhere")}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr.count("MODEL_DIR: There is no embedding model in") == 1
    assert "Traceback" not in ended.stderr
