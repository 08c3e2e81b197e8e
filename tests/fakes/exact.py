"""The exact tier in memory: SQLite's own adapter, with a clock that a test can turn."""

import asyncio
import sqlite3
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

from llm_cache_proxy.adapters.exact_store.key_records import read_record
from llm_cache_proxy.adapters.exact_store.sqlite.client_keys import usage_in, write_usage
from llm_cache_proxy.adapters.exact_store.sqlite.connection import SqliteThread
from llm_cache_proxy.adapters.exact_store.sqlite.records import alias_in, entry_in
from llm_cache_proxy.adapters.exact_store.sqlite.schema import opened
from llm_cache_proxy.adapters.exact_store.sqlite.store import SqliteExactStore
from llm_cache_proxy.domain.client_keys.usage import KeyUsage
from llm_cache_proxy.domain.entries.entry import Alias, Entry
from llm_cache_proxy.domain.errors import ExactStoreUnavailable
from llm_cache_proxy.ports.exact_store.admin import CounterWindow, Swept
from llm_cache_proxy.ports.exact_store.keys import HeldKey
from llm_cache_proxy.ports.exact_store.leases import Poll, Polled
from llm_cache_proxy.ports.exact_store.pairs import Standing
from llm_cache_proxy.ports.exact_store.store import Commit

_MEMORY = Path(":memory:")
_TABLES = (
    "records",
    "cutoffs",
    "tenants",
    "counters",
    "recent",
    "client_keys",
    "leases",
    "published",
)
_LAY = """
INSERT INTO counters (tenant, seconds, start, name, amount) VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET amount = amount + excluded.amount
"""
T = TypeVar("T")


class MemoryThread(SqliteThread):
    """Runs each function at once, on a database in memory; fails while the store is `away`."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(_MEMORY, timeout_seconds=0, now=now)
        self.connection = sqlite3.connect(_MEMORY, isolation_level=None, check_same_thread=False)
        self.connection.deserialize(_empty_database())
        self.connection.row_factory = sqlite3.Row
        weakref.finalize(self, self.connection.close)
        self.lock = threading.Lock()
        self.away = False
        self.calls = 0

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self.calls += 1
        if self.away:
            raise ExactStoreUnavailable("the exact store is away")
        try:
            with self.lock:
                return work(self.connection)
        except sqlite3.Error as exc:
            raise ExactStoreUnavailable(f"SQLite failed: {exc}") from exc

    async def aclose(self) -> None:
        """A test may still look into it."""


@cache
def _empty_database() -> bytes:
    connection, _ = opened(_MEMORY, 0)
    try:
        return connection.serialize()
    finally:
        connection.close()


class MemoryExact(SqliteExactStore):
    """What it holds can be read without a call; `time` is its clock.

    `slow_seconds` delay a commit. `failing` names methods that fail.
    """

    def __init__(self) -> None:
        self._memory = MemoryThread(lambda: self.time)
        super().__init__(self._memory)
        self.time = 1_700_000_000.0
        self.slow_seconds = 0.0
        self.failing: set[str] = set()
        self.polls = 0

    @property
    def away(self) -> bool:
        """Whether every call fails."""
        return self._memory.away

    @away.setter
    def away(self, away: bool) -> None:
        self._memory.away = away

    @property
    def calls(self) -> int:
        """How often it was called."""
        return self._memory.calls

    def fill_up(self) -> None:
        """Take no writes from now on, as on a full disk."""
        self._rows("PRAGMA query_only = 1")

    @property
    def entries(self) -> dict[tuple[str, str], Entry | Alias]:
        """Every record by tenant and key."""
        return {
            (row["tenant"], row["key"]): entry_in(row) if row["target"] is None else alias_in(row)
            for row in self._rows("SELECT * FROM records")
        }

    def forget_entries(self) -> None:
        """Hold no record any more."""
        self._rows("DELETE FROM records")

    def forget_everything(self) -> None:
        """Be as new."""
        for table in _TABLES:
            self._rows(f"DELETE FROM {table}")  # noqa: S608 - constants

    def counted(self, tenant: str = "default") -> dict[str, int]:
        """The tenant's counters, over all windows; none that came to nothing."""
        rows = self._rows(
            "SELECT name, SUM(amount) FROM counters WHERE tenant = ? GROUP BY name", tenant
        )
        return {name: amount for name, amount in rows if amount}

    def count_of(self, name: str, tenant: str = "default") -> int:
        """One counter of the tenant."""
        return self.counted(tenant).get(name, 0)

    @property
    def keys(self) -> dict[tuple[str, str], HeldKey]:
        """Every client's key by tenant and id."""
        return {
            (row["tenant"], row["key_id"]): HeldKey(record, usage_in(row))
            for row in self._rows("SELECT * FROM client_keys")
            if (record := read_record(row["record"])) is not None
        }

    def use(self, tenant: str, key_id: str, usage: KeyUsage) -> None:
        """Have a client's key use so much."""
        write_usage(self._memory.connection, tenant, key_id, usage)

    @property
    def leases(self) -> dict[tuple[str, str], int]:
        """The token of each lease that is held, by tenant and flight."""
        held = "SELECT tenant, flight, token FROM leases WHERE until_ms > ?"
        return {(row[0], row[1]): row[2] for row in self._rows(held, int(self.time * 1000))}

    @property
    def verdicts_held(self) -> list[bool]:
        """Every verdict of the verifier."""
        return [bool(row[0]) for row in self._rows("SELECT approved FROM verdicts")]

    def lay(
        self, counts: Mapping[str, int], *, ago: int, seconds: int = 60, tenant: str = "default"
    ) -> None:
        """Count in a window of `seconds` that began `ago` seconds before now."""
        place = (tenant, seconds, int(self.time) - ago)
        for name, amount in counts.items():
            self._rows(_LAY, *place, name, amount)
        self._rows("INSERT OR IGNORE INTO tenants (tenant) VALUES (?)", tenant)

    async def commit(self, commit: Commit) -> bool:
        await asyncio.sleep(self.slow_seconds)
        return await super().commit(commit)

    async def poll(self, query: Poll) -> tuple[Polled, int]:
        self.polls += 1
        return await super().poll(query)

    async def sweep(self, tenant: str, selector: str) -> Swept:
        self._fail_if_set("sweep")
        return await super().sweep(tenant, selector)

    async def counters(self, tenant: str) -> Sequence[CounterWindow]:
        self._fail_if_set("counters")
        return await super().counters(tenant)

    async def verdicts(self, tenant: str, pairs: Sequence[str]) -> Sequence[bool | None]:
        self._fail_if_set("verdicts")
        return await super().verdicts(tenant, pairs)

    async def sampled(self, tenant: str, *, wrong: bool) -> Standing:
        self._fail_if_set("sampled")
        return await super().sampled(tenant, wrong=wrong)

    def _fail_if_set(self, method: str) -> None:
        if method in self.failing:
            raise ExactStoreUnavailable(f"the exact store fails in {method}")

    def _rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        with self._memory.lock:
            return self._memory.connection.execute(statement, values).fetchall()
