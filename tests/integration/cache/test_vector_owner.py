"""The process that owns the embedded semantic store: a fault in it is a miss, and loses nothing."""

import asyncio
import gc
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvloop

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.folder_lock import (
    FolderInUse,
    FolderLock,
)
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.owned.given import OwnerGiven
from llm_cache_proxy.adapters.vector_store.qdrant.owned.owner import VectorsOwner
from llm_cache_proxy.adapters.vector_store.qdrant.owned.process import OwnerProcess
from llm_cache_proxy.adapters.vector_store.qdrant.owned.store import OwnedVectors
from llm_cache_proxy.adapters.vector_store.qdrant.port import QdrantPort, Result
from llm_cache_proxy.domain.errors import OtherDimensions, SettingsError, VectorStoreUnavailable
from llm_cache_proxy.ports.vector_store import Candidate
from samples.stores.vectors import NOW, SCOPE, at_cosine, entry, random_vector
from servers.descriptors import no_descriptor_left
from servers.proxy.memory import children
from servers.proxy.process import proxy_process
from servers.waiting import eventually

TESTS = Path(__file__).parents[2]

STARTER = """
import asyncio, sys
from llm_cache_proxy.adapters.vector_store.qdrant.owned.process import OwnerProcess
from llm_cache_proxy.adapters.vector_store.qdrant.owned.given import OwnerGiven
from llm_cache_proxy.adapters.vector_store.qdrant.owned.store import OwnedVectors

async def main():
    process = OwnerProcess(OwnerGiven(sys.argv[1], sys.argv[1], "entries", 384, 20, 1, "WARNING"))
    address = await process.start()
    await OwnedVectors(address, collection="entries", timeout_seconds=20).open()
    print(process.process_id, address, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def given(folder: Path, dimensions: int | None = 384) -> OwnerGiven:
    return OwnerGiven(str(folder), str(folder), "entries", dimensions, 20, 1, "WARNING")


@asynccontextmanager
async def owned(
    folder: Path, timeout_seconds: float = 20
) -> AsyncIterator[tuple[OwnerProcess, OwnedVectors]]:
    """An owner's process, and a store that asks it."""
    process = OwnerProcess(given(folder))
    address = await process.start()
    store = OwnedVectors(address, collection="entries", timeout_seconds=timeout_seconds)
    try:
        yield process, store
    finally:
        await store.aclose()
        await process.stop()


@contextmanager
def listening_in(folder: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(folder / "s"))
        made.listen()
        yield made


def is_gone(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    return False


async def asked_until_answered(store: QdrantPort) -> list[Candidate]:
    async with asyncio.timeout(60):
        while True:
            try:
                return await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)
            except VectorStoreUnavailable:  # a miss, in the moment in which nobody is there
                await asyncio.sleep(0.05)


async def ended(process: OwnerProcess, former: int) -> None:
    """Return once another owner has taken the former one's place."""
    for _ in range(6_000):
        if process.process_id != former:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no other owner within a minute")


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM])
async def test_entries_outlive_an_owner_that_is_ended(
    tmp_path: Path, ended_by: signal.Signals
) -> None:
    async with owned(tmp_path / "vectors") as (process, store):
        await store.store(SCOPE, at_cosine(0.9), entry("rust"))
        former = process.process_id
        assert former is not None

        os.kill(former, ended_by)

        # The former one may still answer this, if it ends in order.
        [meanwhile] = await asked_until_answered(store)
        await ended(process, former)
        [found] = await asked_until_answered(store)
        assert meanwhile.text == found.text == "What is rust?"


async def test_another_collection_is_there_again_before_the_first_call(
    tmp_path: Path,
) -> None:
    async with owned(tmp_path / "vectors") as (process, store):
        await store.open()
        other = store.beside("others")
        await other.hold_to(384)
        await other.store(SCOPE, at_cosine(0.9), entry("rust"))

        os.kill(process.process_id or 0, signal.SIGKILL)

        [found] = await asked_until_answered(other)
        assert found.text == "What is rust?"


