"""Rows that are inserted many at a time come out as if they were inserted one by one."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from kanade_host.plugin import insert_rows

UPSERT = (
    "INSERT INTO t (id, a, b) VALUES (?, ?, ?)"
    " ON CONFLICT (id) DO UPDATE SET a = excluded.a, b = b + 1 WHERE a <> excluded.a"
)


@pytest.fixture
def made() -> Any:
    connections = []

    def make() -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b INTEGER)")
        connections.append(connection)
        return connection

    yield make
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("count", [0, 1, 3, 31, 32, 33, 256, 257, 2_049, 5_000])
def test_as_one_by_one(made: Any, count: int) -> None:
    """Ids come twice within a statement and across statements: the later row sees the earlier one."""
    rows = [(number % 40 if number % 3 else number, f"a{number % 7}\0", number) for number in range(count)]
    many, single = made(), made()
    changed = insert_rows(many, UPSERT, rows)
    assert changed == sum(single.execute(UPSERT, row).rowcount for row in rows)
    table = "SELECT * FROM t ORDER BY id"
    assert many.execute(table).fetchall() == single.execute(table).fetchall()


def test_rows_with_many_columns_stay_within_what_a_statement_binds(made: Any) -> None:
    connection = made()
    names = [f"c{number}" for number in range(200)]
    connection.execute(f"CREATE TABLE wide ({', '.join(names)})")
    sql = f"INSERT INTO wide VALUES ({', '.join('?' * 200)})"
    assert insert_rows(connection, sql, [tuple(range(200))] * 300) == 300


def test_a_row_that_is_refused_raises_as_ever(made: Any) -> None:
    rows = [(number, "a", 0) for number in range(40)]
    with pytest.raises(sqlite3.IntegrityError):
        insert_rows(made(), "INSERT INTO t (id, a, b) VALUES (?, ?, ?)", [*rows, (1, "a", 0)])


def test_a_statement_without_places_is_refused_however_few_rows_there_are(made: Any) -> None:
    with pytest.raises(ValueError, match="VALUES"):
        insert_rows(made(), "INSERT INTO t SELECT ?, ?, ?", [(1, "a", 0)])
