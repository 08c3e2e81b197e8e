"""Operators' view of the embedded exact tier."""

import json
import sqlite3
from collections.abc import Sequence
from functools import partial

from llm_cache_proxy.adapters.exact_store.counter_windows import (
    DAY_SECONDS,
    DAYS_KEPT_SECONDS,
    FINE_KEPT_SECONDS,
)
from llm_cache_proxy.adapters.exact_store.sqlite.connection import SqlitePart, writing
from llm_cache_proxy.adapters.exact_store.sqlite.records import (
    LIVING,
    entry_in,
    is_whole,
    sequence_of,
)
from llm_cache_proxy.domain.entries.entry import FORMAT_VERSION, Entry
from llm_cache_proxy.ports.exact_store.admin import (
    BEGINNING_CHARACTERS,
    NO_TEXTS,
    CounterWindow,
    Listed,
    Page,
    Swept,
    Texts,
)

_DEAD = """
tenant = ? AND sequence < (SELECT cutoff FROM cutoffs WHERE tenant = ? AND selector = ?)
AND EXISTS (
  SELECT 1 FROM json_each(iif(json_valid(selectors), selectors, '[]')) WHERE value = ?)
"""
_OLD = """
tenant = ? AND created_at < (
  SELECT cutoff FROM cutoffs WHERE tenant = ? AND selector = 'before')
"""
_SWEPT_AT_ONCE = 500
"""Records that are looked at in one transaction: no lookup waits long behind it."""
_LAST_OF_PORTION = f"""
SELECT key FROM records WHERE tenant = ? AND key > ? ORDER BY key
LIMIT 1 OFFSET {_SWEPT_AT_ONCE - 1}
"""  # noqa: S608 - a constant
_PAGE = f"""
SELECT * FROM records WHERE tenant = :tenant AND key > :after AND target IS NULL AND {LIVING}
  AND instr(lower(text), lower(:containing))
ORDER BY key LIMIT :beyond
"""  # noqa: S608 - constants alone
_READ = f"""
SELECT * FROM records WHERE tenant = :tenant AND key = :key AND target IS NULL AND {LIVING}
"""  # noqa: S608 - constants alone
_FOLD = """
INSERT INTO counters (tenant, seconds, start, name, amount)
SELECT tenant, ?, {start}, name, SUM(amount) FROM counters
WHERE tenant = ? AND {old} GROUP BY 3, name
ON CONFLICT DO UPDATE SET amount = amount + excluded.amount
"""


class SqliteAdmin(SqlitePart):
    """`ExactAdmin` over one file."""

    async def tenants(self) -> Sequence[str]:
        """Every tenant that has ever stored or counted, sorted."""
        rows = await self._thread.run(
            lambda c: c.execute("SELECT tenant FROM tenants ORDER BY tenant").fetchall()
        )
        return [str(row[0]) for row in rows]

    async def cut(self, tenant: str, selector: str) -> int:
        """Make every present entry with `selector` dead at once; the new cutoff."""
        return await self._thread.run(lambda c: _cut(c, tenant, selector, self._thread.now()))

    async def sweep(self, tenant: str, selector: str) -> Swept:
        """Delete the records that a `cut` of `selector` has killed."""
        return await self._swept(tenant, _DEAD, (tenant, tenant, selector, selector))

    async def cut_before(self, tenant: str, created_before: int) -> None:
        """Make every entry that was created before then dead at once."""
        await self._thread.run(lambda connection: _cut_before(connection, tenant, created_before))

    async def sweep_before(self, tenant: str) -> Swept:
        """Delete the records that `cut_before` has killed."""
        return await self._swept(tenant, _OLD, (tenant, tenant))

    async def _swept(self, tenant: str, which: str, parameters: tuple[str, ...]) -> Swept:
        """In portions: what others ask meanwhile goes between, and a cut holds from its start."""
        entries = aliases = 0
        after: str | None = ""
        while after is not None:
            portion = partial(_deleted, tenant=tenant, after=after, which=which, given=parameters)
            found, after = await self._thread.run(portion)
            entries, aliases = entries + found.entries, aliases + found.aliases
        return Swept(entries, aliases)

    async def page(
        self, tenant: str, cursor: str | None, limit: int, texts: Texts = NO_TEXTS
    ) -> Page:
        """Up to `limit` living entries after the key `cursor`, in the order of their keys."""
        now = int(self._thread.now())
        return await self._thread.run(lambda c: _page(c, tenant, cursor or "", limit, texts, now))

    async def read(self, tenant: str, key: str) -> Entry | None:
        """The whole living entry under an exact key."""
        now = int(self._thread.now())
        return await self._thread.run(lambda c: _read(c, tenant, key, now))

    async def count_entries(self, tenant: str) -> int:
        """Entries held for the tenant, aliases not counted."""
        query = "SELECT COUNT(*) FROM records WHERE tenant = ? AND target IS NULL"
        return await self._thread.run(lambda c: int(c.execute(query, (tenant,)).fetchone()[0]))

    async def counters(self, tenant: str) -> Sequence[CounterWindow]:
        """All counter windows, oldest first, old fine ones folded into coarse ones."""
        now = int(self._thread.now())
        return await self._thread.run(lambda c: _counters(c, tenant, now))

    async def recent(self, tenant: str, skip: int, limit: int) -> Sequence[str]:
        """Lines on the tenant's recent requests, newest first."""
        query = "SELECT line FROM recent WHERE tenant = ? ORDER BY place DESC LIMIT ? OFFSET ?"
        rows = await self._thread.run(lambda c: c.execute(query, (tenant, limit, skip)).fetchall())
        return [str(row[0]) for row in rows]