async def test_the_first_vectors_wait_for_an_owner_that_is_ending(tmp_path: Path) -> None:
    former = QdrantLocalVectors(tmp_path / "vectors", collection="entries")
    await former.open()
    process = OwnerProcess(given(tmp_path / "vectors", dimensions=None))
    store = OwnedVectors(await process.start(), collection="entries", dimensions=None)
    holding = asyncio.create_task(store.hold_to(384))
    await asyncio.sleep(1)

    await former.aclose()

    await holding
    await store.aclose()
    await process.stop()


async def test_a_question_under_way_fails_when_its_owner_dies(tmp_path: Path) -> None:
    async with owned(tmp_path / "vectors") as (process, store):
        await store.open()
        os.kill(process.process_id or 0, signal.SIGSTOP)
        asked = asyncio.create_task(store.count_entries("acme"))
        await asyncio.sleep(0.2)

        os.kill(process.process_id or 0, signal.SIGKILL)

        with pytest.raises(VectorStoreUnavailable, match="does not answer"):
            await asked


async def test_an_owner_that_does_not_answer_is_waited_for_no_longer_than_the_deadline(
    tmp_path: Path,
) -> None:
    with listening_in(tmp_path):
        store = OwnedVectors(tmp_path / "s", timeout_seconds=0.1)

        with pytest.raises(VectorStoreUnavailable, match=r"did not answer within 0\.1 s"):
            await store.fetch("acme", "key")

        await store.aclose()


async def test_an_owner_does_nothing_for_a_caller_that_has_gone(tmp_path: Path) -> None:
    async with owned(tmp_path / "vectors", timeout_seconds=0.1) as (process, store):
        await store.open()
        os.kill(process.process_id or 0, signal.SIGSTOP)
        with pytest.raises(VectorStoreUnavailable, match=r"did not answer within 0\.1 s"):
            await store.store(SCOPE, at_cosine(0.9), entry("rust"))

        os.kill(process.process_id or 0, signal.SIGCONT)

        assert await store.count_entries("acme") == 0


class SlowVectors(QdrantLocalVectors):
    """Takes 10 ms of its thread for each operation."""

    performed = 0

    async def perform(
        self,
        operation: Callable[[Any], Coroutine[None, None, Result]],
        timeout_seconds: float,
    ) -> Result:
        time.sleep(0.01)  # noqa: ASYNC251 - as the engine does
        self.performed += 1
        return await super().perform(operation, timeout_seconds)


async def test_of_more_questions_than_it_can_answer_an_owner_leaves_out_the_late_ones(
    tmp_path: Path,
) -> None:
    slow = SlowVectors(tmp_path / "vectors", at_once=True)
    await slow.open()
    owner = VectorsOwner(slow)
    with listening_in(tmp_path) as listening:
        await owner.serve(listening)
        store = OwnedVectors(tmp_path / "s", timeout_seconds=0.1)
        await store.count_entries("acme")

        asked = [store.fetch("acme", f"key {number}") for number in range(100)]
        answers = await asyncio.gather(*asked, return_exceptions=True)

        assert any(isinstance(answer, VectorStoreUnavailable) for answer in answers)
        assert slow.performed < 50
        assert await store.count_entries("acme") == 0  # and goes on
        await store.aclose()
        await owner.aclose()


async def test_without_an_owner_every_operation_is_unavailable(tmp_path: Path) -> None:
    store = OwnedVectors(tmp_path / "nobody")

    with pytest.raises(VectorStoreUnavailable, match="does not answer"):
        await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)
    with pytest.raises(VectorStoreUnavailable, match="does not answer"):
        await store.check()


async def test_an_owner_ends_with_its_starter_and_leaves_nothing(tmp_path: Path) -> None:
    starter = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STARTER, str(tmp_path / "vectors")),
        stdout=subprocess.PIPE,
        cwd=TESTS,
    )
    assert starter.stdout is not None
    owner_id, address = (await starter.stdout.readline()).decode().split()

    starter.kill()
    await starter.wait()

    async with owned(tmp_path / "vectors") as (_, store):  # waits for the one that ends
        await store.open()
    await asyncio.to_thread(eventually, lambda: is_gone(int(owner_id)))
    assert not Path(address).parent.exists()


