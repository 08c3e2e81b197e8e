"""How long the event loop stands still while an embedded store of N points is compacted.

`PYTHONPATH=tests python tests/resilience/loop_stall.py 4000 20000`: half of the points are
purged, once with the engine in this process and once with its owner's. Meanwhile a process that
does nothing else waits for its turns too: what it waits is the machine's.
"""

import asyncio
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.owned.given import OwnerGiven
from llm_cache_proxy.adapters.vector_store.qdrant.owned.process import OwnerProcess
from llm_cache_proxy.adapters.vector_store.qdrant.owned.store import OwnedVectors
from llm_cache_proxy.adapters.vector_store.qdrant.port import DEFAULT_COLLECTION
from samples.stores.vectors import NOW, SCOPE, entry, random_vector
from servers.waiting import eventually

_LOOK_SECONDS = 0.005
_DEADLINE_SECONDS = 60.0


class LoopWatch:
    """Asks for its turn again and again; `worst_ms` is the longest wait for it."""

    def __init__(self) -> None:
        self.worst_ms = 0.0

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(_LOOK_SECONDS)
            waited = time.perf_counter() - began - _LOOK_SECONDS
            self.worst_ms = max(self.worst_ms, waited * 1_000)


async def filled(folder: Path, points: int) -> None:
    """A folder whose every other point can be purged."""
    chance = random.Random(3)  # noqa: S311 - repeated, not secret
    store = QdrantLocalVectors(folder)
    await store.open()
    for number in range(points):
        purge_at = NOW + (20 if number % 2 else 100_000)
        made = entry(f"q{number}", expires_at=NOW + 10, purge_at=purge_at)
        await store.store(SCOPE, random_vector(chance), made)
    await store.aclose()


async def compacted(what: str, store: QdrantLocalVectors | OwnedVectors, folder: Path) -> None:
    """Purge, wait until the space was given back, and print the worst wait of the loop."""
    removed = folder / f"{DEFAULT_COLLECTION}.removed"
    await store.open()
    watch = LoopWatch()
    idle = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert idle.stdout is not None
    await idle.stdout.readline()
    watching = asyncio.create_task(watch.run())
    began = time.monotonic()
    await store.purge(NOW + 30)
    await asyncio.to_thread(eventually, lambda: removed.read_text() == "0", seconds=300)
    await store.count_entries(SCOPE.tenant)
    watching.cancel()
    spent = time.monotonic() - began
    idle_ms, _ = await idle.communicate(b"")
    sys.stdout.write(
        f"{what}: {spent:.1f} s, worst stall {watch.worst_ms:.0f} ms"
        f" (of an idle process: {float(idle_ms):.0f} ms)\n"
    )
    await store.aclose()


async def idle_until_asked() -> None:
    """The worst wait of a loop that has nothing to do, until the input ends."""
    watch = LoopWatch()
    watching = asyncio.create_task(watch.run())
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    watching.cancel()
    sys.stdout.write(str(watch.worst_ms))


async def both(points: int) -> None:
    """The engine in this process, and its owner's."""
    with tempfile.TemporaryDirectory() as made:
        one, other = Path(made) / "one", Path(made) / "other"
        await filled(one, points)
        shutil.copytree(one, other)
        await compacted(
            f"{points:,} in process",
            QdrantLocalVectors(one, timeout_seconds=_DEADLINE_SECONDS),
            one,
        )
        given = OwnerGiven(
            str(other), str(other), DEFAULT_COLLECTION, 384, _DEADLINE_SECONDS, 1, "WARNING"
        )
        owner = OwnerProcess(given)
        store = OwnedVectors(await owner.start(), timeout_seconds=_DEADLINE_SECONDS)
        await compacted(f"{points:,} by owner", store, other)
        await owner.stop()


if __name__ == "__main__":
    if len(sys.argv) == 1:
        asyncio.run(idle_until_asked())
    for each in sys.argv[1:]:
        asyncio.run(both(int(each)))
