"""The embedded semantic store on disk: it outlives its process, and serves one at a time."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import qdrant_edge as edge

from llm_cache_proxy.adapters.disk_space import DiskSpace
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from llm_cache_proxy.adapters.vector_store.qdrant.port import DEFAULT_COLLECTION
from llm_cache_proxy.domain.errors import OtherDimensions, SettingsError, VectorStoreUnavailable
from samples.stores.vectors import NOW, SCOPE, at_cosine, entry, key

TESTS = Path(__file__).parents[2]

WRITER = """
import asyncio, sys
from pathlib import Path
from llm_cache_proxy.adapters.vector_store.qdrant.embedded.store import QdrantLocalVectors
from samples.stores.vectors import SCOPE, at_cosine, entry

async def main():
    store = QdrantLocalVectors(Path(sys.argv[1]), timeout_seconds=20)
    for name in ("rust", "go"):
        await store.store(SCOPE, at_cosine(0.9), entry(name))
    print("stored", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[QdrantLocalVectors]:
    store = QdrantLocalVectors(folder, timeout_seconds=20)
    try:
        yield store
    finally:
        await store.aclose()


@pytest.fixture
def writer(tmp_path: Path) -> "Iterator[subprocess.Popen[str]]":
    """Another process that has stored two entries in the folder, and holds it."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=TESTS
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stored\n"
        yield process
        process.kill()


def segment_in(folder: Path, collection: str = DEFAULT_COLLECTION) -> Path:
    [segment] = (folder / collection).rglob("segment.json")
    return segment


async def test_entries_outlive_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path / "made" / "on demand") as store:
        await store.store(SCOPE, at_cosine(0.9), entry("rust"))
        await store.store(SCOPE, at_cosine(0.8), entry("go"))
        await store.sweep("acme", "entry:ent_go", 100)

    async with opened(tmp_path / "made" / "on demand") as store:
        [found] = await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)

        assert found.similarity == pytest.approx(0.9, abs=1e-6)
        assert await store.fetch("acme", key("rust")) == entry("rust")


async def test_searches_run_on_one_thread_in_a_folder_of_before_as_well(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.store(SCOPE, at_cosine(0.9), entry("rust"))
    config = tmp_path / DEFAULT_COLLECTION / "edge_config.json"
    held = json.loads(config.read_text())
    assert held.pop("max_search_threads") == 1
    config.write_text(json.dumps(held))

    async with opened(tmp_path) as store:
        [found] = await store.nearest(SCOPE, at_cosine(0.9), now=NOW, limit=5)

    assert found.similarity == pytest.approx(1.0, abs=1e-6)
    assert json.loads(config.read_text())["max_search_threads"] == 1


async def test_a_killed_process_loses_nothing_and_leaves_no_lock(
    tmp_path: Path, writer: "subprocess.Popen[str]"
) -> None:
    writer.send_signal(signal.SIGKILL)
    writer.wait()

    async with opened(tmp_path) as store:
        assert await store.count_entries("acme") == 2
        assert await store.fetch("acme", key("go")) == entry("go")


async def test_a_second_process_learns_who_has_the_folder_and_what_to_do(
    tmp_path: Path, writer: "subprocess.Popen[str]"
) -> None:
    async with opened(tmp_path) as store:
        with pytest.raises(SettingsError) as refused:
            await store.open()

        assert str(tmp_path) in str(refused.value)
        assert f"process {writer.pid}" in str(refused.value)
        assert "DATA_DIR" in str(refused.value)
        assert "QDRANT_URL" in str(refused.value)


async def test_a_request_goes_on_without_a_folder_that_is_in_use_until_it_is_free(
    tmp_path: Path, writer: "subprocess.Popen[str]"
) -> None:
    async with opened(tmp_path) as store:
        with pytest.raises(VectorStoreUnavailable, match="in use by another process"):
            await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)
        writer.terminate()
        writer.wait()

        assert len(await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)) == 2


async def test_closing_lets_the_next_one_in(tmp_path: Path) -> None:
    first, second = QdrantLocalVectors(tmp_path), QdrantLocalVectors(tmp_path)
    await first.open()
    with pytest.raises(SettingsError):
        await second.open()

    await first.aclose()
    await second.open()

    await second.aclose()


async def test_a_store_that_was_never_used_closes_and_leaves_no_folder(tmp_path: Path) -> None:
    async with opened(tmp_path / "vectors"):
        pass

    assert not (tmp_path / "vectors").exists()


def asides(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{DEFAULT_COLLECTION}.corrupt-*"))


async def test_a_folder_that_is_no_store_is_kept_aside_as_it_is(tmp_path: Path) -> None:
    config = tmp_path / DEFAULT_COLLECTION / "edge_config.json"
    config.parent.mkdir()
    config.write_text("not json")

    async with opened(tmp_path) as store:
        await store.open()
        assert await store.count_entries("acme") == 0

    [aside] = asides(tmp_path)
    assert (aside / "edge_config.json").read_text() == "not json"


async def test_a_damaged_store_is_kept_aside_and_an_empty_one_begins(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.store(SCOPE, at_cosine(0.9), entry("rust"))
    segment = segment_in(tmp_path)
    segment.write_bytes(b"damaged" * 1000)

    async with opened(tmp_path) as store:
        assert await store.count_entries("acme") == 0
        await store.store(SCOPE, at_cosine(0.9), entry("python"))
        assert await store.count_entries("acme") == 1

    [aside] = asides(tmp_path)
    assert segment_in(tmp_path, aside.name).read_bytes() == b"damaged" * 1000


async def test_a_store_on_a_disk_that_is_nearly_full_is_not_opened(tmp_path: Path) -> None:
    space = DiskSpace(tmp_path, 100, free_bytes=lambda _: 99)
    store = QdrantLocalVectors(tmp_path / "vectors", disk_space=space)

    with pytest.raises(SettingsError, match="MIN_FREE_BYTES"):
        await store.open()
    with pytest.raises(VectorStoreUnavailable, match="MIN_FREE_BYTES"):
        await store.count_entries("acme")

    assert not (tmp_path / "vectors").exists()


async def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    async with opened(tmp_path / "file" / "vectors") as store:
        with pytest.raises(SettingsError, match="cannot be written"):
            await store.open()


async def test_a_collection_that_another_program_has_open_is_left_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.store(SCOPE, at_cosine(0.9), entry("rust"))
    others = edge.EdgeShard.load(str(tmp_path / DEFAULT_COLLECTION))

    async with opened(tmp_path) as store:
        with pytest.raises(SettingsError, match="in use by another process"):
            await store.open()
        others.close()

        assert await store.fetch("acme", key("rust")) == entry("rust")

    assert asides(tmp_path) == []


async def test_a_collection_of_another_dimension_is_refused_and_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / DEFAULT_COLLECTION
    folder.mkdir()
    vectors = edge.EdgeVectorParams(size=768, distance=edge.Distance.Cosine)
    edge.EdgeShard.create(str(folder), edge.EdgeConfig(vectors=vectors)).close()

    async with opened(tmp_path) as store:
        with pytest.raises(OtherDimensions, match="768 dimensions, and the embedder's have 384"):
            await store.open()
        with pytest.raises(VectorStoreUnavailable, match="QDRANT_COLLECTION"):
            await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)

    assert asides(tmp_path) == []


async def test_the_event_loop_goes_on_while_the_store_works(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        opening = asyncio.create_task(store.open())
        turns = 0
        while not opening.done():
            await asyncio.sleep(0)
            turns += 1

    assert turns > 10


async def test_a_deadline_holds_while_the_store_is_busy(tmp_path: Path) -> None:
    store = QdrantLocalVectors(tmp_path, timeout_seconds=0.000_001)

    with pytest.raises(VectorStoreUnavailable, match="did not answer within"):
        await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)

    await store.aclose()
