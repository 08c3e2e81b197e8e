"""`serve` with several workers: processes that share one socket, and what watches over them.

Imports nothing that only a worker needs: neither the application nor its server. Decides that the
first worker starts alone: it makes and mends what all of them use, and where it
cannot start, none can. The socket is one for all: what waits in it when a worker dies is taken by
another.
"""

import asyncio
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import click

from llm_cache_proxy.adapters.kept_process import DidNotStart, KeptProcess
from llm_cache_proxy.bootstrap.local.vectors_owner import vectors_owner
from llm_cache_proxy.cli.server.announcement import address_of, announcement
from llm_cache_proxy.cli.server.fair_turns import WAITING_CONNECTIONS, shared_counts
from llm_cache_proxy.cli.server.stopping import to_its_end
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import Settings

_PROGRAM = "llm_cache_proxy.cli.server.worker"
_CLOSING_SECONDS = 25.0
"""For a worker, after its requests have ended: to store what is not stored yet, to end what runs
behind answers (10 s each at most), to write its counters and to close its stores."""


class WorkerFailed(Exception):
    """A worker cannot start, and has said why; the command ends with its `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(f"a worker ended with {status}")
        self.status = status


async def serve_by_workers(
    settings: Settings, given: Mapping[str, str], bound: socket.socket
) -> None:
    """Serve until a signal. Raises `WorkerFailed` where a worker cannot start.

    `given` are the settings of the command line, which each worker reads over its environment. A
    second signal does not wait for requests in flight.
    """
    workers: list[KeptProcess] = []
    serving = asyncio.create_task(_serve(settings, given, bound, workers))

    def stop() -> None:
        if serving.cancelling():
            for each in workers:
                each.kill()
        serving.cancel()

    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop)
    with suppress(asyncio.CancelledError):
        await serving


async def _serve(
    settings: Settings,
    given: Mapping[str, str],
    bound: socket.socket,
    workers: list[KeptProcess],
) -> None:
    """Serve until it is cancelled."""
    bound.listen(WAITING_CONNECTIONS)
    bound.setblocking(False)  # for all: it is one socket
    counts = shared_counts(settings.workers)
    owner = vectors_owner(settings)
    try:
        vectors_at = None if owner is None else await owner.start()
        workers += [
            _worker(settings, given, (bound.fileno(), counts.fileno()), vectors_at, number)
            for number in range(settings.workers)
        ]
        described = await _started(workers)
        _announce(settings, bound, described)
        await asyncio.Event().wait()
    finally:
        bound.close()  # else a client would wait in its queue for nothing
        await to_its_end(asyncio.gather(*(each.stop() for each in workers)))
        if owner is not None:
            await to_its_end(owner.stop())
        counts.close()


def _worker(
    settings: Settings,
    given: Mapping[str, str],
    descriptors: tuple[int, int],
    vectors_at: Path | None,
    number: int,
) -> KeptProcess:
    line = {
        "settings": dict(given),
        "descriptors": descriptors,
        "vectors_at": None if vectors_at is None else str(vectors_at),
        "number": number,
    }
    return KeptProcess(
        f"worker {number + 1}",
        _PROGRAM,
        line,
        descriptors,
        stop_seconds=settings.drain_seconds + _CLOSING_SECONDS,
    )


async def _started(workers: Sequence[KeptProcess]) -> Mapping[str, str]:
    """What each part is, once all workers can be reached."""
    first, *others = workers
    try:
        described = await first.start()
        await asyncio.gather(*(each.start() for each in others))
    except DidNotStart as exc:
        raise WorkerFailed(exc.status) from exc
    except (OSError, RuntimeError) as exc:  # no descriptor, memory or thread is left
        raise SettingsError(f"WORKERS: a worker cannot be started ({exc}).") from exc
    return cast("Mapping[str, str]", described)


def _announce(settings: Settings, bound: socket.socket, described: Mapping[str, str]) -> None:
    address = address_of(settings.host, bound.getsockname()[1])
    keyed = settings.access_mode == "keyed"
    click.echo(announcement(address, described, keyed=keyed, workers=settings.workers))
