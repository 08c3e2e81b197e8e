"""What a key's row in the embedded exact tier says, and how a lookup behind a key is judged."""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import replace

from llm_cache_proxy.adapters.exact_store.key_records import read_record
from llm_cache_proxy.domain.client_keys.limits import KeyCheck, Refusal, after, grant, refusal
from llm_cache_proxy.domain.client_keys.usage import KeyUsage, corrected, corrections
from llm_cache_proxy.ports.exact_store import Answered, Found, Miss, OtherNamespace, Refused

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
