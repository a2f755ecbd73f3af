"""A database of kanade-backend opens in place with every row kept, and can be taken back."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import upstream_database

from kanade_host.plugin import OperatorError
from kanade_host.store.database import Database
from kanade_host.store.scripts import PluginMigrations
from kanade_host.store.upstream import BASE_TABLES, missing_columns, unwritable_columns
from kanade_host.store.writer import Writer

PLUGINS = Path(__file__).parents[2] / "plugins"


def our_plugins() -> list[PluginMigrations]:
    """Every plugin of this checkout that has tables."""
    found = sorted(PLUGINS.glob("*/kanade_host_*/migrations/sqlite"))
    return [PluginMigrations(folder.parents[2].name, folder) for folder in found]


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return upstream_database.build(tmp_path / "kanade.db")


def migrate(path: Path) -> None:
    database = Database.open(str(path))
    for item in our_plugins():
        database.apply(item)
    database.seal()
    database.close()


def test_every_row_is_kept_and_their_bookkeeping_untouched(theirs: Path) -> None:
    before = upstream_database.content(theirs)
    assert all(before.values())
    migrate(theirs)
    assert upstream_database.content(theirs) == before
    assert rows(theirs, "SELECT made_by FROM host_commits") == [("kanade-backend",)]
    assert rows(theirs, "PRAGMA journal_mode") == [("wal",)]
    assert rows(theirs, "PRAGMA page_size") == [(4096,)]


async def test_the_writer_knows_whose_file_it_was(theirs: Path) -> None:
    for _ in range(2):
        database = Database.open(str(theirs))
        writer = Writer(database.location, owners=database.seal())
        await writer.open()
        assert writer.made_by == "kanade-backend"
        await writer.close()
        database.close()


def test_after_our_migrations_upstream_can_read_and_insert(theirs: Path) -> None:
    """What upstream lists in its INSERTs is there, and nothing beside it is required."""
    migrate(theirs)
    with contextlib.closing(sqlite3.connect(theirs)) as connection:
        assert missing_columns(connection) == {}
        assert unwritable_columns(connection) == []
        for table, examples in upstream_database.ROWS.items():
            keys = {"pc_id": "new", "result_id": "new", "exec_id": "new", "username": "new"}
            row = {name: keys.get(name, value) for name, value in examples[0].items()}
            marks = ", ".join("?" * len(row))
            connection.execute(
                f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values())
            )
        # Upstream's baseline, run again over the file, finds everything there.
        connection.executescript(upstream_database.SCHEMA.partition(");")[2])


def test_our_own_tables_are_those_of_the_contract() -> None:
    """On a new file: what we create of the ten base tables has upstream's columns, types and keys."""
    with (
        contextlib.closing(sqlite3.connect(":memory:")) as ours,
        contextlib.closing(sqlite3.connect(":memory:")) as expected,
    ):
        expected.executescript(upstream_database.SCHEMA)
        for item in our_plugins():
            for file in sorted(item.folder.glob("*.sql")):
                ours.executescript(file.read_text("utf-8"))
        present = {row[0] for row in ours.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in sorted(BASE_TABLES.keys() & present):
            wanted = {row[1]: row[2:] for row in expected.execute(f"PRAGMA table_info({table})")}
            have = {row[1]: row[2:] for row in ours.execute(f"PRAGMA table_info({table})")}
            assert {name: have.get(name) for name in wanted} == wanted, table


def test_without_the_row_it_is_theirs_all_the_same(tmp_path: Path) -> None:
    path = upstream_database.build(tmp_path / "k.db", baseline=False)
    migrate(path)
    assert rows(path, "SELECT made_by FROM host_commits") == [("kanade-backend",)]
    assert rows(path, "SELECT count(*) FROM _sqlx_migrations") == [(0,)]


def test_what_crashed_in_their_hands_is_recovered(tmp_path: Path) -> None:
    """A hot rollback journal: a crash in the middle of a transaction of upstream."""
    path = upstream_database.build(tmp_path / "first.db")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA cache_size = 1")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE agents SET hostname = 'half'")
    connection.executemany(
        "INSERT INTO audit_log (actor, action, payload) VALUES ('a', 'b', ?)", [("x" * 2000,)] * 50
    )
    crashed = tmp_path / "crashed.db"
    shutil.copy(path, crashed)
    shutil.copy(f"{path}-journal", f"{crashed}-journal")
    connection.execute("ROLLBACK")
    connection.close()
    before = upstream_database.content(path)
    migrate(crashed)
    assert upstream_database.content(crashed) == before


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE _sqlx_migrations SET version = 20270101000000", "another version of kanade-backend"),
        ("UPDATE _sqlx_migrations SET success = 0", "another version of kanade-backend"),
        ("UPDATE _sqlx_migrations SET checksum = x'00'", "another version of kanade-backend"),
        (
            "INSERT INTO _sqlx_migrations SELECT 20270101000000, 'x', 0, 1, x'00', 1",
            "migrations 20260604000000, 20270101000000",
        ),
        ("ALTER TABLE users DROP COLUMN must_change_pw", "users lacks must_change_pw"),
    ],
)
def test_another_version_is_left_alone(theirs: Path, change: str, why: str) -> None:
    with contextlib.closing(sqlite3.connect(theirs)) as connection, connection:
        connection.execute(change)
    before = theirs.read_bytes()
    with pytest.raises(OperatorError, match=why):
        Database.open(str(theirs))
    assert theirs.read_bytes() == before


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (url)")
    with pytest.raises(OperatorError, match=r"belongs to another program \(its tables: bookmarks\)"):
        Database.open(str(path))


