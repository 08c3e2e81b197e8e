"""Operators' view of the embedded exact tier."""

import sqlite3
import time
from collections.abc import Sequence

from llm_cache_proxy.adapters.counter_windows import (
    DAY_SECONDS,
    DAYS_KEPT_SECONDS,
    FINE_KEPT_SECONDS,
)
from llm_cache_proxy.adapters.sqlite_records import sequence_of
from llm_cache_proxy.adapters.sqlite_thread import SqliteThread, writing
from llm_cache_proxy.ports.exact_admin import CounterWindow, Swept

_DEAD = """
tenant = ? AND sequence < (SELECT cutoff FROM cutoffs WHERE tenant = ? AND selector = ?)
AND EXISTS (SELECT 1 FROM json_each(selectors) WHERE value = ?)
"""
_FOLD = """
INSERT INTO counters (tenant, seconds, start, name, amount)
SELECT tenant, ?, {start}, name, SUM(amount) FROM counters
WHERE tenant = ? AND {old} GROUP BY 3, name
ON CONFLICT DO UPDATE SET amount = amount + excluded.amount
"""


class SqliteAdmin:
    """`ExactAdmin` over one file."""

    def __init__(self, thread: SqliteThread) -> None:
        self._thread = thread

    async def tenants(self) -> Sequence[str]:
        """Every tenant that has ever stored or counted, sorted."""
        rows = await self._thread.run(
            lambda c: c.execute("SELECT tenant FROM tenants ORDER BY tenant").fetchall()
        )
        return [str(row[0]) for row in rows]

    async def cut(self, tenant: str, selector: str) -> int:
        """Make every present entry with `selector` dead at once; the new cutoff."""
        return await self._thread.run(lambda connection: _cut(connection, tenant, selector))

    async def sweep(self, tenant: str, selector: str) -> Swept:
        """Delete the records that a `cut` of `selector` has killed."""
        return await self._thread.run(lambda connection: _sweep(connection, tenant, selector))

    async def count_entries(self, tenant: str) -> int:
        """Entries held for the tenant, aliases not counted."""
        query = "SELECT COUNT(*) FROM records WHERE tenant = ? AND target IS NULL"
        return await self._thread.run(lambda c: int(c.execute(query, (tenant,)).fetchone()[0]))

    async def counters(self, tenant: str) -> Sequence[CounterWindow]:
        """All counter windows, oldest first, old fine ones folded into coarse ones."""
        return await self._thread.run(lambda connection: _counters(connection, tenant))

    async def ping(self) -> None:
        """Return when the file can be read."""
        await self._thread.run(lambda c: c.execute("SELECT COUNT(*) FROM tenants").fetchone())


def _cut(connection: sqlite3.Connection, tenant: str, selector: str) -> int:
    with writing(connection):
        cutoff = max(sequence_of(connection, tenant) + 1, int(time.time() * 1000))
        connection.execute(
            "INSERT INTO tenants (tenant, sequence) VALUES (?, ?) "
            "ON CONFLICT DO UPDATE SET sequence = excluded.sequence",
            (tenant, cutoff),
        )
        connection.execute(
            "INSERT OR REPLACE INTO cutoffs (tenant, selector, cutoff) VALUES (?, ?, ?)",
            (tenant, selector, cutoff),
        )
    return cutoff


def _sweep(connection: sqlite3.Connection, tenant: str, selector: str) -> Swept:
    asked = (tenant, tenant, selector, selector)
    with writing(connection):
        # Only the constant above is put into the statement's text.
        counted = connection.execute(
            f"SELECT COUNT(*), COUNT(target) FROM records WHERE {_DEAD}",  # noqa: S608
            asked,
        ).fetchone()
        connection.execute(f"DELETE FROM records WHERE {_DEAD}", asked)  # noqa: S608
    return Swept(entries=counted[0] - counted[1], aliases=counted[1])


def _counters(connection: sqlite3.Connection, tenant: str) -> list[CounterWindow]:
    now = int(time.time())
    with writing(connection):
        fine = f"seconds > 0 AND seconds < {DAY_SECONDS} AND start + seconds < ?"
        day_start = f"start - start % {DAY_SECONDS}"
        _fold(connection, tenant, DAY_SECONDS, day_start, fine, now - FINE_KEPT_SECONDS)
        days = f"seconds = {DAY_SECONDS} AND start + seconds < ?"
        _fold(connection, tenant, 0, "0", days, now - DAYS_KEPT_SECONDS)
        rows = connection.execute(
            "SELECT start, seconds, name, amount FROM counters WHERE tenant = ? "
            "ORDER BY start, seconds DESC",
            (tenant,),
        ).fetchall()
    windows: dict[tuple[int, int], dict[str, int]] = {}
    for start, seconds, name, amount in rows:
        windows.setdefault((start, seconds), {})[name] = amount
    return [CounterWindow(tenant, *place, counts) for place, counts in windows.items()]


def _fold(  # the texts put in are constants of this module
    connection: sqlite3.Connection, tenant: str, seconds: int, start: str, old: str, before: int
) -> None:
    statement = _FOLD.format(start=start, old=old)
    connection.execute(statement, (seconds, tenant, before))
    connection.execute(
        f"DELETE FROM counters WHERE tenant = ? AND {old}",  # noqa: S608
        (tenant, before),
    )
