"""Migrations plugin by plugin: applied once, in one transaction each, and every trap noticed."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from kanade_host.plugin import StoreUnavailable
from kanade_host.store import yoyo_backend
from kanade_host.store.database import Database
from kanade_host.store.errors import MigrationFailed
from kanade_host.store.migrate import status

ONE = "CREATE TABLE IF NOT EXISTS a_one (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT);"
TWO = "ALTER TABLE a_one ADD COLUMN y TEXT;"
TRIGGER = """
-- A trigger: its body has semicolons.
CREATE TRIGGER a_upper AFTER INSERT ON a_one BEGIN
    UPDATE a_one SET x = CASE WHEN new.x = ';' THEN 'semicolon' ELSE upper(new.x) END WHERE id = new.id;
    DELETE FROM a_one WHERE x = '';
END;
INSERT INTO a_one (x) VALUES ('é;ü'); -- no statement follows
"""


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def path(database: Database) -> Path:
    return database.location.path


def test_files_are_applied_once_in_the_order_of_their_names(
    database: Database, folder: Any, path: Path
) -> None:
    item = folder.plugin("a", ONE, TRIGGER)
    assert database.apply(item).files == ("0001_step", "0002_step")
    assert database.apply(item).files == ()
    assert database.apply(folder.plugin("a", ONE, TRIGGER, TWO)).files == ("0003_step",)
    assert rows(path, "SELECT * FROM a_one") == [(1, "é;ü".upper().replace("É", "é").replace("Ü", "ü"), None)]
    names = rows(path, "SELECT migration_id FROM _yoyo_migration WHERE migration_id LIKE 'a.%' ORDER BY 1")
    assert names == [("a.0001_step",), ("a.0002_step",), ("a.0003_step",)]
    assert rows(path, "SELECT name FROM host_tables WHERE plugin = 'a'") == [("a_one",)]


def test_two_plugins_may_have_files_of_one_name(database: Database, folder: Any) -> None:
    assert database.apply(folder.plugin("a", ONE)).files == ("0001_step",)
    assert database.apply(folder.plugin("b", "CREATE TABLE b (x)")).files == ("0001_step",)


def test_a_plugin_whose_name_begins_with_anothers_is_another(database: Database, folder: Any) -> None:
    database.apply(folder.plugin("a", ONE))
    assert database.apply(folder.plugin("a.b", "CREATE TABLE ab (x)")).files == ("0001_step",)
    assert database.apply(folder.plugin("a", ONE)).files == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("CREATE TABEL x (a)", r"0001_step\.sql: near \"TABEL\": syntax error"),
        ("CREATE TABLE a_x (a); CREATE TABLE a_x (a)", "already exists"),
        ("SELECT * FROM others", "no such table: others"),
        ("BEGIN", "transactions, PRAGMA, ATTACH and temporary tables are the host's"),
        ("CREATE TABLE a_x (a); COMMIT", "transactions"),
        ("SAVEPOINT x", "transactions"),
        ("PRAGMA foreign_keys = ON", "transactions, PRAGMA"),
        ("ATTACH ':memory:' AS x", "ATTACH"),
        ("CREATE TEMP TABLE a_x (a)", "temporary"),
        ("DROP TABLE host_positions", "the table host_positions does not belong to the plugin"),
        ("CREATE TABLE IF NOT EXISTS host_outbox (a)", "host_outbox does not belong"),
        ("CREATE INDEX i ON host_outbox (plugin)", "host_outbox does not belong"),
        ("DELETE FROM _yoyo_migration", "_yoyo_migration does not belong"),
        ("CREATE TABLE things (a)", "the table things belongs to another plugin"),
        ("-- transactional: false\nCREATE TABLE a_x (a)", "directive 'transactional'"),
        ("-- depends: 0000_x\nCREATE TABLE a_x (a)", "directive 'depends'"),
    ],
)
def test_what_is_wrong_is_that_plugins_failure_and_leaves_nothing(
    database: Database, folder: Any, path: Path, text: str, reason: str
) -> None:
    before = rows(path, "SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2")
    with pytest.raises(MigrationFailed, match=reason) as caught:
        database.apply(folder.plugin("a", text))
    assert caught.value.plugin == "a"
    assert "plugin a " in str(caught.value)
    assert rows(path, "SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2") == before
    assert database.apply(folder.plugin("b", "CREATE TABLE b (x)")).files == ("0001_step",)


def test_one_that_fails_on_the_rows_there_are_is_undone_and_can_be_mended(
    database: Database, folder: Any, path: Path
) -> None:
    database.apply(folder.plugin("a", ONE))
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO a_one (x) VALUES ('same'), ('same')")
    wrong = "ALTER TABLE a_one ADD COLUMN z TEXT; CREATE UNIQUE INDEX a_by_x ON a_one (x);"
    with pytest.raises(MigrationFailed, match="UNIQUE constraint failed"):
        database.apply(folder.plugin("a", ONE, TWO, wrong))
    assert [row[1] for row in rows(path, "PRAGMA table_info(a_one)")] == ["id", "x", "y"]
    right = "CREATE INDEX a_by_x ON a_one (x);"
    assert database.apply(folder.plugin("a", ONE, TWO, right)).files == ("0003_step",)


def test_an_edited_file_is_noticed_and_other_line_ends_are_not(database: Database, folder: Any) -> None:
    item = folder.plugin("a", ONE + "\n" + TRIGGER)
    database.apply(item)
    file = item.folder / "0001_step.sql"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    database.apply(item)
    folder.plugin("a", ONE + "\n" + TRIGGER + "-- one more remark")
    with pytest.raises(
        MigrationFailed, match=r"0001_step\.sql was edited .* in a new file after the last one"
    ):
        database.apply(item)
    assert [(line.name, line.state) for line in status(database.location, [item])] == [
        ("0001_step", "edited")
    ]


def test_tables_newer_than_the_code_are_noticed(database: Database, folder: Any) -> None:
    item = folder.plugin("a", ONE, TWO)
    database.apply(item)
    (item.folder / "0002_step.sql").unlink()
    with pytest.raises(MigrationFailed, match=r"newer than its code .*0002_step.* install the version"):
        database.apply(item)
    states = {line.name: line.state for line in status(database.location, [item])}
    assert states == {"0001_step": "applied", "0002_step": "unknown"}


@pytest.mark.parametrize(
    "name", ["0001_x.py", "1_x.sql", "notes.txt", "0001_x.rollback.sql", "post-apply.sql"]
)
def test_a_file_of_another_kind_is_refused(database: Database, folder: Any, name: str) -> None:
    item = folder.plugin("a", ONE)
    (item.folder / name).write_text("SELECT 1")
    with pytest.raises(MigrationFailed, match=r"is not named like 0001_what\.sql"):
        database.apply(item)


def test_a_folder_that_is_not_there_or_not_utf8_says_so(database: Database, folder: Any) -> None:
    item = folder.plugin("a")
    item.folder.rmdir()
    with pytest.raises(MigrationFailed, match="cannot be read"):
        database.apply(item)
    item.folder.mkdir()
    (item.folder / "0001_x.sql").write_bytes(b"-- \xff\nSELECT 1")
    with pytest.raises(MigrationFailed, match="cannot be read"):
        database.apply(item)


def test_signs_of_patterns_in_the_path_do_no_harm(tmp_path: Path, folder: Any) -> None:
    odd = tmp_path / "a[1] ?&#%20ü"
    odd.mkdir()
    folder.path = odd
    database = Database.open(str(odd / "k.db").replace("%", "%25").replace("?", "%3F"))
    assert database.apply(folder.plugin("a", ONE)).files == ("0001_step",)
    assert (odd / "k.db").exists()
    database.close()


# -- what yoyo would do to others ------------------------------------------------------------------


def test_nothing_of_the_process_is_changed_and_nothing_is_printed(
    database: Database, folder: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    adapters, converters = dict(sqlite3.adapters), dict(sqlite3.converters)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        database.apply(folder.plugin("a", ONE + "SELECT 1, 2;"))
    assert (sqlite3.adapters, sqlite3.converters) == (adapters, converters)
    assert capfd.readouterr() == ("", "")


def _yoyo_lock(path: Path, pid: int) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE yoyo_lock (locked INT DEFAULT 1 PRIMARY KEY, ctime TIMESTAMP, pid INT)"
        )
        connection.execute("INSERT INTO yoyo_lock VALUES (1, '2026-01-01T00:00:00', ?)", (pid,))
        connection.execute("DROP TABLE _yoyo_version")  # so that yoyo wants to upgrade its tables
        connection.execute("DROP TABLE _yoyo_log")


def test_a_lock_of_a_dead_yoyo_is_broken(database: Database, folder: Any, path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    _yoyo_lock(path, dead.pid)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE _yoyo_migration")
    assert database.apply(folder.plugin("a", ONE)).files == ("0001_step",)
    assert rows(path, "SELECT * FROM yoyo_lock") == []


def test_a_lock_of_a_running_yoyo_is_waited_for(
    database: Database, folder: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yoyo_backend, "LOCK_SECONDS", 0.1)
    _yoyo_lock(path, os.getppid())
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE _yoyo_migration")
    with pytest.raises(StoreUnavailable, match=f"process {os.getppid()} holds yoyo's lock"):
        database.apply(folder.plugin("a", ONE))


# -- copies ----------------------------------------------------------------------------------------


def _fill(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO a_one (x) VALUES ('kept')")


@pytest.mark.parametrize(
    ("change", "copied"),
    [
        (TWO, True),
        ("UPDATE a_one SET x = 'new'", True),
        ("DELETE FROM a_one", True),
        ("DROP TABLE a_one", True),
        (
            """CREATE TABLE a_new (x); INSERT INTO a_new SELECT x FROM a_one; DROP TABLE a_one;
            ALTER TABLE a_new RENAME TO a_one""",
            True,
        ),
        ("CREATE INDEX a_by_x ON a_one (x)", False),
        ("CREATE TABLE a_new (x); INSERT INTO a_new SELECT x FROM a_one", False),
        (ONE, False),
    ],
)
def test_before_existing_rows_are_changed_the_database_is_copied(
    database: Database, folder: Any, path: Path, change: str, copied: bool
) -> None:
    database.apply(folder.plugin("a", ONE))
    _fill(path)
    applied = database.apply(folder.plugin("a", ONE, change))
    assert (applied.copy is not None) == copied
    if applied.copy is not None:
        assert applied.copy.name == "kanade.db.before-a-0002_step.sqlite"
        assert rows(applied.copy, "SELECT x FROM a_one") == [("kept",)]
        if os.name != "nt":
            assert applied.copy.stat().st_mode & 0o777 == 0o600


def test_empty_tables_need_no_copy(database: Database, folder: Any) -> None:
    database.apply(folder.plugin("a", ONE))
    assert database.apply(folder.plugin("a", ONE, TWO)).copy is None


def test_the_newest_three_copies_stay(database: Database, folder: Any, path: Path) -> None:
    scripts = [ONE]
    database.apply(folder.plugin("a", *scripts))
    _fill(path)
    for number in range(5):
        scripts.append(f"ALTER TABLE a_one ADD COLUMN c{number}")
        database.apply(folder.plugin("a", *scripts))
    assert sorted(copy.name for copy in path.parent.glob("*.before-*")) == [
        f"kanade.db.before-a-000{number}_step.sqlite" for number in (4, 5, 6)
    ]


# -- killed half-way -------------------------------------------------------------------------------

KILLED = """
import sys
from pathlib import Path
from kanade_host.store.database import Database
from kanade_host.store.scripts import PluginMigrations
database = Database.open(sys.argv[1])
database.apply(PluginMigrations("a", Path(sys.argv[2])))
print("applied")
"""


@pytest.mark.parametrize("passes", range(1, 5))
def test_killed_in_a_migration_it_is_as_if_it_had_not_begun(tmp_path: Path, folder: Any, passes: int) -> None:
    many = "".join(f"INSERT INTO a_one (x) VALUES ('{n}');" for n in range(100))
    item = folder.plugin("a", ONE, many, TWO)  # pass 1 is the host's own file
    path = tmp_path / "k.db"

    def start(fault: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", KILLED, str(path), str(item.folder)],
            env={**os.environ, "KANADE_FAULT": fault},
            capture_output=True,
            text=True,
            check=False,
        )

    killed = start(f"migration:{passes}")
    assert killed.returncode != 0
    assert killed.stdout == ""
    done = rows(path, "SELECT name FROM sqlite_master WHERE name = '_yoyo_migration'") and rows(
        path, "SELECT migration_id FROM _yoyo_migration"
    )
    assert len(done) == passes - 1
    assert start("").stdout == "applied\n"
    assert rows(path, "SELECT count(*) FROM a_one") == [(100,)]
    assert len(rows(path, "SELECT * FROM host_migration_files WHERE plugin = 'a'")) == 3