async def test_two_servers_never_share_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "vectors"
    async with owned(folder) as (_, first), owned(folder) as (_, second):
        await first.open()

        with pytest.raises(SettingsError, match=r"in use by another process.*DATA_DIR"):
            await second.open()


async def test_an_owner_refuses_a_folder_of_other_dimensions(tmp_path: Path) -> None:
    made = QdrantLocalVectors(tmp_path / "vectors", collection="entries", dimensions=3)
    await made.open()
    await made.aclose()

    async with owned(tmp_path / "vectors") as (_, store):
        with pytest.raises(OtherDimensions, match="3 dimensions, and the embedder's have 384"):
            await store.open()


async def test_a_stopped_owner_leaves_no_socket_and_no_lock(tmp_path: Path) -> None:
    process = OwnerProcess(given(tmp_path / "vectors"))
    address = await process.start()
    store = OwnedVectors(address, collection="entries", timeout_seconds=20)
    await store.open()
    await store.aclose()

    await process.stop()

    assert not address.parent.exists()
    alone = QdrantLocalVectors(tmp_path / "vectors", collection="entries")
    await alone.open()
    await alone.aclose()


async def test_an_owner_starts_where_the_folder_for_temporary_files_has_a_long_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))

    async with owned(tmp_path / "vectors") as (_, store):
        await store.open()

    assert list(long.iterdir()) == []


async def test_an_owner_without_a_place_for_its_socket_names_what_is_to_be_set(
    tmp_path: Path,
) -> None:
    process = OwnerProcess(given(tmp_path / "vectors"))

    with no_descriptor_left(), pytest.raises(SettingsError, match="TMPDIR: no socket can be made"):
        await process.start()

    await process.stop()


async def test_a_client_without_frames_is_cut_off_and_delays_no_other(tmp_path: Path) -> None:
    owner = VectorsOwner(QdrantLocalVectors(tmp_path / "vectors"))
    with listening_in(tmp_path) as listening:
        await owner.serve(listening)
        for sent in (b"GET / HTTP/1.1\r\n\r\n", struct.pack("!II", 2, 3) + b"{}abc", _frame(b"[]")):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
            writer.write(sent)
            assert await reader.read() == b""
            writer.close()
        store = OwnedVectors(tmp_path / "s", timeout_seconds=20)

        assert await store.count_entries("acme") == 0

        await store.aclose()
        await owner.aclose()


async def test_a_question_that_there_is_not_is_answered_as_a_failure(tmp_path: Path) -> None:
    owner = VectorsOwner(QdrantLocalVectors(tmp_path / "vectors"))
    with listening_in(tmp_path) as listening:
        await owner.serve(listening)
        reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
        writer.write(_frame(b'{"call": "nonsense", "collection": "entries", "id": 1}'))

        answer = await reader.read(1_000)

        assert b'"failed": "VectorStoreUnavailable"' in answer
        writer.close()
        await owner.aclose()


def test_an_answer_to_a_caller_that_has_left_fails_nothing_on_uvloop(tmp_path: Path) -> None:
    logged: list[dict[str, object]] = []

    async def ask_and_leave() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: logged.append(context))
        owner = VectorsOwner(QdrantLocalVectors(tmp_path / "vectors"))
        with listening_in(tmp_path) as listening:
            await owner.serve(listening)
            _, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            until = time.monotonic() + 60
            asked = {"call": "ping", "collection": "entries", "until": until, "id": 1}
            writer.write(_frame(json.dumps(asked).encode()))
            writer.close()
            store = OwnedVectors(tmp_path / "s", collection="entries", timeout_seconds=20)
            assert await store.count_entries("acme") == 0  # in turn, behind the other
            await store.aclose()
            await owner.aclose()

    uvloop.run(ask_and_leave())
    gc.collect()

    assert not logged


