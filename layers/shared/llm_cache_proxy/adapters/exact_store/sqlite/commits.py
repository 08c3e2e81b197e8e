"""Writing to the embedded exact tier: entries that the lease and the disk allow, and counts."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress

from llm_cache_proxy.adapters.disk_space import DiskSpace
from llm_cache_proxy.adapters.exact_store.sqlite.connection import (
    SqlitePart,
    SqliteThread,
    writing,
)
from llm_cache_proxy.adapters.exact_store.sqlite.leases import (
    end_item_leases,
    forget_lapsed,
    is_fenced_off,
)
from llm_cache_proxy.adapters.exact_store.sqlite.records import (
    count,
    forget,
    is_cut_off,
    remember,
)
from llm_cache_proxy.adapters.exact_store.sqlite.schema import SCHEMA_VERSION
from llm_cache_proxy.domain.entries.entry import FORMAT_VERSION, Entry
from llm_cache_proxy.domain.errors import ExactStoreUnavailable, StoreRefusesWrites
from llm_cache_proxy.domain.metrics.counter_names import WRITE_REFUSED, error_count, merged
from llm_cache_proxy.ports.exact_store.store import REQUESTS_KEPT, Commit

_LINES_BETWEEN_TRIMS = 64
_REFUSED = error_count(WRITE_REFUSED)

_WRITE_ENTRY = """
INSERT OR REPLACE INTO records (
  tenant, key, version, entry_id, created_at, expires_at, purge_at, sequence, selectors, model,
  prompt_tokens, completion_tokens, text, text_digest, json, sse, usage_event, fence, used_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class SqliteCommits(SqlitePart):
    """The parts of `ExactStore` and `ItemStore` that write."""

    def __init__(
        self,
        thread: SqliteThread,
        *,
        disk_space: DiskSpace | None = None,
        requests_kept: int = REQUESTS_KEPT,
    ) -> None:
        super().__init__(thread)
        self._disk_space = disk_space
        self._requests_kept = requests_kept
        self._untrimmed = 0

    async def commit(self, commit: Commit) -> bool:
        """Whether the entry was stored: not where the disk is nearly full."""
        full = self._disk_space is not None and self._disk_space.shortage() is not None
        now = self._thread.now()
        return await self._thread.run(lambda c: _commit(c, commit, now, storing=not full))

    async def check(self) -> str | None:
        """Read, and write to the file's head; names a damaged file that was set aside."""
        await self._thread.run(_read_something)
        shortage = None if self._disk_space is None else self._disk_space.shortage()
        if shortage is not None:
            raise StoreRefusesWrites(shortage)
        try:
            await self._thread.run(_write_something)
        except ExactStoreUnavailable as exc:
            raise StoreRefusesWrites(str(exc)) from exc
        return self._thread.remark

    async def commit_items(
        self, tenant: str, entries: Sequence[Entry], counts: Mapping[str, int]
    ) -> bool:
        """Whether all entries were stored: none where the disk is nearly full."""
        full = self._disk_space is not None and self._disk_space.shortage() is not None
        allowed, now = [] if full else entries, int(self._thread.now())
        if full:
            counts = merged(dict(counts), {name: len(entries) for name in _REFUSED})
        stored = await self._thread.run(lambda c: _commit_items(c, tenant, allowed, counts, now))
        return stored == len(entries)

    async def record(
        self, tenant: str, counts: Mapping[str, int], recent: Sequence[str] = ()
    ) -> None:
        """Add to the tenant's counters and recent decisions."""
        now = int(self._thread.now())
        await self._thread.run(lambda connection: _record(connection, tenant, counts, recent, now))
        await self._trim_recent(tenant, recent)

    async def _trim_recent(self, tenant: str, recent: Sequence[str]) -> None:
        """Delete the tenant's oldest lines now and then: reading through them takes time."""
        self._untrimmed += len(recent)
        if self._untrimmed >= _LINES_BETWEEN_TRIMS:
            self._untrimmed = 0
            with suppress(ExactStoreUnavailable):  # the call itself has succeeded
                await self._thread.run(lambda c: forget(c, tenant, self._requests_kept))


def _read_something(connection: sqlite3.Connection) -> None:
    for table in ("tenants", "records"):
        connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchone()  # noqa: S608 - constants


def _write_something(connection: sqlite3.Connection) -> None:
    with writing(connection):
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")  # as it is already


def _commit_items(
    connection: sqlite3.Connection,
    tenant: str,
    entries: Sequence[Entry],
    counts: Mapping[str, int],
    now: int,
) -> int:
    """How many were stored."""
    stored = 0
    with writing(connection):
        count(connection, tenant, counts, now)
        for entry in entries:
            cutoff_fields = (entry.sequence, json.dumps(entry.selectors), entry.created_at)
            if not is_cut_off(connection, tenant, *cutoff_fields):
                _write_entry(connection, tenant, entry, 0)
                stored += 1
        end_item_leases(connection, tenant, [entry.key for entry in entries])
    return stored


def _commit(connection: sqlite3.Connection, commit: Commit, now: float, *, storing: bool) -> bool:
    tenant, entry, lease = commit.tenant, commit.entry, commit.lease
    cutoff_fields = (entry.sequence, json.dumps(entry.selectors), entry.created_at)
    counts = dict(commit.counts) if storing else merged(dict(commit.counts), _REFUSED)
    with writing(connection):
        count(connection, tenant, counts, int(now))
        refused = not storing or is_cut_off(connection, tenant, *cutoff_fields)
        if lease is not None and is_fenced_off(connection, tenant, entry.key, lease, now):
            refused = True
        forget_lapsed(connection, now)
        if not refused:
            _write_entry(connection, tenant, entry, lease.token if lease else 0)
    return not refused


def _write_entry(connection: sqlite3.Connection, tenant: str, entry: Entry, token: int) -> None:
    """Write the entry over whatever stood under its key; `token` is its lease's, or 0."""
    forms = entry.forms
    place = (tenant, entry.key, FORMAT_VERSION, entry.entry_id)
    times = (entry.created_at, entry.expires_at, entry.purge_at, entry.sequence)
    counted = (json.dumps(entry.selectors), entry.model, entry.prompt_tokens)
    said = (entry.completion_tokens, entry.text, entry.text_digest)
    bodies = (forms.json, forms.sse, forms.usage_event)
    last = (token, entry.created_at)
    connection.execute(_WRITE_ENTRY, (*place, *times, *counted, *said, *bodies, *last))


def _record(
    connection: sqlite3.Connection,
    tenant: str,
    counts: Mapping[str, int],
    recent: Sequence[str],
    now: int,
) -> None:
    with writing(connection):
        count(connection, tenant, counts, now)
        remember(connection, tenant, recent)