def test_a_file_that_they_have_open_in_a_transaction_is_not_switched(
    theirs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kanade_host.store.connections.BUSY_SECONDS", 0.05)
    with contextlib.closing(sqlite3.connect(theirs, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperatorError, match="stop it first"):
            Database.open(str(theirs))


# -- the row that lets them take a new file --------------------------------------------------------


def base_tables(folder: Any, *, without: str = "", extra: str = "") -> PluginMigrations:
    scratch = [part for part in upstream_database.SCHEMA.split(";\n") if "CREATE TABLE IF" in part]
    wanted = [part for part in scratch if not (without and f"EXISTS {without} " in part)]
    item: PluginMigrations = folder.plugin("base", ";\n".join(wanted) + ";" + extra)
    return item


def test_a_new_file_gets_their_row_when_all_ten_tables_are_there(tmp_path: Path, folder: Any) -> None:
    for _ in range(2):
        database = Database.open(str(tmp_path / "k.db"))
        database.apply(base_tables(folder))
        database.seal()
        database.close()
    found = rows(
        tmp_path / "k.db", "SELECT version, description, success, hex(checksum) FROM _sqlx_migrations"
    )
    assert found == [
        (
            20260604000000,
            "baseline",
            1,
            "2DBCF45AA57E4F0A9EB80590B78AA68BBF72D7E54B48DA1485342ABDF232716B6BD1D63A3B76C05DC41A7AF42A581657",
        )
    ]
    assert rows(tmp_path / "k.db", "SELECT made_by FROM host_commits") == [("kanade_host",)]


@pytest.mark.parametrize(
    ("without", "extra"),
    [
        ("users", ""),
        ("", "DROP TABLE agents; CREATE TABLE agents (pc_id TEXT PRIMARY KEY);"),
        (
            "",
            (
                "DROP TABLE users; CREATE TABLE users (username, password_hash, role, disabled,"
                " must_change_pw, created_at, updated_at, ours TEXT NOT NULL);"
            ),
        ),
    ],
    ids=["a table is missing", "columns are missing", "a column of ours is required"],
)
def test_and_none_otherwise(tmp_path: Path, folder: Any, without: str, extra: str) -> None:
    database = Database.open(str(tmp_path / "k.db"))
    database.apply(base_tables(folder, without=without, extra=extra))
    database.seal()
    database.close()
    assert rows(tmp_path / "k.db", "SELECT name FROM sqlite_master WHERE name = '_sqlx_migrations'") == []
