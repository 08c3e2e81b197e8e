"""Single flight over one file: several processes on one machine share their leases."""

import sqlite3
import time

from llm_cache_proxy.adapters.exact_store.sqlite.connection import (
    SqliteThread,
    clock_seconds,
    writing,
)
from llm_cache_proxy.adapters.exact_store.sqlite.records import living, sequence_of, to_entry
from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.ports.exact_store import Lookup
from llm_cache_proxy.ports.lease_store import (
    FoundSemantically,
    Lease,
    NoLease,
    Poll,
    Polled,
    PublishedAnswer,
)

_HOLDER = "SELECT token, since_ms FROM leases WHERE tenant = ? AND flight = ? AND until_ms > ?"
_HELD = "tenant = ? AND flight = ? AND token = ? AND until_ms > ?"
_WITHDRAW = "DELETE FROM leases WHERE tenant = ? AND flight = ? AND claim = ?"
_FENCE = """
INSERT INTO tenants (tenant, fence) VALUES (:tenant, :now)
ON CONFLICT DO UPDATE SET fence = MAX(fence + 1, :now) RETURNING fence
"""
_MAIL = "SELECT text FROM mail WHERE tenant = ? AND flight = ? AND token = ? AND until_ms > ?"


class SqliteLeases:
    """`LeaseStore` over one file."""

    def __init__(self, thread: SqliteThread) -> None:
        self._thread = thread

    async def poll(self, query: Poll) -> tuple[Polled, int]:
        """The leader's result so far, and the tenant's clear sequence."""
        return await self._thread.run(lambda connection: _poll(connection, query))

    async def extend(self, tenant: str, lease: Lease, seconds: float) -> bool:
        """Hold the lease for `seconds` from now."""
        now = _milliseconds()
        values = (now + int(seconds * 1000), *_place(tenant, lease), now)
        statement = f"UPDATE leases SET until_ms = ? WHERE {_HELD}"  # noqa: S608 - a constant
        return await self._thread.run(lambda c: c.execute(statement, values).rowcount == 1)

    async def publish(self, tenant: str, lease: Lease, text: str, seconds: float) -> bool:
        """Leave `text` for the followers, and end the lease."""
        until = _milliseconds() + int(seconds * 1000)
        return await self._thread.run(lambda c: _publish(c, tenant, lease, text, until))

    async def release(self, tenant: str, lease: Lease) -> None:
        """End the lease."""
        await self._thread.run(lambda connection: end_lease(connection, tenant, lease))

    async def withdraw(self, tenant: str, flight: str, claim: str) -> None:
        """End the lease that was taken under the claim."""
        values = (tenant, flight, claim)
        await self._thread.run(lambda connection: connection.execute(_WITHDRAW, values))


def take_lease(
    connection: sqlite3.Connection, tenant: str, flight: str, seconds: float, claim: str
) -> Lease | None:
    """The lease, led or followed; None where nothing can be written."""
    now = _milliseconds()
    try:
        with writing(connection):
            held = connection.execute(_HOLDER, (tenant, flight, now)).fetchone()
            if held is not None:
                return Lease(flight, held["token"], False, max(0, now - held["since_ms"]) / 1000)
            [token] = connection.execute(_FENCE, {"tenant": tenant, "now": now}).fetchone()
            row = (tenant, flight, token, now, now + int(seconds * 1000), claim)
            connection.execute("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?)", row)
    except sqlite3.OperationalError:  # a full disk still serves
        return None
    return Lease(flight, token, True)


def is_fenced_off(connection: sqlite3.Connection, tenant: str, key: str, lease: Lease) -> bool:
    """Whether a later leader is at work, or has stored; ends the lease where it is still held."""
    held = connection.execute(_HOLDER, (tenant, lease.flight, _milliseconds())).fetchone()
    if held is not None and held["token"] != lease.token:
        return True
    end_lease(connection, tenant, lease)
    wrote = "SELECT 1 FROM records WHERE tenant = ? AND key = ? AND fence > ?"
    return connection.execute(wrote, (tenant, key, lease.token)).fetchone() is not None


def forget_lapsed(connection: sqlite3.Connection) -> None:
    """Delete lapsed leases and expired published answers."""
    for table in ("leases", "mail"):
        statement = f"DELETE FROM {table} WHERE until_ms <= ?"  # noqa: S608 - two constants
        connection.execute(statement, (_milliseconds(),))


def _poll(connection: sqlite3.Connection, query: Poll) -> tuple[Polled, int]:
    tenant, lease = query.tenant, query.lease
    sequence = sequence_of(connection, tenant)
    mail = connection.execute(_MAIL, (*_place(tenant, lease), _milliseconds())).fetchone()
    if mail is not None:
        return PublishedAnswer(mail["text"]), sequence
    lookup = Lookup(tenant, query.key, Form.JSON, query.text_digest, query.max_age_seconds)
    row = living(connection, lookup, clock_seconds())
    if row is not None and row["target"] is not None:
        return FoundSemantically(), sequence
    if row is not None and row["text_digest"] == query.text_digest:
        return to_entry(row), sequence
    taken = take_lease(connection, tenant, lease.flight, query.lease_seconds, query.claim)
    return taken or NoLease(), sequence


def _publish(
    connection: sqlite3.Connection, tenant: str, lease: Lease, text: str, until: int
) -> bool:
    with writing(connection):
        held = end_lease(connection, tenant, lease)
        if held:
            row = (*_place(tenant, lease), text, until)
            connection.execute("INSERT OR REPLACE INTO mail VALUES (?, ?, ?, ?, ?)", row)
        forget_lapsed(connection)
    return held


def end_lease(connection: sqlite3.Connection, tenant: str, lease: Lease) -> bool:
    """Whether the lease was still held; it is no longer."""
    statement = f"DELETE FROM leases WHERE {_HELD}"  # noqa: S608 - a constant
    return connection.execute(statement, (*_place(tenant, lease), _milliseconds())).rowcount == 1


def _place(tenant: str, lease: Lease) -> tuple[str, str, int]:
    return tenant, lease.flight, lease.token


def _milliseconds() -> int:
    return int(time.time() * 1000)
