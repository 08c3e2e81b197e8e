"""Rows of the embedded exact tier: which may be served, what they say, and counting beside them.

SQLite keeps any value in any column, so that every one is looked at before it is believed; what
is malformed is removed.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence

from llm_cache_proxy.adapters.exact_store.counter_windows import FINE_SECONDS
from llm_cache_proxy.adapters.exact_store.sqlite.client_keys import correct_usage
from llm_cache_proxy.domain.client_keys.usage import USAGE
from llm_cache_proxy.domain.entries.entry import FORMAT_VERSION, Alias, Entry, Form, Forms
from llm_cache_proxy.ports.exact_store.store import Hit, Lookup

LIVING = """
version = :version AND expires_at > :now
  AND NOT EXISTS (
    SELECT 1 FROM cutoffs
    WHERE cutoffs.tenant = records.tenant
      AND (cutoff > sequence AND selector IN (
          SELECT value FROM json_each(iif(json_valid(selectors), selectors, '[]')))
        OR selector = 'before' AND cutoff > created_at))
"""
"""What a record must be to be served: neither expired nor cut off, by selector or by age."""

_CUT_OFF = """
SELECT EXISTS (
  SELECT 1 FROM cutoffs
  WHERE tenant = ?
    AND (cutoff > ? AND selector IN (SELECT value FROM json_each(?))
      OR selector = 'before' AND cutoff > ?))
"""
_COUNT = """
INSERT INTO counters (tenant, seconds, start, name, amount) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET amount = amount + excluded.amount
"""
_FORGET = """
DELETE FROM recent WHERE tenant = :tenant AND place <= (
  SELECT place FROM recent WHERE tenant = :tenant ORDER BY place DESC LIMIT 1 OFFSET :kept)
"""
_USE = "UPDATE records SET used_at = ? WHERE tenant = ? AND key = ? AND used_at <= ?"
_USE_SEVERAL = (
    "UPDATE records SET used_at = ? WHERE tenant = ? "
    "AND key IN (SELECT value FROM json_each(?)) AND used_at <= ?"
)
_USED_SECONDS = 60
"""A record is marked as used once a minute at most: nearly every hit stays a read."""

_COMMON = {"created_at": int, "expires_at": int, "sequence": int, "text_digest": str}
_ENTRY = {
    "entry_id": str,
    "model": str,
    "prompt_tokens": int,
    "completion_tokens": int,
    "text": str,
    "json": str,
    "sse": str,
    "usage_event": str,
}
_ALIAS = {"target": str, "similarity": float, "decision_version": int, "embedder_id": str}


def sequence_of(connection: sqlite3.Connection, tenant: str) -> int:
    """The tenant's clear sequence."""
    row = connection.execute("SELECT sequence FROM tenants WHERE tenant = ?", (tenant,)).fetchone()
    return 0 if row is None else int(row[0])


def servable_row(connection: sqlite3.Connection, query: Lookup, now: int) -> sqlite3.Row | None:
    """The row under the query's key if it may be served."""
    place = (query.tenant, query.key)
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM records WHERE tenant = ? AND key = ?", place
    ).fetchone()
    if row is None:
        return None
    if not is_whole(row):
        connection.execute("DELETE FROM records WHERE tenant = ? AND key = ?", place)
        return None
    expired = row["expires_at"] <= now
    if expired and row["target"] is not None and query.flight is not None:
        return None
    old = query.max_age_seconds is not None and now - row["created_at"] > query.max_age_seconds
    cutoff_fields = (row["sequence"], row["selectors"], row["created_at"])
    gone = row["expires_at"] + query.stale_seconds <= now
    if old or gone or is_cut_off(connection, query.tenant, *cutoff_fields):
        return None
    return row


def is_cut_off(
    connection: sqlite3.Connection, tenant: str, sequence: int, selectors: str, created_at: int
) -> bool:
    """Whether a clear of one of `selectors` (JSON) came after `sequence`, or one by age."""
    parameters = (tenant, sequence, selectors, created_at)
    return bool(connection.execute(_CUT_OFF, parameters).fetchone()[0])


