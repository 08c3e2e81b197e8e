"""The exact tier in one file: SQLite in write-ahead mode, safe for several processes.

Here are the lookup and the promotion: each finds, judges and counts in one call of the thread.
"""

import sqlite3
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from llm_cache_proxy.adapters.disk_space import DiskSpace
from llm_cache_proxy.adapters.exact_store.sqlite.admin import SqliteAdmin
from llm_cache_proxy.adapters.exact_store.sqlite.bounds import SqliteBounds
from llm_cache_proxy.adapters.exact_store.sqlite.client_keys import (
    CheckedKey,
    SqliteKeys,
    checked_key,
    judged_and_counted,
)
from llm_cache_proxy.adapters.exact_store.sqlite.commits import SqliteCommits
from llm_cache_proxy.adapters.exact_store.sqlite.connection import SqliteThread, writing
from llm_cache_proxy.adapters.exact_store.sqlite.items import SqliteItems
from llm_cache_proxy.adapters.exact_store.sqlite.leases import SqliteLeases, end_lease, take_lease
from llm_cache_proxy.adapters.exact_store.sqlite.pairs import (
    SqlitePairs,
    is_barred,
    raised_threshold,
)
from llm_cache_proxy.adapters.exact_store.sqlite.records import (
    alias_in,
    count,
    hit_in,
    mark_used,
    remember,
    sequence_of,
    servable_row,
)
from llm_cache_proxy.domain.client_keys.limits import KeyCheck
from llm_cache_proxy.domain.client_keys.usage import KeyUsage
from llm_cache_proxy.domain.entries.entry import Alias
from llm_cache_proxy.domain.entries.pairs import spelling_pair
from llm_cache_proxy.domain.metrics.counter_names import (
    EXACT_HITS,
    SEMANTIC_HITS,
    STALE,
    hit_counts,
    merged,
)
from llm_cache_proxy.ports.exact_store.store import (
    REQUESTS_KEPT,
    AliasFound,
    Answered,
    Barred,
    BelowRaised,
    Found,
    Hit,
    Lookup,
    Match,
    Miss,
    Promoted,
)

_WRITE_ALIAS = """
INSERT OR REPLACE INTO records (
  tenant, key, version, target, similarity, decision_version, embedder_id, created_at, expires_at,
  purge_at, sequence, selectors, text_digest, pair, used_at)
SELECT tenant, ?, version, ?, ?, ?, ?, created_at, expires_at, purge_at, sequence, selectors, ?, ?,
  used_at
FROM records WHERE tenant = ? AND key = ?
"""


class SqliteExactStore(
    SqliteCommits, SqliteItems, SqliteAdmin, SqliteBounds, SqliteKeys, SqliteLeases, SqlitePairs
):
    """All ports of the exact tier on one file."""

    async def lookup(self, query: Lookup) -> Answered:
        """The valid entry or alias under the key; a hit is counted in the same transaction."""
        answer = await self._thread.run(lambda c: _lookup_with_lease(c, query, self._thread.now()))
        await self._trim_recent(query.tenant, query.recent)
        return answer

    async def promote(
        self, tenant: str, alias: Alias | None, query: Lookup, match: Match | None = None
    ) -> Promoted:
        """The target's answer as a semantic hit, leaving `alias` behind."""
        now = self._thread.now()
        return await self._thread.run(lambda c: _promote(c, tenant, alias, query, match, now))

    async def aclose(self) -> None:
        """Close the file."""
        await self._thread.aclose()


def sqlite_exact_store(
    path: Path,
    *,
    timeout_seconds: float,
    disk_space: DiskSpace | None = None,
    requests_kept: int = REQUESTS_KEPT,
) -> SqliteExactStore:
    """The store in the file at `path`, which begins empty where there is none."""
    thread = SqliteThread(path, timeout_seconds=timeout_seconds)
    return SqliteExactStore(thread, disk_space=disk_space, requests_kept=requests_kept)


def _lookup_with_lease(connection: sqlite3.Connection, query: Lookup, now: float) -> Answered:
    if query.check is None:
        answer: Answered = _lookup_open(connection, query, int(now))
    else:
        answer = _lookup_keyed(connection, query, query.check, int(now))
    if query.flight is None or not isinstance(answer, Hit | Miss):
        return answer
    if isinstance(answer, Hit) and not answer.is_due(query.refresh_ahead):
        return answer
    seconds, claim = query.lease_seconds, query.claim
    lease = take_lease(connection, query.tenant, query.flight, seconds, claim, now)
    return replace(answer, lease=lease)


