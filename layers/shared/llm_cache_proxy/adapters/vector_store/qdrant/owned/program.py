"""The program of the owner's process, which `OwnerProcess` starts.

Where its starter was killed, it ends at once, as if it had been killed too: the engine
loses nothing by that.
"""

import asyncio
import logging
import os
import shutil
import signal
import socket
from pathlib import Path
from typing import Any

from llm_cache_proxy.adapters.disk_space import DiskSpace
from llm_cache_proxy.adapters.kept_process import given_line, say_ready, when_orphaned
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.owned.given import OwnerGiven
from llm_cache_proxy.adapters.vector_store.qdrant.owned.owner import VectorsOwner

_ORPHANED = 3


def main() -> None:
    """Own the store until SIGTERM."""
    line: dict[str, Any] = given_line()
    given = OwnerGiven(**line["given"])
    logging.basicConfig(level=given.log_level, format="%(levelname)s %(name)s: %(message)s")
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_own(given, line))


def _loop() -> asyncio.AbstractEventLoop:
    """The server's: uvloop's where that is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _own(given: OwnerGiven, line: dict[str, Any]) -> None:
    store = QdrantLocalVectors(
        Path(given.path),
        collection=given.collection,
        timeout_seconds=given.timeout_seconds,
        dimensions=given.dimensions,
        disk_space=DiskSpace(Path(given.data_dir), given.min_free_bytes),
        at_once=True,
    )
    listening = socket.socket(fileno=line["descriptor"])
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    when_orphaned(lambda: _end(store, Path(listening.getsockname())))
    owner = VectorsOwner(store)
    await owner.serve(listening)
    say_ready(line, {})
    await stopped.wait()
    await owner.aclose()


def _end(store: QdrantLocalVectors, address: Path) -> None:
    store.stop_compacting()
    shutil.rmtree(address.parent, ignore_errors=True)
    os._exit(_ORPHANED)


if __name__ == "__main__":
    main()