def is_whole(row: sqlite3.Row) -> bool:
    """Whether every column of an entry or an alias holds what it should."""
    columns = _COMMON | (_ENTRY if row["target"] is None else _ALIAS)
    return (
        row["version"] == FORMAT_VERSION
        and all(isinstance(row[name], kind) for name, kind in columns.items())
        and (row["target"] is None or -1 <= row["similarity"] <= 1)
        and _are_selectors(row["selectors"])
    )


def _are_selectors(text: object) -> bool:
    try:
        selectors = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return False
    return isinstance(selectors, list) and bool(selectors)


def hit_in(row: sqlite3.Row, query: Lookup, now: int, sequence: int) -> Hit | None:
    """What an entry's row gives in the requested form; None where it does not have the form."""
    form = Form(query.form)
    if not row["json" if form is Form.JSON else "sse"]:
        return None
    return Hit(
        body=Forms(row["json"], row["sse"], row["usage_event"]).body(form),
        entry_id=row["entry_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        now=now,
        model=row["model"],
        prompt_tokens=row["prompt_tokens"],
        completion_tokens=row["completion_tokens"],
        text=None if row["text_digest"] == query.text_digest else row["text"],
        sequence=sequence,
    )


def alias_in(row: sqlite3.Row) -> Alias:
    """What an alias's row says."""
    return Alias(
        key=row["key"],
        target=row["target"],
        similarity=row["similarity"],
        decision_version=row["decision_version"],
        embedder_id=row["embedder_id"],
        text_digest=row["text_digest"],
        pair=row["pair"],
    )


def entry_in(row: sqlite3.Row) -> Entry:
    """The whole entry in a row that is no alias."""
    return Entry(
        key=row["key"],
        entry_id=row["entry_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        purge_at=row["purge_at"],
        sequence=row["sequence"],
        selectors=tuple(json.loads(row["selectors"])),
        model=row["model"],
        prompt_tokens=row["prompt_tokens"],
        completion_tokens=row["completion_tokens"],
        text=row["text"],
        text_digest=row["text_digest"],
        forms=Forms(row["json"], row["sse"], row["usage_event"]),
    )


def count(connection: sqlite3.Connection, tenant: str, counts: Mapping[str, int], now: int) -> None:
    """Add to the tenant's present counter window, and to what its keys have used."""
    corrections = {name: amount for name, amount in counts.items() if name.startswith(USAGE)}
    if corrections:
        correct_usage(connection, tenant, corrections)
    place = (tenant, FINE_SECONDS, now - now % FINE_SECONDS)
    rows = [(*place, name, amount) for name, amount in counts.items() if name not in corrections]
    connection.executemany(_COUNT, rows)
    connection.execute("INSERT OR IGNORE INTO tenants (tenant) VALUES (?)", (tenant,))


def remember(connection: sqlite3.Connection, tenant: str, recent: Sequence[str]) -> None:
    """Keep the lines; `forget` is called for the older ones from time to time."""
    if recent:
        rows = [(tenant, line) for line in recent]
        connection.executemany("INSERT INTO recent (tenant, line) VALUES (?, ?)", rows)


def forget(connection: sqlite3.Connection, tenant: str, kept: int) -> None:
    """Delete the tenant's lines but for the newest `kept`."""
    connection.execute(_FORGET, {"tenant": tenant, "kept": kept})


def mark_used(connection: sqlite3.Connection, tenant: str, key: str, now: int) -> None:
    """Mark a record as used now."""
    connection.execute(_USE, (now, tenant, key, now - _USED_SECONDS))


def mark_all_used(
    connection: sqlite3.Connection, tenant: str, keys: Sequence[str], now: int
) -> None:
    """Mark several records as used now."""
    connection.execute(_USE_SEVERAL, (now, tenant, json.dumps(keys), now - _USED_SECONDS))
