"""A transaction of the embedded exact tier that fails leaves the connection as it was."""

import sqlite3
from collections.abc import Iterator

import pytest

from llm_cache_proxy.adapters.exact_store.sqlite.connection import writing


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    opened.executescript(
        "PRAGMA foreign_keys = ON;"
        "CREATE TABLE kept (name TEXT PRIMARY KEY);"
        "CREATE TABLE named (name TEXT REFERENCES kept DEFERRABLE INITIALLY DEFERRED);"
    )
    yield opened
    opened.close()


def names(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM kept")]


def test_a_commit_that_fails_leaves_no_transaction_open(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"), writing(connection):
        connection.execute("INSERT INTO named VALUES ('missing')")

    with writing(connection):
        connection.execute("INSERT INTO kept VALUES ('later')")
    assert names(connection) == ["later"]


def test_a_failure_after_which_sqlite_rolls_back_by_itself_is_the_one_that_is_raised(
    connection: sqlite3.Connection,
) -> None:
    twice = "INSERT OR ROLLBACK INTO kept VALUES ('one'), ('one')"

    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"), writing(connection):
        connection.execute(twice)

    assert names(connection) == []


def test_what_fails_within_a_transaction_is_undone(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO kept VALUES ('one')")

    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"), writing(connection):
        connection.executemany("INSERT INTO kept VALUES (?)", [["two"], ["one"]])

    assert names(connection) == ["one"]
