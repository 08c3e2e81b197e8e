"""`serve --reload` starts again when what it was started from has changed."""

import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from infra.sam_local.services import free_port

from samples.interrupted import terminal_signals
from servers.proxy.process import COMMAND, EXACT_ONLY, environment
from servers.upstream.answers import chat
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Pause, Stall, answer
from servers.waiting import eventually


@dataclass
class Reloading:
    """A server that starts again when `file` changes."""

    url: str
    file: Path
    process: subprocess.Popen[bytes]

    def interrupt(self) -> None:
        """Interrupt it as a terminal does: every process of its group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def set_ttl(self, seconds: int) -> None:
        self.file.write_text(f"DEFAULT_TTL_SECONDS={seconds}\n", encoding="utf-8")

    def ttl_seconds(self) -> int | None:
        """As the server reports it; None while there is none."""
        try:
            reply = httpx.get(f"{self.url}/admin/config", timeout=20)
        except httpx.HTTPError:
            return None
        return int(reply.json()["settings"]["DEFAULT_TTL_SECONDS"])

    def ask(self) -> httpx.Response:
        body = {"model": "m", "messages": [{"role": "user", "content": "What is Rust?"}]}
        return httpx.post(f"{self.url}/v1/chat/completions", json=body, timeout=60)


@contextmanager
def reloading(folder: Path, **settings: str) -> Iterator[Reloading]:
    """With a TTL of 60 s at first."""
    port, file = free_port("127.0.0.1"), folder / "my.env"
    file.write_text("DEFAULT_TTL_SECONDS=60\n", encoding="utf-8")
    with (
        terminal_signals(),
        subprocess.Popen(
            [COMMAND, "serve", "--reload", "--env-file", str(file), "--port", str(port)],
            env=environment(folder / "data", EXACT_ONLY | settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process,
    ):
        server = Reloading(f"http://127.0.0.1:{port}", file, process)
        try:
            eventually(lambda: server.ttl_seconds() == 60)
            yield server
        finally:
            process.terminate()
    eventually(lambda: server.ttl_seconds() is None)


def test_a_changed_env_file_starts_the_server_again(tmp_path: Path) -> None:
    with reloading(tmp_path) as server:
        server.set_ttl(90)

        eventually(lambda: server.ttl_seconds() == 90)


def with_upstream(upstream: ScriptedUpstream) -> dict[str, str]:
    return {"UPSTREAM_BASE_URL": upstream.base_url, "UPSTREAM_API_KEY": "sk-upstream"}


def test_a_request_in_flight_ends_before_the_server_starts_again(tmp_path: Path) -> None:
    with ScriptedUpstream().in_thread() as upstream, ThreadPoolExecutor(1) as client:
        upstream.queue([Pause(11), *answer(chat("A language."))])
        with reloading(tmp_path, **with_upstream(upstream)) as server:
            asked = client.submit(server.ask)
            eventually(lambda: len(upstream.requests) == 1)

            server.set_ttl(90)

            assert asked.result().status_code == 200
            eventually(lambda: server.ttl_seconds() == 90)


def test_a_second_interrupt_does_not_wait_for_requests_in_flight(tmp_path: Path) -> None:
    with ScriptedUpstream().in_thread() as upstream, ThreadPoolExecutor(1) as client:
        upstream.queue([Stall()])
        settings = with_upstream(upstream) | {"DRAIN_SECONDS": "300"}
        with reloading(tmp_path, **settings) as server:
            asked = client.submit(server.ask)
            eventually(lambda: len(upstream.requests) == 1)
            server.process.terminate()
            eventually(lambda: server.ttl_seconds() is None)

            server.process.terminate()

            server.process.wait(60)
            cut = asked.exception() is not None  # a slow one is killed
            assert cut or asked.result().status_code == 503


def test_an_interrupt_at_the_terminal_lets_the_requests_of_workers_end(tmp_path: Path) -> None:
    with ScriptedUpstream().in_thread() as upstream, ThreadPoolExecutor(1) as client:
        upstream.queue([Pause(8), *answer(chat("A language."))])
        settings = with_upstream(upstream) | {"WORKERS": "2", "DRAIN_SECONDS": "60"}
        with reloading(tmp_path, **settings) as server:
            asked = client.submit(server.ask)
            eventually(lambda: len(upstream.requests) == 1)

            server.interrupt()

            assert asked.result().status_code == 200
            server.process.wait(60)


def test_a_terminal_that_is_closed_leaves_no_server_behind(tmp_path: Path) -> None:
    with reloading(tmp_path) as server:
        os.killpg(server.process.pid, signal.SIGHUP)

        eventually(lambda: server.ttl_seconds() is None)
