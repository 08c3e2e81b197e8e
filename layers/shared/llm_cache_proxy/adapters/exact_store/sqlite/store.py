"""The exact tier in one file: SQLite in write-ahead mode, safe for several processes."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from llm_cache_proxy.adapters.disk_space import DiskSpace
from llm_cache_proxy.adapters.exact_store.sqlite import records
from llm_cache_proxy.adapters.exact_store.sqlite.admin import SqliteAdmin
from llm_cache_proxy.adapters.exact_store.sqlite.bounds import (
    evicted,
    purged,
    shrink,
    touch,
)
from llm_cache_proxy.adapters.exact_store.sqlite.client_keys import SqliteKeys, keyed, write_usage
from llm_cache_proxy.adapters.exact_store.sqlite.connection import (
    SqliteThread,
    clock_seconds,
    writing,
)
from llm_cache_proxy.adapters.exact_store.sqlite.leases import (
    SqliteLeases,
    end_lease,
    forget_lapsed,
    is_fenced_off,
    take_lease,
)
from llm_cache_proxy.adapters.exact_store.sqlite.pairs import (
    SqlitePairs,
    is_barred,
    raised_threshold,
)
from llm_cache_proxy.adapters.exact_store.sqlite.records import cut_off, living
from llm_cache_proxy.domain.client_keys.limits import KeyCheck
from llm_cache_proxy.domain.entries.entry import Alias
from llm_cache_proxy.domain.entries.pairs import spelling_pair
from llm_cache_proxy.domain.metrics.counter_names import EXACT_HITS, SEMANTIC_HITS, STALE, merged
from llm_cache_proxy.ports.bounded_store import Bounds, Removed
from llm_cache_proxy.ports.exact_store import (
    AliasFound,
    Answered,
    Barred,
    BelowRaised,
    Commit,
    Found,
    Hit,
    Lookup,
    Match,
    Miss,
    Promoted,
)
from llm_cache_proxy.ports.lease_store import Lease


class SqliteExactStore(SqliteAdmin, SqliteKeys, SqlitePairs, SqliteLeases):
    """All ports of the exact tier on the file at `path`."""

    def __init__(
        self, path: Path, *, timeout_seconds: float, disk_space: DiskSpace | None = None
    ) -> None:
        super().__init__(SqliteThread(path, timeout_seconds=timeout_seconds))
        self._disk_space = disk_space

    async def lookup(self, query: Lookup) -> Answered:
        """The valid entry or alias under the key; a hit is counted in the same transaction."""
        return await self._thread.run(lambda c: _leased(c, query, _answered(c, query)))

    async def promote(
        self, tenant: str, alias: Alias | None, query: Lookup, match: Match | None = None
    ) -> Promoted:
        """The target's answer as a semantic hit, leaving `alias` behind."""
        return await self._thread.run(lambda c: _promote(c, tenant, alias, query, match))

    async def commit(self, commit: Commit) -> bool:
        """Whether the entry was stored: not where the disk is nearly full."""
        full = self._disk_space is not None and self._disk_space.shortage() is not None
        return await self._thread.run(lambda c: _commit(c, commit, storing=not full))

    async def trim(self, bounds: Bounds) -> Sequence[Removed]:
        """Delete some of what has expired, or else of what is too much."""
        return await self._thread.run(lambda c: purged(c) or evicted(c, bounds))

    async def shrink(self) -> None:
        """Give the space of what was deleted back to the disk."""
        await self._thread.run(shrink)

    async def record(
        self, tenant: str, counts: Mapping[str, int], recent: Sequence[str] = ()
    ) -> None:
        """Add to the tenant's counters and recent decisions."""
        await self._thread.run(lambda connection: _record(connection, tenant, counts, recent))

    async def aclose(self) -> None:
        """Close the file."""
        await self._thread.aclose()


def _leased(connection: sqlite3.Connection, query: Lookup, answer: Answered) -> Answered:
    if query.flight is None or not isinstance(answer, Hit | Miss):
        return answer
    if isinstance(answer, Hit) and not answer.is_due(query.refresh_ahead):
        return answer
    seconds, claim = query.lease_seconds, query.claim
    lease = take_lease(connection, query.tenant, query.flight, seconds, claim)
    return replace(answer, lease=lease)


def _answered(connection: sqlite3.Connection, query: Lookup) -> Answered:
    now = clock_seconds()
    if query.check is not None:
        return _keyed(connection, query, query.check, now)
    found = _found(connection, query, now)
    used = query.key if isinstance(found, Hit) else None
    counts = _counted(query, found)
    _count_if_possible(connection, query.tenant, counts, recent=query.recent, used=used)
    return found


