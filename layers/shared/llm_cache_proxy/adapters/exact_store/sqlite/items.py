"""Items of a batch in the embedded exact tier: one query, and one transaction for the counts."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from llm_cache_proxy.adapters.exact_store.sqlite.client_keys import (
    CheckedKey,
    checked_key,
    judged_and_counted,
)
from llm_cache_proxy.adapters.exact_store.sqlite.connection import SqlitePart, writing
from llm_cache_proxy.adapters.exact_store.sqlite.leases import (
    end_item_leases,
    extend_item_leases,
    lease_items,
)
from llm_cache_proxy.adapters.exact_store.sqlite.records import (
    LIVING,
    count,
    is_whole,
    mark_all_used,
    remember,
    sequence_of,
)
from llm_cache_proxy.domain.client_keys.limits import KeyCheck
from llm_cache_proxy.domain.client_keys.usage import KeyUsage
from llm_cache_proxy.domain.embeddings.items import parts_of
from llm_cache_proxy.domain.entries.entry import FORMAT_VERSION
from llm_cache_proxy.domain.metrics.counter_names import EXACT_HITS, item_hit_counts, merged
from llm_cache_proxy.ports.exact_store.items import ItemHit, ItemsAnswered, ItemsFound, ItemsLookup

_LIVING_ITEMS = (
    "SELECT * FROM records WHERE tenant = :tenant AND target IS NULL"  # noqa: S608 - a constant
    f" AND key IN (SELECT value FROM json_each(:keys)) AND {LIVING}"
)


class SqliteItems(SqlitePart):
    """The part of `ItemStore` that reads and leases."""

    async def lookup_items(self, query: ItemsLookup) -> ItemsAnswered:
        """The valid entries under the keys, counted in the same transaction."""
        now = self._thread.now()
        return await self._thread.run(lambda c: _lookup_with_leases(c, query, now))

    async def extend_items(
        self, tenant: str, keys: Sequence[str], claim: str, seconds: float
    ) -> None:
        """Hold those leases of these items that the claim still has for so long."""
        now = self._thread.now()
        await self._thread.run(lambda c: extend_item_leases(c, tenant, keys, claim, seconds, now))

    async def release_items(self, tenant: str, keys: Sequence[str], claim: str) -> None:
        """End the leases of these items that were taken under the claim."""
        await self._thread.run(lambda c: end_item_leases(c, tenant, keys, claim))


def _lookup_with_leases(
    connection: sqlite3.Connection, query: ItemsLookup, now: float
) -> ItemsAnswered:
    if query.check is not None:
        return _lookup_keyed(connection, query, query.check, now)
    try:
        with writing(connection):
            found = _leased(connection, query, _items_in_file(connection, query, int(now)), now)
            _count(connection, query, found, int(now))
    except sqlite3.OperationalError:  # what is full or locked serves without a count
        return _items_in_file(connection, query, int(now))
    return found


def _lookup_keyed(
    connection: sqlite3.Connection, query: ItemsLookup, check: KeyCheck, now: float
) -> ItemsAnswered:
    """As `_lookup_with_leases`, for a client's key."""
    return judged_and_counted(
        connection,
        query.tenant,
        check,
        lambda: _checked_and_found(connection, query, check, now),
        lambda answer: _count(connection, query, answer, int(now)),
    )


def _checked_and_found(
    connection: sqlite3.Connection, query: ItemsLookup, check: KeyCheck, now: float
) -> tuple[ItemsAnswered, KeyUsage | None]:
    """The key's grant, and its usage afterwards."""
    key = checked_key(connection, query.tenant, check, int(now))
    if not isinstance(key, CheckedKey):
        return key, None
    found = _items_in_file(connection, query, int(now))
    with suppress(sqlite3.OperationalError):  # then it is judged again, without a transaction
        found = _leased(connection, query, found, now)
    asked, missing = len(query.keys), len(query.keys) - len(found.hits)
    left = check.share(missing, asked) if asked else check
    used, granted = key.after(left, int(now), found=asked > 0 and not missing)
    return replace(found, grant=granted), used


def _items_in_file(connection: sqlite3.Connection, query: ItemsLookup, now: int) -> ItemsFound:
    sequence = sequence_of(connection, query.tenant)
    asked = {"tenant": query.tenant, "keys": json.dumps(query.keys), "now": now}
    rows = connection.execute(_LIVING_ITEMS, {**asked, "version": FORMAT_VERSION}).fetchall()
    hits = {}
    for row in rows:
        if not is_whole(row):
            place = (query.tenant, row["key"])
            connection.execute("DELETE FROM records WHERE tenant = ? AND key = ?", place)
        elif row["json"] and not _is_too_old(row, query, now):
            hits[str(row["key"])] = _hit(row)
    return ItemsFound(hits, sequence, now)


def _leased(
    connection: sqlite3.Connection, query: ItemsLookup, found: ItemsFound, now: float
) -> ItemsFound:
    """What was `found`, and what is missing leased, or followed where another has it."""
    missing = [key for key in query.keys if key not in found.hits]
    if not query.lease_seconds or not missing:
        return found
    lease = (query.lease_seconds, query.claim)
    return replace(found, followed=lease_items(connection, query.tenant, missing, *lease, now))


def _is_too_old(row: sqlite3.Row, query: ItemsLookup, now: int) -> bool:
    return query.max_age_seconds is not None and now - row["created_at"] > query.max_age_seconds


def _hit(row: sqlite3.Row) -> ItemHit:
    frame, vector = parts_of(row["json"])
    return ItemHit(
        frame=frame,
        vector=vector,
        entry_id=row["entry_id"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        model=row["model"],
        prompt_tokens=row["prompt_tokens"],
    )


def _count(
    connection: sqlite3.Connection, query: ItemsLookup, answer: ItemsAnswered, now: int
) -> None:
    """Count the hits, and what the query has brought to be counted."""
    hits = answer.hits if isinstance(answer, ItemsFound) else {}
    parts = [item_hit_counts(hit.model, 1, hit.prompt_tokens) for hit in hits.values()]
    if query.whole and hits and len(hits) == len(query.keys):
        parts.append({EXACT_HITS: 1})
    count(connection, query.tenant, merged(dict(query.counts), *parts), now)
    remember(connection, query.tenant, query.recent)
    if hits:
        mark_all_used(connection, query.tenant, list(hits), now)
