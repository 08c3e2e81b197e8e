"""Keeps the embedded exact tier within bounds: expired records go, then the least used.

Works in short transactions, so that no lookup waits long behind one of them.
"""

import sqlite3
from collections.abc import Sequence

from llm_cache_proxy.adapters.exact_store.sqlite.connection import SqlitePart, writing
from llm_cache_proxy.ports.exact_store.bounded import Bounds, Removed

_BATCH = 200
_PAGES = 10_000

_EXPIRED = "SELECT rowid FROM records WHERE purge_at <= ? ORDER BY purge_at LIMIT ?"
_LEAST_USED = "SELECT rowid FROM records ORDER BY used_at, rowid LIMIT ?"


class SqliteBounds(SqlitePart):
    """`BoundedStore` over one file."""

    async def trim(self, bounds: Bounds) -> Sequence[Removed]:
        """Delete some expired records, or else some of those beyond the bounds."""
        now = int(self._thread.now())
        return await self._thread.run(lambda c: _purged(c, now) or _evicted(c, bounds))

    async def shrink(self) -> None:
        """Return the space of deleted records to the disk."""
        await self._thread.run(_shrink)


def _purged(connection: sqlite3.Connection, now: int) -> list[Removed]:
    """Some of the records that are past their `purge_at`, deleted; none where there are none."""
    return _deleted(connection, _EXPIRED, (now, _BATCH))


def _evicted(connection: sqlite3.Connection, bounds: Bounds) -> list[Removed]:
    """Some of the least recently used records, deleted; none where all are within `bounds`."""
    excess = _excess(connection, bounds)
    if excess <= 0:
        return []
    return _deleted(connection, _LEAST_USED, (min(excess, _BATCH),))


def _shrink(connection: sqlite3.Connection) -> None:
    """Return free pages to the disk, as many as take a moment."""
    # In a script: `execute` would give back a single page.
    connection.executescript(
        f"PRAGMA incremental_vacuum({_PAGES}); PRAGMA wal_checkpoint(TRUNCATE)"
    )


def _excess(connection: sqlite3.Connection, bounds: Bounds) -> int:
    """How many records are too many."""
    [records] = connection.execute("SELECT COUNT(*) FROM records").fetchone()
    excess = records - bounds.entries if bounds.entries else 0
    held = _held_bytes(connection)
    if bounds.total_bytes and held > bounds.total_bytes and records:
        over = held - bounds.total_bytes
        excess = max(excess, -(-records * over // held))
    return int(excess)


def _held_bytes(connection: sqlite3.Connection) -> int:
    def pragma(name: str) -> int:
        [value] = connection.execute(f"PRAGMA {name}").fetchone()
        return int(value)

    return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size")


def _deleted(connection: sqlite3.Connection, chosen: str, asked: tuple[int, ...]) -> list[Removed]:
    with writing(connection):
        rows = connection.execute(
            f"DELETE FROM records WHERE rowid IN ({chosen}) "  # noqa: S608 - a constant of ours
            "RETURNING tenant, key, target",
            asked,
        ).fetchall()
    return [Removed(row["tenant"], row["key"], row["target"] is not None) for row in rows]