def _lookup_open(connection: sqlite3.Connection, query: Lookup, now: int) -> Found:
    found = _record_in_file(connection, query, now)
    if isinstance(found, Hit) or query.counts or query.recent:
        # What is full or locked serves without a count.
        with suppress(sqlite3.OperationalError), writing(connection):
            _count(connection, query, found, now)
    return found


def _lookup_keyed(
    connection: sqlite3.Connection, query: Lookup, check: KeyCheck, now: int
) -> Answered:
    """As `_lookup_open`, for a client's key."""
    return judged_and_counted(
        connection,
        query.tenant,
        check,
        lambda: _checked_and_found(connection, query, check, now),
        lambda answer: _count(connection, query, answer, now),
    )


def _checked_and_found(
    connection: sqlite3.Connection, query: Lookup, check: KeyCheck, now: int
) -> tuple[Answered, KeyUsage | None]:
    """What the key gets, and what it has then used."""
    key = checked_key(connection, query.tenant, check, now)
    if not isinstance(key, CheckedKey):
        return key, None
    found = _record_in_file(connection, query, now)
    used, granted = key.after(check, now, found=not isinstance(found, Miss))
    return replace(found, grant=granted), used


def _record_in_file(connection: sqlite3.Connection, query: Lookup, now: int) -> Found:
    sequence = sequence_of(connection, query.tenant)
    row = servable_row(connection, query, now)
    if row is None:
        return Miss(sequence)
    if row["target"] is not None:
        alias = alias_in(row)
        raised = raised_threshold(connection, query.tenant)
        barred = is_barred(connection, query.tenant, alias.pair)
        return AliasFound(alias, sequence, raised, barred=barred)
    if row["text_digest"] != query.text_digest:
        pair = spelling_pair(row["text_digest"], query.text_digest)
        if is_barred(connection, query.tenant, pair):
            return Barred(sequence)
    return hit_in(row, query, now, sequence) or Miss(sequence, unproved=True)


def _count(connection: sqlite3.Connection, query: Lookup, answer: Answered, now: int) -> None:
    """Count a hit, and what the query has brought to be counted."""
    counts = query.counts
    if isinstance(answer, Hit):
        counts = _with_hit(STALE if answer.is_stale else EXACT_HITS, answer, query)
        mark_used(connection, query.tenant, query.key, now)
    count(connection, query.tenant, counts, now)
    remember(connection, query.tenant, query.recent)


def _with_hit(tier: str, hit: Hit, query: Lookup) -> dict[str, int]:
    saved = hit_counts(tier, hit.model, hit.prompt_tokens, hit.completion_tokens)
    return merged(dict(query.counts), saved)


def _promote(
    connection: sqlite3.Connection,
    tenant: str,
    alias: Alias | None,
    query: Lookup,
    match: Match | None,
    now: float,
) -> Promoted:
    sequence = sequence_of(connection, tenant)
    row = servable_row(connection, query, int(now))
    if row is None or row["target"] is not None:
        return Miss(sequence)
    if match is not None:
        if is_barred(connection, tenant, match.pair):
            return Barred(sequence)
        raised = raised_threshold(connection, tenant)
        if match.similarity < raised:
            return BelowRaised(sequence, raised)
    hit = hit_in(row, query, int(now), sequence)
    if hit is None:
        return Miss(sequence, unproved=True)
    with suppress(sqlite3.OperationalError), writing(connection):
        count(connection, tenant, _with_hit(SEMANTIC_HITS, hit, query), int(now))
        mark_used(connection, tenant, query.key, int(now))
        if alias is not None:
            _write_alias(connection, tenant, alias)
        if query.held is not None:
            end_lease(connection, tenant, query.held, now)
    return hit


def _write_alias(connection: sqlite3.Connection, tenant: str, alias: Alias) -> None:
    """Write the alias with its target's expiry."""
    judged = (alias.similarity, alias.decision_version, alias.embedder_id)
    said = (alias.text_digest, alias.pair)
    where = (tenant, alias.target)
    connection.execute(_WRITE_ALIAS, (alias.key, alias.target, *judged, *said, *where))
