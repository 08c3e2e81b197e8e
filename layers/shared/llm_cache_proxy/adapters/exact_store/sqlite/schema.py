"""The embedded exact tier's tables: made in a new file, brought up to date in an older one."""

import sqlite3
import time
from pathlib import Path

from llm_cache_proxy.adapters.setting_aside import set_aside

_FIRST = """
CREATE TABLE records (
    tenant TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL,
    target TEXT, similarity REAL, decision_version INTEGER, embedder_id TEXT,
    entry_id TEXT, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    purge_at INTEGER NOT NULL, sequence INTEGER NOT NULL, selectors TEXT NOT NULL,
    model TEXT, prompt_tokens INTEGER, completion_tokens INTEGER,
    text TEXT, text_digest TEXT NOT NULL, json TEXT, sse TEXT, usage_event TEXT,
    UNIQUE (tenant, key)
);
CREATE INDEX records_by_purge ON records (purge_at);
CREATE TABLE cutoffs (
    tenant TEXT NOT NULL, selector TEXT NOT NULL, cutoff INTEGER NOT NULL,
    PRIMARY KEY (tenant, selector)
) WITHOUT ROWID;
CREATE TABLE tenants (
    tenant TEXT PRIMARY KEY, sequence INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE counters (
    tenant TEXT NOT NULL, seconds INTEGER NOT NULL, start INTEGER NOT NULL,
    name TEXT NOT NULL, amount INTEGER NOT NULL,
    PRIMARY KEY (tenant, seconds, start, name)
) WITHOUT ROWID;
"""
_RECENT = """
CREATE TABLE recent (
    place INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, line TEXT NOT NULL
);
CREATE INDEX recent_by_tenant ON recent (tenant, place);
"""
_PAIRS = """
ALTER TABLE records ADD COLUMN pair TEXT NOT NULL DEFAULT '';
CREATE TABLE barred (
    tenant TEXT NOT NULL, pair TEXT NOT NULL, PRIMARY KEY (tenant, pair)
) WITHOUT ROWID;
CREATE TABLE verdicts (
    tenant TEXT NOT NULL, pair TEXT NOT NULL, approved INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, PRIMARY KEY (tenant, pair)
) WITHOUT ROWID;
CREATE INDEX verdicts_by_end ON verdicts (expires_at);
CREATE TABLE standings (
    tenant TEXT PRIMARY KEY, raised_threshold REAL NOT NULL, samples INTEGER NOT NULL,
    wrong INTEGER NOT NULL
) WITHOUT ROWID;
"""
_CLIENT_KEYS = """
CREATE TABLE client_keys (
    tenant TEXT NOT NULL, key_id TEXT NOT NULL, record TEXT NOT NULL,
    window_start INTEGER NOT NULL DEFAULT 0, requests INTEGER NOT NULL DEFAULT 0,
    day INTEGER NOT NULL DEFAULT 0, tokens INTEGER NOT NULL DEFAULT 0,
    month INTEGER NOT NULL DEFAULT 0, nano_dollars INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, key_id)
) WITHOUT ROWID;
"""
_LEASES = """
ALTER TABLE records ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tenants ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
CREATE TABLE leases (
    tenant TEXT NOT NULL, flight TEXT NOT NULL, token INTEGER NOT NULL,
    since_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, PRIMARY KEY (tenant, flight)
) WITHOUT ROWID;
CREATE TABLE mail (
    tenant TEXT NOT NULL, flight TEXT NOT NULL, token INTEGER NOT NULL, text TEXT NOT NULL,
    until_ms INTEGER NOT NULL, PRIMARY KEY (tenant, flight, token)
) WITHOUT ROWID;
"""
_CLAIMS = "ALTER TABLE leases ADD COLUMN claim TEXT NOT NULL DEFAULT ''"
_USE = """
ALTER TABLE records ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
UPDATE records SET used_at = created_at;
CREATE INDEX records_by_use ON records (used_at);
"""
_PUBLISHED = "ALTER TABLE mail RENAME TO published"
_STEPS = (_FIRST, _RECENT, _PAIRS, _CLIENT_KEYS, _LEASES, _CLAIMS, _USE, _PUBLISHED)
"""Each takes a file from the version before it to its own; a step that was shipped stays."""

SCHEMA_VERSION = len(_STEPS)


_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_CHECK_SECONDS = 2.0
_CHECKED_INSTRUCTIONS = 10_000


def opened(path: Path, timeout_seconds: float) -> tuple[sqlite3.Connection, Path | None]:
    """A connection in write-ahead mode; a damaged file is set aside there, and an empty one begins.

    Raises sqlite3.Error or OSError; DatabaseError where the file is of a later version.
    """
    try:
        return _opened(path, timeout_seconds), None
    except sqlite3.DatabaseError as exc:
        if getattr(exc, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
            raise
        aside = set_aside(path, exc, companions=("-wal", "-shm"))
        return _opened(path, timeout_seconds), aside


def _opened(path: Path, timeout_seconds: float) -> sqlite3.Connection:
    """The connection, its tables made where they were missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        path, timeout=timeout_seconds, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # of a new file alone
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _migrate(connection)
        _check(connection)
    except BaseException:
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    return connection


def _check(connection: sqlite3.Connection) -> None:
    """Read through a file for a moment. Raises DatabaseError where it is damaged there."""
    until = time.monotonic() + _CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > until, _CHECKED_INSTRUCTIONS)
    try:
        [found] = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as exc:
        if exc.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return  # a large file, and nothing found so far
    finally:
        connection.set_progress_handler(None, 0)
    if found != "ok":
        damage = sqlite3.DatabaseError(found)
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage


def _migrate(connection: sqlite3.Connection) -> None:
    if _version(connection) == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")  # another process may be making them right now
    try:
        for step in _STEPS[_version(connection) :]:
            for statement in step.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {max(_version(connection), SCHEMA_VERSION)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    if _version(connection) != SCHEMA_VERSION:
        raise sqlite3.DatabaseError(f"the file is of schema version {_version(connection)}")


def _version(connection: sqlite3.Connection) -> int:
    [version] = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
