"""Single flight over one file: several processes on one machine share their leases."""

import json
import sqlite3
from collections.abc import Sequence

from llm_cache_proxy.adapters.exact_store.sqlite.connection import SqlitePart, writing
from llm_cache_proxy.adapters.exact_store.sqlite.records import entry_in, sequence_of, servable_row
from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.ports.exact_store.leases import (
    FoundSemantically,
    Lease,
    NoLease,
    Poll,
    Polled,
    PublishedAnswer,
)
from llm_cache_proxy.ports.exact_store.store import Lookup

_HOLDER = "SELECT token, since_ms FROM leases WHERE tenant = ? AND flight = ? AND until_ms > ?"
_HELD = "tenant = ? AND flight = ? AND token = ? AND until_ms > ?"
_WITHDRAW = "DELETE FROM leases WHERE tenant = ? AND flight = ? AND claim = ?"
_FENCE = """
INSERT INTO tenants (tenant, fence) VALUES (:tenant, :now)
ON CONFLICT DO UPDATE SET fence = MAX(fence + 1, :now) RETURNING fence
"""
_LEASED_ITEMS = (
    "SELECT flight FROM leases WHERE tenant = ? AND flight IN (SELECT value FROM json_each(?))"
    " AND until_ms > ? AND token = ? AND claim <> ?"
)
_EXTEND_ITEMS = (
    "UPDATE leases SET until_ms = ? WHERE tenant = ? AND flight IN (SELECT value FROM json_each(?))"
    " AND until_ms > ? AND claim = ?"
)
_END_ITEMS = "DELETE FROM leases WHERE tenant = ? AND flight IN (SELECT value FROM json_each(?))"
_PUBLISHED = (
    "SELECT text FROM published WHERE tenant = ? AND flight = ? AND token = ? AND until_ms > ?"
)


class SqliteLeases(SqlitePart):
    """`LeaseStore` over one file."""

    async def poll(self, query: Poll) -> tuple[Polled, int]:
        """The leader's result so far, and the tenant's clear sequence."""
        return await self._thread.run(lambda c: _poll(c, query, self._thread.now()))

    async def extend(self, tenant: str, lease: Lease, seconds: float) -> bool:
        """Hold the lease for `seconds` from now."""
        now = self._thread.now()
        values = (_milliseconds(now + seconds), *_place(tenant, lease), _milliseconds(now))
        statement = f"UPDATE leases SET until_ms = ? WHERE {_HELD}"  # noqa: S608 - a constant
        return await self._thread.run(lambda c: c.execute(statement, values).rowcount == 1)

    async def publish(self, tenant: str, lease: Lease, text: str, seconds: float) -> bool:
        """Leave `text` for the followers, and end the lease."""
        now, until = self._thread.now(), self._thread.now() + seconds
        return await self._thread.run(lambda c: _publish(c, tenant, lease, text, until, now))

    async def release(self, tenant: str, lease: Lease) -> None:
        """End the lease."""
        await self._thread.run(lambda c: end_lease(c, tenant, lease, self._thread.now()))

    async def withdraw(self, tenant: str, flight: str, claim: str) -> None:
        """End the lease that was taken under the claim."""
        values = (tenant, flight, claim)
        await self._thread.run(lambda connection: connection.execute(_WITHDRAW, values))


def take_lease(
    connection: sqlite3.Connection, tenant: str, flight: str, seconds: float, claim: str, now: float
) -> Lease | None:
    """The lease, led or followed; None where nothing can be written."""
    now_ms, until_ms = _milliseconds(now), _milliseconds(now + seconds)
    try:
        with writing(connection):
            held = connection.execute(_HOLDER, (tenant, flight, now_ms)).fetchone()
            if held is not None:
                age_ms = max(0, now_ms - held["since_ms"])
                return Lease(flight, held["token"], False, age_ms / 1000)
            [token] = connection.execute(_FENCE, {"tenant": tenant, "now": now_ms}).fetchone()
            row = (tenant, flight, token, now_ms, until_ms, claim)
            connection.execute("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)", row)
    except sqlite3.OperationalError:  # a full disk still serves
        return None
    return Lease(flight, token, True)


