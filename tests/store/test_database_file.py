"""The file itself: private, locked, checked, copied, and refused with a clear word when it is damaged."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kanade_host.plugin import OperatorError, StoreUnavailable
from kanade_host.store import checkpoint
from kanade_host.store import writer as writer_module
from kanade_host.store.check import check_database
from kanade_host.store.checkpoint import wal_size
from kanade_host.store.copies import copy_database
from kanade_host.store.database import Database
from kanade_host.store.errors import StoreDamaged
from kanade_host.store.location import Location
from kanade_host.store.readers import Readers
from kanade_host.store.tx import Transaction
from kanade_host.store.writer import Writer

HOLDS = """
import sys
from kanade_host.store.database import Database
database = Database.open(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(os.name == "nt", reason="modes are those of POSIX")
async def test_nobody_else_may_read_it(writer: Writer) -> None:
    await writer.run("p", lambda tx: tx.execute("INSERT INTO things (name) VALUES ('a')"))
    files = sorted(writer.location.path.parent.glob("kanade.db*"))
    assert {file.name for file in files} >= {"kanade.db", "kanade.db-wal", "kanade.db-shm", "kanade.db.lock"}
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}


def test_a_second_process_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    path = tmp_path / "k.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(OperatorError, match=f"is in use by process {other.pid}"):
            Database.open(str(path))
        other.kill()
        other.wait()
        Database.open(str(path)).close()  # the lock went with the process
        other.stdin.close()


def test_the_same_process_is_refused_too_until_it_closes(tmp_path: Path) -> None:
    first = Database.open(str(tmp_path / "k.db"))
    with pytest.raises(OperatorError, match=f"process {os.getpid()}"):
        Database.open(str(tmp_path / "k.db"))
    first.close()
    Database.open(str(tmp_path / "k.db")).close()


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_a_link_leads_to_the_same_lock(tmp_path: Path) -> None:
    first = Database.open(str(tmp_path / "k.db"))
    (tmp_path / "link.db").symlink_to("k.db")
    with pytest.raises(OperatorError, match="is in use"):
        Database.open(str(tmp_path / "link.db"))
    first.close()


async def test_the_connections_are_set_as_the_design_says(writer: Writer, readers: Readers) -> None:
    wanted = {
        "page_size": 8192,
        "journal_mode": "wal",
        "synchronous": 1 if os.name == "posix" else 2,
        "foreign_keys": 0,
        "cache_size": -16384,
        "wal_autocheckpoint": 4096,
        "busy_timeout": 5000,
    }

    def read(tx: Transaction) -> dict[str, object]:
        return {name: tx.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted}

    assert await writer.run("host", read) == wanted
    connection = readers._all[0]
    await connection.set_authorizer(None)
    assert next(iter(await connection.execute_fetchall("PRAGMA query_only")))[0] == 1


def test_a_failed_opening_gives_the_lock_back(tmp_path: Path) -> None:
    path = tmp_path / "k.db"
    path.write_bytes(b"no database at all, but long enough" * 100)
    for _ in range(2):
        with pytest.raises(OperatorError, match=r"k\.db is damaged or no SQLite database .* earlier copy"):
            Database.open(str(path))
    path.unlink()
    Database.open(str(path)).close()


