"""Facts about workers that share a socket: whose turn it is, and what is each one's part."""

import asyncio
import logging
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from llm_cache_proxy.cli.server.fair_turns import ConnectionCounts, shared_counts, take_in_turns
from llm_cache_proxy.cli.server.serving import Share
from llm_cache_proxy.cli.server.workers import _CLOSING_SECONDS, serve_by_workers
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.pipeline.proxy import _DRAIN_SECONDS
from llm_cache_proxy.settings import Settings
from servers.waiting import happening


@contextmanager
def counts_of(*connections: int) -> Iterator[list[ConnectionCounts]]:
    """Workers that take connections, and have so many each."""
    with shared_counts(len(connections)) as file:
        made = [
            ConnectionCounts(file.fileno(), number, len(connections))
            for number in range(len(connections))
        ]
        for counts, count in zip(made, connections, strict=True):
            counts.come()
            counts.keep(count)
        yield made


def test_who_has_more_connections_than_another_lets_it_go_first() -> None:
    with counts_of(2, 1, 1) as (one, two, three):
        assert one.behind == {1: 1, 2: 1}
        assert not two.behind
        assert not three.behind


def test_who_has_as_many_as_all_others_takes_its_turn() -> None:
    with counts_of(5, 5) as (one, other):
        assert not one.behind
        assert not other.behind


def test_a_worker_that_is_not_ready_is_not_waited_for() -> None:
    with shared_counts(3) as file:
        one, two = (ConnectionCounts(file.fileno(), number, 3) for number in range(2))
        one.come()
        one.keep(7)

        assert not one.behind  # the third has not even begun

        two.come()
        assert one.behind == {1: 0}


def test_a_worker_that_has_stopped_taking_is_not_waited_for() -> None:
    with counts_of(7, 1) as (one, other):
        other.leave()
        other.keep(0)  # its last connection ended

        assert not one.behind


def test_a_worker_that_is_started_again_begins_without_connections() -> None:
    with shared_counts(2) as file:
        former, other = (ConnectionCounts(file.fileno(), number, 2) for number in range(2))
        former.come()
        former.keep(7)
        other.come()
        other.keep(1)

        again = ConnectionCounts(file.fileno(), 0, 2)

        assert not other.behind
        again.come()
        assert other.behind == {0: 0}


def test_a_missing_folder_for_temporary_files_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))

    with pytest.raises(SettingsError, match="TMPDIR: no file for temporary data"):
        shared_counts(2)


class Kept(asyncio.Protocol):
    """A connection of a worker's."""

    def __init__(self, made: list[asyncio.BaseTransport]) -> None:
        self._made = made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._made.append(transport)


@asynccontextmanager
async def taking(
    counts: ConnectionCounts, refused: int = 0
) -> AsyncIterator[tuple[Callable[[], socket.socket], list[asyncio.BaseTransport]]]:
    """A worker that takes connections, all but the first `refused`: who connects, and who is in."""
    made: list[asyncio.BaseTransport] = []
    to_refuse = iter(range(refused))

    def protocol() -> asyncio.Protocol:
        if next(to_refuse, None) is not None:
            raise OSError("a connection that cannot be served")
        return Kept(made)

    clients: list[socket.socket] = []

    def connect() -> socket.socket:
        clients.append(socket.create_connection(listening.getsockname(), timeout=10))
        return clients[-1]

    with socket.create_server(("127.0.0.1", 0), backlog=500) as listening:
        listening.setblocking(False)
        worker = asyncio.create_task(take_in_turns(listening, counts, protocol))
        try:
            yield connect, made
        finally:
            worker.cancel()
            await asyncio.wait([worker])
            for each in made:
                each.close()
            for client in clients:
                client.close()


async def test_a_worker_that_does_not_come_costs_one_pause_for_all_that_wait() -> None:
    with counts_of(0, 0) as (one, _):
        async with taking(one) as (connect, made):
            await asyncio.sleep(0)
            one.keep(1)  # so that the other, which is stopped, would be next each time
            for _ in range(400):
                connect()
            began = time.monotonic()

            await happening(lambda: len(made) >= 400, seconds=20)

            assert time.monotonic() - began < 3.9  # and 4 s at least where each were waited for


async def test_a_connection_that_fails_ends_no_worker(caplog: pytest.LogCaptureFixture) -> None:
    with counts_of(0) as (alone,):
        async with taking(alone, refused=1) as (connect, made):
            with caplog.at_level(logging.WARNING):
                refused = connect()
                connect()

                async with asyncio.timeout(20):
                    while not made:  # noqa: ASYNC110 - a worker says nothing
                        await asyncio.sleep(0.01)

            assert "no connection can be taken now" in caplog.text
            assert refused.recv(1) == b""


def test_a_worker_that_stops_may_take_as_long_as_what_it_has_to_finish() -> None:
    unstored = behind_answers = _DRAIN_SECONDS

    assert unstored + behind_answers < _CLOSING_SECONDS


def test_the_first_worker_leads() -> None:
    assert Share().leads
    assert Share(0, 2).leads
    assert not Share(1, 2).leads


def test_workers_share_the_connections_that_there_may_be() -> None:
    assert Share().connections(1_000) == 1_000
    assert Share(1, 3).connections(1_000) == 334
    assert Share(3, 4).connections(1) == 1


async def test_a_worker_that_the_system_does_not_start_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")  # as where no process can be made
    settings = Settings(workers=2, qdrant_url="http://127.0.0.1:9")

    with (
        socket.create_server(("127.0.0.1", 0)) as bound,
        pytest.raises(SettingsError, match="WORKERS: a worker cannot be started"),
    ):
        await serve_by_workers(settings, {}, bound)


def test_the_supervisor_imports_nothing_that_only_workers_need() -> None:
    program = "import sys, llm_cache_proxy.cli.serve; print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    imported = {name.partition(".")[0] for name in done.stdout.split()}
    assert "pydantic" in imported
    assert not imported & {"fastapi", "starlette", "uvicorn", "httpx", "redis", "numpy", "rich"}
    assert "llm_cache_proxy.api" not in done.stdout.split()