def is_fenced_off(
    connection: sqlite3.Connection, tenant: str, key: str, lease: Lease, now: float
) -> bool:
    """Whether a later leader is at work, or has stored; ends the lease where it is still held."""
    held = connection.execute(_HOLDER, (tenant, lease.flight, _milliseconds(now))).fetchone()
    if held is not None and held["token"] != lease.token:
        return True
    end_lease(connection, tenant, lease, now)
    wrote = "SELECT 1 FROM records WHERE tenant = ? AND key = ? AND fence > ?"
    return connection.execute(wrote, (tenant, key, lease.token)).fetchone() is not None


def lease_items(
    connection: sqlite3.Connection,
    tenant: str,
    keys: Sequence[str],
    seconds: float,
    claim: str,
    now: float,
) -> set[str]:
    """The items of these that are leased under another claim; the others now are under this one.

    No request waits for a lease that was taken before the last clear.
    """
    now_ms, until_ms = _milliseconds(now), _milliseconds(now + seconds)
    sequence = sequence_of(connection, tenant)
    names = {_item_flight(key): key for key in keys}
    held = connection.execute(
        _LEASED_ITEMS, (tenant, json.dumps(list(names)), now_ms, sequence, claim)
    )
    followed = {row["flight"] for row in held}
    rows = [
        (tenant, name, sequence, now_ms, until_ms, claim) for name in names if name not in followed
    ]
    connection.executemany("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)", rows)
    return {names[name] for name in followed}


def extend_item_leases(
    connection: sqlite3.Connection,
    tenant: str,
    keys: Sequence[str],
    claim: str,
    seconds: float,
    now: float,
) -> None:
    """Hold those of the items' leases that the claim still has for `seconds` from now."""
    until_ms, names = _milliseconds(now + seconds), json.dumps([_item_flight(key) for key in keys])
    connection.execute(_EXTEND_ITEMS, (until_ms, tenant, names, _milliseconds(now), claim))


def end_item_leases(
    connection: sqlite3.Connection, tenant: str, keys: Sequence[str], claim: str | None = None
) -> None:
    """End the items' leases: those under the claim, where there is one."""
    statement, values = _END_ITEMS, [tenant, json.dumps([_item_flight(key) for key in keys])]
    if claim is not None:
        statement, values = f"{statement} AND claim = ?", [*values, claim]
    connection.execute(statement, values)


def _item_flight(key: str) -> str:
    return f"{key}:item"


def forget_lapsed(connection: sqlite3.Connection, now: float) -> None:
    """Delete lapsed leases and expired published answers."""
    for table in ("leases", "published"):
        statement = f"DELETE FROM {table} WHERE until_ms <= ?"  # noqa: S608 - two constants
        connection.execute(statement, (_milliseconds(now),))


def _poll(connection: sqlite3.Connection, query: Poll, now: float) -> tuple[Polled, int]:
    tenant, lease = query.tenant, query.lease
    sequence = sequence_of(connection, tenant)
    published = connection.execute(
        _PUBLISHED, (*_place(tenant, lease), _milliseconds(now))
    ).fetchone()
    if published is not None:
        return PublishedAnswer(published["text"]), sequence
    lookup = Lookup(tenant, query.key, Form.JSON, query.text_digest, query.max_age_seconds)
    row = servable_row(connection, lookup, int(now))
    if row is not None and row["target"] is not None:
        return FoundSemantically(), sequence
    if row is not None and row["text_digest"] == query.text_digest:
        return entry_in(row), sequence
    taken = take_lease(connection, tenant, lease.flight, query.lease_seconds, query.claim, now)
    return taken or NoLease(), sequence


def _publish(
    connection: sqlite3.Connection, tenant: str, lease: Lease, text: str, until: float, now: float
) -> bool:
    with writing(connection):
        held = end_lease(connection, tenant, lease, now)
        if held:
            row = (*_place(tenant, lease), text, _milliseconds(until))
            connection.execute("INSERT OR REPLACE INTO published VALUES (?, ?, ?, ?, ?)", row)
        forget_lapsed(connection, now)
    return held


def end_lease(connection: sqlite3.Connection, tenant: str, lease: Lease, now: float) -> bool:
    """Whether the lease was still held; it is no longer."""
    statement = f"DELETE FROM leases WHERE {_HELD}"  # noqa: S608 - a constant
    values = (*_place(tenant, lease), _milliseconds(now))
    return connection.execute(statement, values).rowcount == 1


def _place(tenant: str, lease: Lease) -> tuple[str, str, int]:
    return tenant, lease.flight, lease.token


def _milliseconds(time: float) -> int:
    return int(time * 1000)
