"""A server that stops cuts off what it no longer waits for, tells its client, and logs no fault."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from servers.proxy.process import ProxyProcess, proxy_process
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Stall
from servers.waiting import eventually


def ask(proxy: ProxyProcess) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": "What is Rust?"}]}
    return httpx.post(f"{proxy.base_url}/chat/completions", json=body, timeout=60)


@contextmanager
def waiting_for_the_upstream(
    data: Path, drain_seconds: int
) -> Iterator[tuple[ProxyProcess, Future[httpx.Response]]]:
    """A server, and a request that its upstream never answers."""
    with ScriptedUpstream().in_thread() as upstream, ThreadPoolExecutor(1) as client:
        upstream.queue([Stall()])
        settings = {"UPSTREAM_BASE_URL": upstream.base_url, "UPSTREAM_API_KEY": "sk-upstream"}
        with proxy_process(data, DRAIN_SECONDS=str(drain_seconds), **settings) as proxy:
            asked = client.submit(ask, proxy)
            eventually(lambda: len(upstream.requests) == 1)
            yield proxy, asked


def has_ended_in_order(proxy: ProxyProcess, asked: Future[httpx.Response], data: Path) -> None:
    """The client has an answer that it can act on, and the log no fault."""
    assert asked.result().status_code == 503
    assert asked.result().json()["error"]["code"] == "server_stopping"
    assert proxy.process.wait(60) == 0
    assert "Traceback" not in data.with_suffix(".log").read_text()


@pytest.mark.parametrize("interrupts", [2, 5])
def test_a_second_interrupt_does_not_wait_for_a_request_and_answers_it(
    tmp_path: Path, interrupts: int
) -> None:
    data = tmp_path / "data"
    with waiting_for_the_upstream(data, drain_seconds=300) as (proxy, asked):
        for _ in range(interrupts):
            proxy.process.send_signal(signal.SIGINT)
            time.sleep(0.05)  # those that come together are one

        has_ended_in_order(proxy, asked, data)


def test_a_request_that_outlasts_the_time_to_drain_is_answered(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with waiting_for_the_upstream(data, drain_seconds=1) as (proxy, asked):
        proxy.process.terminate()

        has_ended_in_order(proxy, asked, data)
