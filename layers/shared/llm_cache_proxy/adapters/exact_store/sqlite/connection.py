"""The one thread that owns the SQLite connection, and the transactions that write."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from llm_cache_proxy.adapters.exact_store.sqlite.schema import opened
from llm_cache_proxy.adapters.setting_aside import kept_as
from llm_cache_proxy.domain.errors import ExactStoreUnavailable

T = TypeVar("T")


class SqliteThread:
    """Runs functions on the connection; opens it on first use. `now` gives Unix seconds.

    `remark` is set once a damaged file was found.
    """

    def __init__(
        self, path: Path, *, timeout_seconds: float, now: Callable[[], float] = time.time
    ) -> None:
        self.now = now
        self._path = path
        self._timeout_seconds = timeout_seconds
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None
        self.remark: str | None = None

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The result of `work`. Raises ExactStoreUnavailable if the file cannot be used."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)
        except (sqlite3.Error, OSError, UnicodeError, OverflowError) as exc:
            raise ExactStoreUnavailable(f"SQLite failed on {self._path}: {exc}") from exc

    async def aclose(self) -> None:
        """Close the file; a later call opens it again."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            await asyncio.get_running_loop().run_in_executor(thread, self._close)
            thread.shutdown()

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            self._connection, aside = opened(self._path, self._timeout_seconds)
            if aside is not None:
                self.remark = kept_as(self._path, aside)
        return work(self._connection)

    def _close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()


class SqlitePart:
    """One port's part of the store; all parts share the thread."""

    def __init__(self, thread: SqliteThread) -> None:
        self._thread = thread


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that holds the one write lock from its start; none is left open."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")  # which may fail, as on a full disk, and leaves it open then
    except BaseException:
        if connection.in_transaction:  # SQLite has rolled back by itself after some failures
            connection.execute("ROLLBACK")
        raise
