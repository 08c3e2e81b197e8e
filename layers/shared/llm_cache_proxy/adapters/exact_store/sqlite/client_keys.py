"""Clients' keys in the embedded exact tier: a row holds a key's record and what it has used."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace

from llm_cache_proxy.adapters.exact_store.key_records import read_record, record_text
from llm_cache_proxy.adapters.exact_store.sqlite.connection import SqliteThread, writing
from llm_cache_proxy.domain.client_keys.limits import (
    KeyCheck,
    KeyRecord,
    Refusal,
    after,
    grant,
    refusal,
)
from llm_cache_proxy.domain.client_keys.usage import KeyUsage, corrected, corrections
from llm_cache_proxy.ports.exact_store import Answered, Found, Miss, OtherNamespace, Refused
from llm_cache_proxy.ports.key_store import HeldKey


class SqliteKeys:
    """`KeyStore` on the thread that owns the file's connection."""

    def __init__(self, thread: SqliteThread) -> None:
        self._thread = thread

    async def read_keys(self, tenant: str) -> Mapping[str, HeldKey]:
        """Every key of the tenant by its id."""
        rows = await self._thread.run(
            lambda c: c.execute(
                f"SELECT key_id, record, {USED} FROM client_keys WHERE tenant = ?",  # noqa: S608
                (tenant,),
            ).fetchall()
        )
        return {
            str(row["key_id"]): HeldKey(record, usage_in(row))
            for row in rows
            if (record := read_record(row["record"])) is not None
        }

    async def write_key(
        self,
        tenant: str,
        key_id: str,
        record: KeyRecord,
        *,
        instead_of: KeyRecord | None = None,
        usage_of: str | None = None,
    ) -> bool:
        """Keep the record; False where another one stands there."""
        before = None if instead_of is None else record_text(instead_of)
        return await self._thread.run(
            lambda c: _write(c, (tenant, key_id), record_text(record), before, usage_of)
        )


def _write(
    connection: sqlite3.Connection,
    place: tuple[str, str],
    record: str,
    before: str | None,
    usage_of: str | None,
) -> bool:
    tenant, key_id = place
    with writing(connection):
        row = key_row(connection, tenant, key_id)
        if (None if row is None else row["record"]) != before:
            return False
        connection.execute(
            "INSERT INTO client_keys (tenant, key_id, record) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET record = excluded.record",
            (tenant, key_id, record),
        )
        other = None if usage_of is None else key_row(connection, tenant, usage_of)
        if other is not None:
            write_usage(connection, tenant, key_id, usage_in(other))
        connection.execute("INSERT OR IGNORE INTO tenants (tenant) VALUES (?)", (tenant,))
    return True


USED = "window_start, requests, day, tokens, month, nano_dollars"
_WRITE_USED = """
UPDATE client_keys SET
  window_start = ?, requests = ?, day = ?, tokens = ?, month = ?, nano_dollars = ?
WHERE tenant = ? AND key_id = ?
"""


def keyed(
    connection: sqlite3.Connection,
    tenant: str,
    check: KeyCheck,
    now: int,
    look: Callable[[], Found],
) -> tuple[Answered, KeyUsage | None]:
    """What a lookup with a check gives, and what the key has then used: writes nothing."""
    row = key_row(connection, tenant, check.key_id)
    record = None if row is None else read_record(row["record"])
    usage = (KeyUsage() if row is None else usage_in(row)).at(now)
    if record is None:
        return Refused(Refusal.UNKNOWN), None
    why = refusal(record, usage, check, now)
    if why is not None:
        return Refused(why, grant(record, usage, now)), None
    if check.namespace not in (None, record.namespace):
        return OtherNamespace(record.namespace), None
    found = look()
    used, charge, short = after(record, usage, check, found=not isinstance(found, Miss))
    return replace(found, grant=grant(record, used, now, charge=charge, short=short)), used


def write_usage(connection: sqlite3.Connection, tenant: str, key_id: str, usage: KeyUsage) -> None:
    """Write what a key has used."""
    minute = (usage.window_start, usage.requests)
    budgets = (usage.day, usage.tokens, usage.month, usage.nano_dollars)
    connection.execute(_WRITE_USED, (*minute, *budgets, tenant, key_id))


def correct(connection: sqlite3.Connection, tenant: str, counts: Mapping[str, int]) -> None:
    """Change what keys have used by the counts that say so."""
    for key_id, what, period, amount in corrections(counts):
        row = key_row(connection, tenant, key_id)
        if row is not None:
            changed = corrected(usage_in(row), what, period, amount)
            write_usage(connection, tenant, key_id, changed)


def key_row(connection: sqlite3.Connection, tenant: str, key_id: str) -> sqlite3.Row | None:
    """The row of a key, if there is one."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM client_keys WHERE tenant = ? AND key_id = ?", (tenant, key_id)
    ).fetchone()
    return row


def usage_in(row: sqlite3.Row) -> KeyUsage:
    """What a row says its key has used."""
    return KeyUsage(*(int(row[name]) for name in USED.split(", ")))
