"""Serves on a socket in this process: the whole of `serve`, or the part of one of its workers."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import click
import uvicorn
from uvicorn.loops.auto import auto_loop_factory

from llm_cache_proxy.administration.metrics.latest_health import LatestHealth
from llm_cache_proxy.bootstrap.functions.priming import prime_exact_tier
from llm_cache_proxy.bootstrap.health import latest_health, what_is_amiss
from llm_cache_proxy.bootstrap.local.app import local_app, prepare
from llm_cache_proxy.bootstrap.parts import local_parts
from llm_cache_proxy.cli.server.bounded_protocol import bounded_protocol, limits_of
from llm_cache_proxy.cli.server.fair_turns import (
    TAKEN_AT_ONCE,
    WAITING_CONNECTIONS,
    ConnectionCounts,
    take_in_turns,
)
from llm_cache_proxy.settings import Settings

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Share:
    """Which of `workers` processes on one socket this is; the first does what one alone must do."""

    number: int = 0
    workers: int = 1
    counts: ConnectionCounts | None = None

    @property
    def leads(self) -> bool:
        """Whether it is the first."""
        return self.number == 0

    def connections(self, most: int) -> int:
        """Its part of the connections that all of them may have."""
        return -(-most // self.workers)


def served(serving: Coroutine[None, None, None]) -> None:
    """Run it to its end, on uvloop where that exists."""
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(serving)


async def serve_on(
    bound: socket.socket,
    settings: Settings,
    vectors_at: Path | None,
    ready: Callable[[Mapping[str, str]], None],
    share: Share,
) -> None:
    """Serve until a signal; `ready` gets the name of each part once it can be reached.

    `vectors_at` is where the owner of the semantic tier answers.
    """
    # Here, before a look at the stores imports it in a thread: a request that imports another part
    # of redis-py at the same time may find half a module.
    prime_exact_tier(settings)
    parts = local_parts(settings, vectors_at)
    try:
        await prepare(parts)
    except BaseException:
        await parts.aclose()
        raise
    latest = latest_health(settings, parts)
    app = local_app(settings, parts, latest, leads=share.leads)
    limits = limits_of(settings, app.report_refused_connection)
    limits = replace(limits, connections=share.connections(limits.connections))
    if share.counts is not None:
        limits = replace(limits, count=share.counts.keep)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=bounded_protocol(limits),
        ws="none",
        backlog=TAKEN_AT_ONCE,
        timeout_graceful_shutdown=int(settings.drain_seconds),
    )
    server = ReadyServer(config, lambda: ready(parts.described), share.counts)
    looking = None
    if share.leads:
        looking = asyncio.create_task(_say_what_is_amiss(latest, parts.described))
    await server.serve(sockets=[bound])
    if looking is not None:
        looking.cancel()


async def _say_what_is_amiss(latest: LatestHealth, described: dict[str, str]) -> None:
    """A line at the start for each part that does not work; requests go on without it."""
    for line in what_is_amiss(await latest.recent(), described):
        _log.warning("%s", line)


class ReadyServer(uvicorn.Server):
    """Calls `ready` once it can be reached; `counts` are there where it is one of several."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], counts: ConnectionCounts | None
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._counts = counts
        self._taking: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        counts = self._counts
        if counts is None:
            await super().startup(sockets=sockets)
            for each in sockets or ():  # asyncio takes `backlog` for both numbers
                each.listen(WAITING_CONNECTIONS)
        else:
            await super().startup(sockets=[])
            self._taking = [
                asyncio.create_task(take_in_turns(each, counts, self._connection))
                for each in sockets or ()
            ]
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at a signal; a second SIGINT does not wait for what is in flight."""
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        else:  # uvicorn raises each that it is given again at its end, where one is enough
            super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing more, and wait for what is in flight."""
        for taking in self._taking:
            taking.cancel()
        if self._taking:
            await asyncio.wait(self._taking)
        if requests := len(self.server_state.tasks):
            seconds = self.config.timeout_graceful_shutdown
            click.echo(f"Stopping: {requests} requests in flight have up to {seconds} s to end.")
        await super().shutdown(sockets=sockets)

    def _connection(self) -> asyncio.Protocol:
        """The protocol of a connection that was taken, as uvicorn makes it."""
        return self.config.http_protocol_class(  # type: ignore[call-arg]  # typed as any protocol
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