async def test_damage_that_shows_later_is_told(database: Database, owners: Any, seen: Any) -> None:
    with contextlib.closing(sqlite3.connect(database.location.path)) as connection, connection:
        connection.executemany("INSERT INTO things (name) VALUES (?)", [(f"{n:0500}",) for n in range(500)])
    with contextlib.closing(sqlite3.connect(database.location.path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'things'").fetchone()[0]
    body = bytearray(database.location.path.read_bytes())
    body[(root - 1) * 8192 : root * 8192] = b"\xaa" * 8192
    database.location.path.write_bytes(body)
    writer = Writer(database.location, owners=owners, on_damage=seen.damage.append)
    await writer.open()
    with pytest.raises(StoreDamaged):
        await writer.run("p", lambda tx: tx.execute("INSERT INTO things (name) VALUES ('x')"))
    assert len(seen.damage) == 1
    await writer.run("q", lambda tx: tx.execute("INSERT INTO others (name) VALUES ('x')"))
    await writer.close()
    assert any("damaged" in problem for problem in check_database(database.location).problems)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a file that is open")
@pytest.mark.parametrize("replaced", [False, True])
async def test_a_file_that_is_taken_away_is_noticed(
    writer: Writer, seen: Any, template: Path, monkeypatch: pytest.MonkeyPatch, replaced: bool
) -> None:
    monkeypatch.setattr(writer_module, "_LOOK_SECONDS", 0.0)
    writer.location.path.unlink()
    if replaced:
        shutil.copy(template, writer.location.path)
    with pytest.raises(StoreDamaged, match="removed or replaced"):
        await writer.run("p", lambda tx: tx.execute("INSERT INTO things (name) VALUES ('x')"))
    assert len(seen.damage) == 1


def test_a_damaged_schema_refuses_the_start(tmp_path: Path) -> None:
    Database.open(str(tmp_path / "k.db")).close()
    body = bytearray((tmp_path / "k.db").read_bytes())
    body[100:8192] = b"\xaa" * 8092
    (tmp_path / "k.db").write_bytes(body)
    with pytest.raises(OperatorError, match=r"k\.db is damaged"):
        Database.open(str(tmp_path / "k.db"))


# -- check -----------------------------------------------------------------------------------------


async def test_a_sound_file_has_no_problems_also_while_it_is_in_use(writer: Writer) -> None:
    await writer.run("p", lambda tx: tx.execute("INSERT INTO things (name) VALUES ('a')"))
    report = check_database(writer.location, deep=True)
    assert report.problems == []
    assert report.facts["commit"] == "1"
    assert report.facts["made_by"] == "kanade_host"
    assert report.facts["journal"] == "wal"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("DELETE FROM host_commits", "host_commits holds one row"),
        ("INSERT INTO host_positions VALUES ('p', 'p', 'S', 'c', -1, 0, NULL)", "counted from the first"),
        ("DROP TABLE things", "every table that a plugin owns"),
        ("DROP TABLE host_outbox", "tables of the host are missing: host_outbox"),
        ("CREATE TABLE users (username TEXT)", "users lacks columns"),
        (
            (
                "INSERT INTO host_gaps (projection, stream, stream_created, first_missing, last_missing)"
                " VALUES ('p', 'S', 'c', 5, 4)"
            ),
            "gaps are not empty",
        ),
    ],
)
def test_what_does_not_hold_is_named(database: Database, change: str, problem: str) -> None:
    with contextlib.closing(sqlite3.connect(database.location.path)) as connection, connection:
        connection.execute(change)
    assert any(problem in found for found in check_database(database.location).problems)


def test_a_file_that_is_none_is_refused_by_the_check(tmp_path: Path) -> None:
    (tmp_path / "k.db").write_bytes(b"x" * 5000)
    with pytest.raises(OperatorError, match="damaged or no SQLite database"):
        check_database(Location(tmp_path / "k.db"))
    with pytest.raises(OperatorError, match="cannot be opened"):
        check_database(Location(tmp_path / "none.db"))


# -- copies ----------------------------------------------------------------------------------------


async def test_a_copy_while_it_is_written_holds_what_was_committed(writer: Writer, tmp_path: Path) -> None:
    await writer.run("p", lambda tx: tx.execute("INSERT INTO things (name) VALUES ('a')"))
    copy = copy_database(writer.location, tmp_path / "copy.db")
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT name FROM things").fetchall() == [("a",)]
    with pytest.raises(StoreUnavailable, match="exists already"):
        copy_database(writer.location, copy)
    Database.open(str(copy)).close()


def test_a_copy_that_fails_leaves_nothing_and_the_old_one(database: Database, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="could not be copied"):
        copy_database(database.location, tmp_path / "none" / "copy.db")
    (tmp_path / "copy.db").write_text("old")
    with pytest.raises(StoreUnavailable):
        copy_database(Location(tmp_path / "missing.db"), tmp_path / "copy.db", replace=True)
    assert (tmp_path / "copy.db").read_text() == "old"
    assert not list(tmp_path.glob("*.partial"))


# -- the log ---------------------------------------------------------------------------------------


async def test_a_large_log_is_cut_when_nobody_writes(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(checkpoint, "WAL_KEPT_BYTES", 100_000)
    await writer.run("p", lambda tx: tx.execute("INSERT INTO things VALUES ('a', zeroblob(1000000))"))
    assert wal_size(writer.location.path) > 1_000_000
    async with asyncio.timeout(30):
        while wal_size(writer.location.path):
            await asyncio.sleep(0.05)