def _keyed(connection: sqlite3.Connection, query: Lookup, check: KeyCheck, now: int) -> Answered:
    """The same behind a client's key: judged, looked up and counted in one transaction."""

    def look() -> Found:
        return _found(connection, query, now)

    try:
        with writing(connection):
            answer, used = keyed(connection, query.tenant, check, now, look)
            if used is not None:
                write_usage(connection, query.tenant, check.key_id, used)
            records.count(connection, query.tenant, _counted(query, answer), now)
            if isinstance(answer, Hit):
                touch(connection, query.tenant, query.key, now)
            records.remember(connection, query.tenant, query.recent)
    except sqlite3.OperationalError:  # full or locked: served without a count
        answer, _ = keyed(connection, query.tenant, check, now, look)
        if isinstance(answer, Hit | AliasFound | Barred | Miss) and answer.grant is not None:
            return replace(answer, grant=replace(answer.grant, charge=None, counted=False))
    return answer


def _found(connection: sqlite3.Connection, query: Lookup, now: int) -> Found:
    sequence = records.sequence_of(connection, query.tenant)
    row = living(connection, query, now)
    if row is None:
        return Miss(sequence)
    if row["target"] is not None:
        raised = raised_threshold(connection, query.tenant)
        alias = records.to_alias(row, query.key)
        barred = is_barred(connection, query.tenant, alias.pair)
        return AliasFound(alias, sequence, raised, barred=barred)
    if _spelling_barred(connection, row, query):
        return Barred(sequence)
    if not records.has_form(row, query):
        return Miss(sequence, unproved=True)
    return records.to_hit(row, query, now, sequence)


def _counted(query: Lookup, answer: Answered) -> dict[str, int]:
    if not isinstance(answer, Hit):
        return dict(query.counts)
    tier = STALE if answer.is_stale else EXACT_HITS
    return merged(dict(query.counts), records.hit_tally(tier, answer))


def _spelling_barred(connection: sqlite3.Connection, row: sqlite3.Row, query: Lookup) -> bool:
    if row["text_digest"] == query.text_digest:
        return False
    pair = spelling_pair(row["text_digest"], query.text_digest)
    return is_barred(connection, query.tenant, pair)


def _promote(
    connection: sqlite3.Connection,
    tenant: str,
    alias: Alias | None,
    query: Lookup,
    match: Match | None,
) -> Promoted:
    now = clock_seconds()
    sequence = records.sequence_of(connection, tenant)
    row = living(connection, query, now)
    if row is None or row["target"] is not None:
        return Miss(sequence)
    if match is not None:
        if is_barred(connection, tenant, match.pair):
            return Barred(sequence)
        raised = raised_threshold(connection, tenant)
        if match.similarity < raised:
            return BelowRaised(sequence, raised)
    if not records.has_form(row, query):
        return Miss(sequence, unproved=True)
    hit = records.to_hit(row, query, now, sequence)
    counts = merged(dict(query.counts), records.hit_tally(SEMANTIC_HITS, hit))
    _count_if_possible(connection, tenant, counts, alias, held=query.held, used=query.key)
    return hit


def _commit(connection: sqlite3.Connection, commit: Commit, *, storing: bool) -> bool:
    now, entry = clock_seconds(), commit.entry
    cutoff_fields = (entry.sequence, json.dumps(entry.selectors), entry.created_at)
    with writing(connection):
        records.count(connection, commit.tenant, commit.counts, now)
        lease = commit.lease
        refused = lease is not None and is_fenced_off(connection, commit.tenant, entry.key, lease)
        refused = refused or not storing or cut_off(connection, commit.tenant, *cutoff_fields)
        if not refused:
            records.write_entry(connection, commit.tenant, entry, lease.token if lease else 0)
        forget_lapsed(connection)
    return not refused


def _record(
    connection: sqlite3.Connection, tenant: str, counts: Mapping[str, int], recent: Sequence[str]
) -> None:
    with writing(connection):
        records.count(connection, tenant, counts, clock_seconds())
        records.remember(connection, tenant, recent)


def _count_if_possible(
    connection: sqlite3.Connection,
    tenant: str,
    counts: Mapping[str, int],
    alias: Alias | None = None,
    recent: Sequence[str] = (),
    held: Lease | None = None,
    used: str | None = None,
) -> None:
    """Count what was served, leave the alias, end the lease; a full disk serves, uncounted."""
    if not counts and alias is None and not recent:
        return
    try:
        with writing(connection):
            records.count(connection, tenant, counts, clock_seconds())
            records.remember(connection, tenant, recent)
            if used is not None:
                touch(connection, tenant, used, clock_seconds())
            if alias is not None:
                records.write_alias(connection, tenant, alias)
            if held is not None:
                end_lease(connection, tenant, held)
    except sqlite3.OperationalError:
        return
