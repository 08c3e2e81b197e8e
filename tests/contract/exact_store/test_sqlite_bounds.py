"""Facts about how much the embedded exact tier holds, and about full disks and damaged files."""

import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from llm_cache_proxy.adapters.disk_space import DiskSpace
from llm_cache_proxy.adapters.exact_store.sqlite.store import SqliteExactStore, sqlite_exact_store
from llm_cache_proxy.ports.exact_store.bounded import Bounds, Removed
from llm_cache_proxy.ports.exact_store.store import Commit, Hit, Match
from samples.stores.exact_entries import TENANT, alias, asking, entry


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "exact.sqlite3"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteExactStore]:
    made = sqlite_exact_store(path, timeout_seconds=5)
    yield made
    await made.aclose()


def used_long_ago(key: str, seconds: int, **changes: object) -> Commit:
    return Commit(TENANT, entry(key, created_at=int(time.time()) - seconds, **changes))


async def fill(store: SqliteExactStore, *keys: str) -> None:
    """The first was used the longest ago."""
    for age, key in enumerate(reversed(keys), start=1):
        assert await store.commit(used_long_ago(key, age * 100))


def size(path: Path) -> int:
    return path.stat().st_size


def damaged(path: Path, damage: bytes | None) -> None:
    """Overwrite the file, or some pages of it."""
    if damage is None:
        whole = path.read_bytes()
        damage = whole[:40_000] + b"\xff" * 200_000 + whole[240_000:]
    path.write_bytes(damage)


async def kept(store: SqliteExactStore, *keys: str) -> list[str]:
    return [key for key in keys if await store.read(TENANT, key) is not None]


async def trimmed(store: SqliteExactStore, bounds: Bounds) -> list[Removed]:
    gone: list[Removed] = []
    while removed := await store.trim(bounds):
        gone += removed
    return gone


async def test_within_its_bounds_nothing_leaves(store: SqliteExactStore) -> None:
    await fill(store, "a", "b")

    assert await trimmed(store, Bounds(entries=2, total_bytes=10_000_000)) == []
    assert await trimmed(store, Bounds()) == []


async def test_the_least_recently_used_leaves_first(store: SqliteExactStore) -> None:
    await fill(store, "a", "b", "c", "d")
    assert isinstance(await store.lookup(asking("a")), Hit)

    gone = await trimmed(store, Bounds(entries=2))

    assert sorted(one.key for one in gone) == ["b", "c"]
    assert Removed(TENANT, "b", is_alias=False) in gone
    assert await kept(store, "a", "b", "c", "d") == ["a", "d"]


async def test_a_semantic_hit_is_a_use_of_its_entry(store: SqliteExactStore) -> None:
    await fill(store, "a", "b")
    await store.promote(TENANT, None, asking("a"), Match(0.95, "pair"))

    await trimmed(store, Bounds(entries=1))

    assert await kept(store, "a", "b") == ["a"]


async def test_an_alias_counts_and_leaves_as_one(store: SqliteExactStore) -> None:
    await fill(store, "a", "b")
    await store.promote(TENANT, alias("other", "a"), asking("a"), Match(0.95, "pair"))

    first = await trimmed(store, Bounds(entries=2))
    rest = await trimmed(store, Bounds(entries=1)) + await trimmed(store, Bounds(total_bytes=1))

    assert first == [Removed(TENANT, "b", is_alias=False)]
    assert Removed(TENANT, "other", is_alias=True) in rest


async def test_what_has_expired_leaves_before_anything_that_lives(
    store: SqliteExactStore,
) -> None:
    now = int(time.time())
    await fill(store, "a")
    await store.commit(used_long_ago("dead", 10, expires_at=now - 1, purge_at=now - 1))

    gone = await trimmed(store, Bounds(entries=1))

    assert [one.key for one in gone] == ["dead"]
    assert await kept(store, "a") == ["a"]


async def test_bytes_are_bounded_and_the_file_shrinks(store: SqliteExactStore, path: Path) -> None:
    text = "x" * 50_000
    for number in range(100):
        await store.commit(used_long_ago(f"k{number}", 1_000 - number, text=text))
    await store.shrink()
    before = size(path)

    gone = await trimmed(store, Bounds(total_bytes=2_000_000))
    await store.shrink()

    assert 50 < len(gone) < 80
    assert size(path) < before / 2
    assert await kept(store, "k0", "k99") == ["k99"]


async def test_nothing_is_stored_while_the_disk_is_nearly_full_and_again_when_there_is_room(
    path: Path,
) -> None:
    free, now = [10], [0.0]
    space = DiskSpace(path.parent, 100, free_bytes=lambda _: free[0], monotonic=lambda: now[0])
    store = sqlite_exact_store(path, timeout_seconds=5, disk_space=space)

    refused = await store.commit(Commit(TENANT, entry("a")))
    none_of_two = await store.commit_items(TENANT, [entry("b"), entry("c")], {})
    free[0], now[0] = 1_000, 2.0
    taken = await store.commit(Commit(TENANT, entry("a")))
    [window] = await store.counters(TENANT)
    await store.aclose()

    assert (refused, none_of_two, taken) == (False, False, True)
    assert window.counts == {"error:write_refused": 3}


@pytest.mark.parametrize("damage", [b"no database at all" * 500, None], ids=["garbage", "page"])
async def test_a_damaged_file_is_kept_aside_and_an_empty_one_begins(
    path: Path, damage: bytes | None
) -> None:
    first = sqlite_exact_store(path, timeout_seconds=5)
    for number in range(200):
        await first.commit(Commit(TENANT, entry(f"k{number}", text="x" * 2_000)))
    await first.aclose()
    damaged(path, damage)

    second = sqlite_exact_store(path, timeout_seconds=5)
    assert await second.count_entries(TENANT) == 0
    assert await second.commit(Commit(TENANT, entry("a")))
    await second.aclose()

    [aside] = path.parent.glob("exact.sqlite3.corrupt-*")
    assert size(aside) >= len(damage or b"")


async def test_a_second_damaged_file_of_a_day_is_kept_beside_the_first(path: Path) -> None:
    for _ in range(2):
        damaged(path, b"no database at all" * 500)
        store = sqlite_exact_store(path, timeout_seconds=5)
        await store.check()
        await store.aclose()

    assert len(list(path.parent.glob("exact.sqlite3.corrupt-*"))) == 2


async def test_a_file_of_a_version_before_bounds_keeps_its_entries(path: Path) -> None:
    store = sqlite_exact_store(path, timeout_seconds=5)
    await fill(store, "a", "b")
    await store.aclose()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP INDEX records_by_use")
        connection.execute("ALTER TABLE records DROP COLUMN used_at")
        connection.execute("ALTER TABLE published RENAME TO mail")
        connection.execute("PRAGMA user_version = 6")

    again = sqlite_exact_store(path, timeout_seconds=5)
    await trimmed(again, Bounds(entries=1))

    assert await kept(again, "a", "b") == ["b"]
    await again.aclose()
