"""Clients' keys in the embedded exact tier: a row holds a key's record and what it has used."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from llm_cache_proxy.adapters.exact_store.key_records import read_record, record_text
from llm_cache_proxy.adapters.exact_store.sqlite.connection import SqlitePart, writing
from llm_cache_proxy.domain.client_keys.limits import (
    Grant,
    KeyCheck,
    KeyRecord,
    Refusal,
    after,
    grant,
    refusal,
)
from llm_cache_proxy.domain.client_keys.usage import KeyUsage, corrected, corrections
from llm_cache_proxy.ports.exact_store.items import ItemsAnswered
from llm_cache_proxy.ports.exact_store.keys import HeldKey
from llm_cache_proxy.ports.exact_store.store import Answered, OtherNamespace, Refused

A = TypeVar("A", Answered, ItemsAnswered)


class SqliteKeys(SqlitePart):
    """`KeyStore` on the thread that owns the file's connection."""

    async def read_keys(self, tenant: str) -> Mapping[str, HeldKey]:
        """Every key of the tenant by its id."""
        rows = await self._thread.run(
            lambda c: c.execute(
                f"SELECT key_id, record, {_USED} FROM client_keys WHERE tenant = ?",  # noqa: S608
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
        """Store the record; False if another one stands there."""
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
        row = _key_row(connection, tenant, key_id)
        if (None if row is None else row["record"]) != before:
            return False
        connection.execute(
            "INSERT INTO client_keys (tenant, key_id, record) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET record = excluded.record",
            (tenant, key_id, record),
        )
        other = None if usage_of is None else _key_row(connection, tenant, usage_of)
        if other is not None:
            write_usage(connection, tenant, key_id, usage_in(other))
        connection.execute("INSERT OR IGNORE INTO tenants (tenant) VALUES (?)", (tenant,))
    return True


_USED = "window_start, requests, day, tokens, month, nano_dollars"
_WRITE_USED = """
UPDATE client_keys SET
  window_start = ?, requests = ?, day = ?, tokens = ?, month = ?, nano_dollars = ?
WHERE tenant = ? AND key_id = ?
"""


@dataclass(frozen=True, slots=True)
class CheckedKey:
    """A key that is served: its record, and what it has used so far."""

    record: KeyRecord
    usage: KeyUsage

    def after(self, check: KeyCheck, now: int, *, found: bool) -> tuple[KeyUsage, Grant]:
        """The key's usage once the request is served, and its grant."""
        used, charge, short = after(self.record, self.usage, check, found=found)
        return used, grant(self.record, used, now, charge=charge, short=short)


def judged_and_counted(
    connection: sqlite3.Connection,
    tenant: str,
    check: KeyCheck,
    judge: Callable[[], tuple[A, KeyUsage | None]],
    note: Callable[[A], None],
) -> A:
    """The answer of `judge`; its usage and what `note` counts are written in one transaction.

    A store that is full or locked serves without a count, and charges nothing.
    """
    try:
        with writing(connection):
            answer, used = judge()
            if used is not None:
                write_usage(connection, tenant, check.key_id, used)
            note(answer)
    except sqlite3.OperationalError:
        answer, _ = judge()
        if isinstance(answer, Refused | OtherNamespace) or answer.grant is None:
            return answer
        return replace(answer, grant=replace(answer.grant, charge=None, counted=False))
    return answer


def checked_key(
    connection: sqlite3.Connection, tenant: str, check: KeyCheck, now: int
) -> CheckedKey | Refused | OtherNamespace:
    """The key behind the check, or why it is not served; writes nothing."""
    row = _key_row(connection, tenant, check.key_id)
    record = None if row is None else read_record(row["record"])
    if row is None or record is None:
        return Refused(Refusal.UNKNOWN)
    usage = usage_in(row).at(now)
    why = refusal(record, usage, check, now)
    if why is not None:
        return Refused(why, grant(record, usage, now))
    if check.namespace not in (None, record.namespace):
        return OtherNamespace(record.namespace)
    return CheckedKey(record, usage)


def write_usage(connection: sqlite3.Connection, tenant: str, key_id: str, usage: KeyUsage) -> None:
    """Write a key's usage."""
    minute = (usage.window_start, usage.requests)
    budgets = (usage.day, usage.tokens, usage.month, usage.nano_dollars)
    connection.execute(_WRITE_USED, (*minute, *budgets, tenant, key_id))


def correct_usage(connection: sqlite3.Connection, tenant: str, counts: Mapping[str, int]) -> None:
    """Correct the usage of keys by the counts that name them."""
    for key_id, what, period, amount in corrections(counts):
        row = _key_row(connection, tenant, key_id)
        if row is not None:
            changed = corrected(usage_in(row), what, period, amount)
            write_usage(connection, tenant, key_id, changed)


def _key_row(connection: sqlite3.Connection, tenant: str, key_id: str) -> sqlite3.Row | None:
    """The row of a key, if there is one."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM client_keys WHERE tenant = ? AND key_id = ?", (tenant, key_id)
    ).fetchone()
    return row


def usage_in(row: sqlite3.Row) -> KeyUsage:
    """The usage in a key's row."""
    return KeyUsage(*(int(row[name]) for name in _USED.split(", ")))
