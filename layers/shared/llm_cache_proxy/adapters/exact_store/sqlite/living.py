"""Which rows of the embedded exact tier may be served; what is malformed is removed.

SQLite keeps any value in any column, so that every one is looked at before it is believed.
"""

import json
import sqlite3

from llm_cache_proxy.domain.entries.entry import FORMAT_VERSION
from llm_cache_proxy.ports.exact_store import Lookup

_CUT_OFF = """
SELECT EXISTS (
  SELECT 1 FROM cutoffs
  WHERE tenant = ?
    AND (cutoff > ? AND selector IN (SELECT value FROM json_each(?))
      OR selector = 'before' AND cutoff > ?))
"""
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


def living(connection: sqlite3.Connection, query: Lookup, now: int) -> sqlite3.Row | None:
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
    life = (row["sequence"], row["selectors"], row["created_at"])
    gone = row["expires_at"] + query.stale_seconds <= now
    if old or gone or cut_off(connection, query.tenant, *life):
        return None
    return row


def cut_off(
    connection: sqlite3.Connection, tenant: str, sequence: int, selectors: str, created_at: int
) -> bool:
    """Whether a clear of one of `selectors` (JSON) came after `sequence`, or one by age."""
    asked = (tenant, sequence, selectors, created_at)
    return bool(connection.execute(_CUT_OFF, asked).fetchone()[0])


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