def _cut(connection: sqlite3.Connection, tenant: str, selector: str, now: float) -> int:
    with writing(connection):
        cutoff = max(sequence_of(connection, tenant) + 1, int(now * 1000))
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


def _cut_before(connection: sqlite3.Connection, tenant: str, created_before: int) -> None:
    with writing(connection):
        connection.execute(
            "INSERT INTO cutoffs (tenant, selector, cutoff) VALUES (?, 'before', ?) "
            "ON CONFLICT DO UPDATE SET cutoff = MAX(cutoff, excluded.cutoff)",
            (tenant, created_before),
        )


def _deleted(
    connection: sqlite3.Connection, *, tenant: str, after: str, which: str, given: tuple[str, ...]
) -> tuple[Swept, str | None]:
    """What `which`, a constant of this module, takes of the portion after a key, and its last key.

    That is None behind the last portion.
    """
    with writing(connection):
        row = connection.execute(_LAST_OF_PORTION, (tenant, after)).fetchone()
        within, bounds = ("key > ?", [after]) if row is None else ("key > ? AND key <= ?", [after])
        bounds += [] if row is None else [row["key"]]
        targets = connection.execute(
            f"DELETE FROM records WHERE {which} AND {within} RETURNING target",  # noqa: S608
            (*given, *bounds),
        ).fetchall()
    aliases = sum(target is not None for (target,) in targets)
    return Swept(len(targets) - aliases, aliases), None if row is None else str(row["key"])


def _page(
    connection: sqlite3.Connection, tenant: str, after: str, limit: int, texts: Texts, now: int
) -> Page:
    where = {"tenant": tenant, "after": after, "containing": texts.containing}
    parameters = {**_living(now), **where, "beyond": limit + 1}
    found = connection.execute(_PAGE, parameters).fetchall()
    rows = found[:limit]
    cursor = rows[-1]["key"] if len(found) > limit else None
    return Page([_listed(row, texts) for row in rows if is_whole(row)], cursor)


def _listed(row: sqlite3.Row, texts: Texts) -> Listed:
    """A line of a page."""
    return Listed(
        key=row["key"],
        entry_id=row["entry_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        selectors=tuple(json.loads(row["selectors"])),
        model=row["model"],
        prompt_tokens=row["prompt_tokens"],
        completion_tokens=row["completion_tokens"],
        beginning=row["text"][:BEGINNING_CHARACTERS] if texts.beginnings else None,
    )


def _read(connection: sqlite3.Connection, tenant: str, key: str, now: int) -> Entry | None:
    parameters = {**_living(now), "tenant": tenant, "key": key}
    row = connection.execute(_READ, parameters).fetchone()
    return None if row is None or not is_whole(row) else entry_in(row)


def _living(now: int) -> dict[str, object]:
    return {"version": FORMAT_VERSION, "now": now}


def _counters(connection: sqlite3.Connection, tenant: str, now: int) -> list[CounterWindow]:
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
