"""What is remembered of pairs of prompts, in the embedded exact tier."""

import sqlite3
from collections.abc import Sequence

from llm_cache_proxy.adapters.exact_store.sqlite.connection import SqlitePart, writing
from llm_cache_proxy.ports.exact_store.pairs import Standing

_FRESH = "(tenant, raised_threshold, samples, wrong) VALUES (?, 0, 0, 0)"


class SqlitePairs(SqlitePart):
    """`PairMemory` on the thread that owns the file's connection."""

    async def bar(self, tenant: str, pair: str) -> bool:
        """Never match this pair again; whether that is new."""
        statement = "INSERT OR IGNORE INTO barred (tenant, pair) VALUES (?, ?)"
        return await self._thread.run(lambda c: _changed(c, statement, tenant, pair))

    async def unbar(self, tenant: str, pair: str) -> bool:
        """Forget that the pair was barred; whether it was."""
        statement = "DELETE FROM barred WHERE tenant = ? AND pair = ?"
        return await self._thread.run(lambda c: _changed(c, statement, tenant, pair))

    async def verdicts(self, tenant: str, pairs: Sequence[str]) -> Sequence[bool | None]:
        """For each pair what is remembered."""
        now = int(self._thread.now())
        return await self._thread.run(lambda c: [_verdict(c, tenant, pair, now) for pair in pairs])

    async def remember(self, tenant: str, pair: str, *, approved: bool, ttl_seconds: int) -> None:
        """Keep a verifier's verdict on the pair for `ttl_seconds`."""
        now = int(self._thread.now())
        await self._thread.run(lambda c: _remember(c, tenant, pair, approved, now, ttl_seconds))

    async def sampled(self, tenant: str, *, wrong: bool) -> Standing:
        """Count one shadow sample; what the tenant's samples now come to."""
        return await self._thread.run(lambda c: _sampled(c, tenant, int(wrong)))

    async def set_threshold(self, tenant: str, threshold: float, *, before: float) -> bool:
        """Put the raised threshold in the place of `before`, if it is still that."""
        return await self._thread.run(lambda c: _set_threshold(c, tenant, threshold, before))

    async def standing(self, tenant: str) -> Standing:
        """What holds for the tenant now."""
        return await self._thread.run(lambda c: _standing(c, tenant))


def is_barred(connection: sqlite3.Connection, tenant: str, pair: str) -> bool:
    """Whether feedback has barred the pair."""
    row = connection.execute("SELECT 1 FROM barred WHERE tenant = ? AND pair = ?", (tenant, pair))
    return row.fetchone() is not None


def raised_threshold(connection: sqlite3.Connection, tenant: str) -> float:
    """The least similarity that the tenant's samples have left."""
    statement = "SELECT raised_threshold FROM standings WHERE tenant = ?"
    row = connection.execute(statement, (tenant,)).fetchone()
    return 0.0 if row is None else float(row[0])


def _changed(connection: sqlite3.Connection, statement: str, tenant: str, pair: str) -> bool:
    with writing(connection):
        changed = connection.execute(statement, (tenant, pair)).rowcount == 1
        connection.execute("INSERT OR IGNORE INTO tenants (tenant) VALUES (?)", (tenant,))
    return changed


def _verdict(connection: sqlite3.Connection, tenant: str, pair: str, now: int) -> bool | None:
    statement = "SELECT approved FROM verdicts WHERE tenant = ? AND pair = ? AND expires_at > ?"
    row = connection.execute(statement, (tenant, pair, now)).fetchone()
    return None if row is None else bool(row[0])


def _remember(
    connection: sqlite3.Connection,
    tenant: str,
    pair: str,
    approved: bool,
    now: int,
    ttl_seconds: int,
) -> None:
    with writing(connection):
        connection.execute(
            "INSERT OR REPLACE INTO verdicts (tenant, pair, approved, expires_at) "
            "VALUES (?, ?, ?, ?)",
            (tenant, pair, int(approved), now + ttl_seconds),
        )
        connection.execute("DELETE FROM verdicts WHERE expires_at <= ?", (now,))


def _sampled(connection: sqlite3.Connection, tenant: str, wrong: int) -> Standing:
    with writing(connection):
        connection.execute("INSERT OR IGNORE INTO tenants (tenant) VALUES (?)", (tenant,))
        # Only the constant above is put into the statement's text.
        connection.execute(f"INSERT OR IGNORE INTO standings {_FRESH}", (tenant,))
        connection.execute(
            "UPDATE standings SET samples = samples + 1, wrong = wrong + ? WHERE tenant = ?",
            (wrong, tenant),
        )
    return _standing(connection, tenant)


def _set_threshold(
    connection: sqlite3.Connection, tenant: str, threshold: float, before: float
) -> bool:
    with writing(connection):
        connection.execute(f"INSERT OR IGNORE INTO standings {_FRESH}", (tenant,))
        changed = connection.execute(
            "UPDATE standings SET raised_threshold = ?, samples = 0, wrong = 0 "
            "WHERE tenant = ? AND raised_threshold = ?",
            (threshold, tenant, before),
        )
    return changed.rowcount == 1


def _standing(connection: sqlite3.Connection, tenant: str) -> Standing:
    known = "SELECT raised_threshold, samples, wrong FROM standings WHERE tenant = ?"
    row = connection.execute(known, (tenant,)).fetchone() or (0.0, 0, 0)
    counted = "SELECT COUNT(*) FROM barred WHERE tenant = ?"
    [barred] = connection.execute(counted, (tenant,)).fetchone()
    return Standing(float(row[0]), int(row[1]), int(row[2]), int(barred))
