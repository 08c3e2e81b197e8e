"""Clients' keys in the embedded exact tier: a row holds a key's record and what it has used."""

import sqlite3
from collections.abc import Mapping

from llm_cache_proxy.adapters.exact_store.key_records import read_record, record_text
from llm_cache_proxy.adapters.exact_store.sqlite.connection import SqliteThread, writing
from llm_cache_proxy.adapters.exact_store.sqlite.key_checks import (
    USED,
    key_row,
    usage_in,
    write_usage,
)
from llm_cache_proxy.domain.client_keys.limits import KeyRecord
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