def test_a_question_after_a_broken_connection_is_asked_anew_on_uvloop(tmp_path: Path) -> None:
    async def ask_beside_the_break() -> list[int | BaseException]:
        owner = VectorsOwner(QdrantLocalVectors(tmp_path / "vectors"))
        with listening_in(tmp_path) as listening:
            await owner.serve(listening)
            store = OwnedVectors(tmp_path / "s", collection="entries", timeout_seconds=20)
            await store.count_entries("acme")
            link = store._connection._link
            assert link is not None
            link._writer.transport.abort()
            # Each begins after the connection broke, and before its reader hears of that.
            asked = [asyncio.create_task(store.count_entries("acme")) for _ in range(3)]
            counts = await asyncio.gather(*asked, return_exceptions=True)
            await store.aclose()
            await owner.aclose()
            return counts

    assert uvloop.run(ask_beside_the_break()) == [0, 0, 0]


def _loaded_by(process: OwnerProcess) -> str:
    return Path(f"/proc/{process.process_id}/maps").read_text()


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="Linux says what is loaded")
async def test_an_owner_runs_on_the_servers_loop(tmp_path: Path) -> None:
    async with owned(tmp_path / "vectors") as (process, store):
        await store.open()

        assert "/uvloop/" in _loaded_by(process)


async def test_an_owner_that_ends_under_an_open_connection_logs_nothing(tmp_path: Path) -> None:
    logged: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: logged.append(context))
    owner = VectorsOwner(QdrantLocalVectors(tmp_path / "vectors"))
    with listening_in(tmp_path) as listening:
        await owner.serve(listening)
        store = OwnedVectors(tmp_path / "s", timeout_seconds=20)
        await store.count_entries("acme")

        await owner.aclose()

        await store.aclose()
        assert not logged


def _frame(fields: bytes) -> bytes:
    return struct.pack("!II", len(fields), 0) + fields


async def test_a_purge_is_answered_before_the_space_is_given_back(tmp_path: Path) -> None:
    async with owned(tmp_path / "vectors") as (_, store):
        chance = random.Random(1)  # noqa: S311 - repeated, not secret
        for number in range(1_500):
            made = entry(f"q{number}", expires_at=NOW + 10, purge_at=NOW + 20)
            await store.store(SCOPE, random_vector(chance), made)

        assert await store.purge(NOW + 30) == 1_500

        removed = tmp_path / "vectors" / "entries.removed"
        assert removed.read_text() == "1500"
        await asyncio.to_thread(eventually, lambda: removed.read_text() == "0", seconds=60)
        await store.store(SCOPE, at_cosine(0.9), entry("rust"))
        assert await store.count_entries("acme") == 1


@pytest.mark.parametrize("stopped_by", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_stopped_waits_for_its_owner(
    tmp_path: Path, stopped_by: signal.Signals
) -> None:
    with proxy_process(tmp_path / "data") as proxy:
        [owner] = children(proxy.process.pid)
        lock = FolderLock(tmp_path / "data" / "qdrant")
        with pytest.raises(FolderInUse):
            lock.acquire()
        os.kill(owner, signal.SIGSTOP)

        proxy.process.send_signal(stopped_by)

        with pytest.raises(subprocess.TimeoutExpired):
            proxy.process.wait(3)
        os.kill(owner, signal.SIGCONT)
        assert proxy.process.wait(60) == 0
        assert is_gone(owner)
        lock.acquire()
        lock.release()
    assert "Traceback" not in (tmp_path / "data.log").read_text()


def test_the_server_never_loads_the_engine_that_would_stop_it(tmp_path: Path) -> None:
    with proxy_process(tmp_path / "data") as proxy:
        body = {"model": "m", "messages": [{"role": "user", "content": "What is Rust?"}]}
        for _ in range(2):
            answer = httpx.post(f"{proxy.base_url}/chat/completions", json=body, timeout=60)

        maps = Path(f"/proc/{proxy.process.pid}/maps").read_text()

    assert answer.headers["x-cache"] == "HIT-EXACT"
    assert "qdrant_edge" not in maps
