"""A commit is seen at once, and told to whoever asked for it once it is on the disk."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kanade_host.plugin import StoreUnavailable
from kanade_host.projection.applying import Applier
from kanade_host.store import syncing
from kanade_host.store.database import Database
from kanade_host.store.errors import StoreDamaged
from kanade_host.store.location import Location
from kanade_host.store.readers import Readers
from kanade_host.store.tx import Transaction
from kanade_host.store.writer import Writer

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SQLite itself waits for the disk there")


class Disk:
    """Takes part in every wait for the disk: holds it, counts it, lets it fail."""

    def __init__(self, path: Path, real: Any) -> None:
        self.path, self.real = path, real
        self.go, self.asked = threading.Event(), threading.Event()
        self.go.set()
        self.waits = 0
        self.failure: Exception | None = None

    def __call__(self, file: int) -> None:
        self.waits += 1
        self.asked.set()
        self.go.wait(30)
        if self.failure is not None:
            raise self.failure
        self.real(file)

    def as_after_a_power_loss(self, folder: Path) -> list[str]:
        """What a database reads that has no more than is in its files now."""
        for end in ("", "-wal"):
            shutil.copy(f"{self.path}{end}", folder / f"lost.db{end}")
        with contextlib.closing(sqlite3.connect(folder / "lost.db")) as connection:
            return [name for (name,) in connection.execute("SELECT name FROM things ORDER BY name")]


@pytest.fixture
def disk(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    made = Disk(database.location.path, syncing._fdatasync)
    monkeypatch.setattr(syncing, "_fdatasync", made)
    yield made
    made.go.set()


def put(name: str) -> Any:
    def work(tx: Transaction) -> str:
        tx.execute("INSERT INTO things (name) VALUES (?)", (name,))
        tx.after_commit(lambda: None)
        return name

    return work


async def seen_by(readers: Readers) -> list[str]:
    return [row["name"] for row in await readers.query("SELECT name FROM things ORDER BY name")]


async def asked(disk: Disk) -> None:
    """The disk is being waited for."""
    assert await asyncio.to_thread(disk.asked.wait, 30)
    disk.asked.clear()


async def test_it_is_seen_before_and_told_after_the_disk_has_it(
    writer: Writer, readers: Readers, disk: Disk, seen: Any
) -> None:
    disk.go.clear()
    writing = asyncio.create_task(writer.run("p", put("a")))
    await asked(disk)
    while not seen.commits:
        await asyncio.sleep(0)
    assert await seen_by(readers) == ["a"]
    assert not writing.done()
    disk.go.set()
    assert await writing == "a"


async def test_what_was_told_is_in_the_files(writer: Writer, disk: Disk, tmp_path: Path) -> None:
    for number in range(5):
        await writer.run("p", put(f"n{number}"))
        (tmp_path / str(number)).mkdir()
        lost = disk.as_after_a_power_loss(tmp_path / str(number))
        assert lost == [f"n{before}" for before in range(number + 1)]
    assert disk.waits == 5


async def test_the_writer_goes_on_and_commits_share_the_next_wait(
    writer: Writer, readers: Readers, disk: Disk, seen: Any
) -> None:
    disk.go.clear()
    first = asyncio.create_task(writer.run("p", put("a")))
    await asked(disk)
    others = []
    for name in ("b", "c", "d"):
        others.append(asyncio.create_task(writer.run("p", put(name))))
        while name not in await seen_by(readers):
            await asyncio.sleep(0)
    assert [commit.number for commit in seen.commits] == [1, 2, 3, 4]
    assert not any(task.done() for task in (first, *others))
    disk.go.set()
    assert await asyncio.gather(first, *others) == ["a", "b", "c", "d"]
    assert disk.waits == 2


async def test_one_that_changed_nothing_waits_for_what_it_has_seen(writer: Writer, disk: Disk) -> None:
    def look(tx: Transaction) -> int:
        count: int = tx.execute("SELECT count(*) FROM things").fetchone()[0]
        return count

    disk.go.clear()
    first = asyncio.create_task(writer.run("p", put("a")))
    await asked(disk)
    looking = asyncio.create_task(writer.run("p", look))
    done, _ = await asyncio.wait({looking}, timeout=0.2)
    assert not done
    disk.go.set()
    assert await looking == 1
    await first
    assert disk.waits == 1
    assert await writer.run("p", look) == 1
    assert disk.waits == 1


async def test_a_disk_that_fails_is_told_and_not_believed_again(
    writer: Writer, disk: Disk, seen: Any
) -> None:
    disk.failure = OSError(errno.EIO, "input/output error")
    with pytest.raises(StoreDamaged, match=r"does not keep .* look at the disk"):
        await writer.run("p", put("a"))
    disk.failure = None
    with pytest.raises(StoreUnavailable, match="does not keep"):
        await writer.run("p", put("b"))
    assert len(seen.damage) == 2


async def test_nothing_is_committed_after_the_disk_has_failed(
    writer: Writer, readers: Readers, disk: Disk, seen: Any
) -> None:
    """Else whoever tries again, as projections do, would count twice what is written already."""
    disk.failure = OSError(errno.EIO, "input/output error")
    for name in "abc":
        with pytest.raises(StoreDamaged):
            await writer.run("p", put(name))
    assert await seen_by(readers) == ["a"]
    assert len(seen.commits) == 1


async def test_a_batch_is_not_applied_again_after_the_disk_has_failed(
    writer: Writer, readers: Readers, disk: Disk
) -> None:
    def count(tx: Transaction, _batch: Any) -> None:
        tx.execute("INSERT INTO things VALUES ('n', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1")

    disk.failure = OSError(errno.EIO, "input/output error")
    causes: list[str | None] = []
    ledger: Any = SimpleNamespace(plugin="p", advance=lambda tx, position: None)
    fetched = SimpleNamespace(sequence=1, time_ns=1)
    item: Any = SimpleNamespace(message=object(), letter=None, fetched=fetched, unprepared=None)
    applying = asyncio.create_task(Applier(writer, ledger, count, waiting=causes.append).run([item], "now"))
    while len(causes) < 3:
        await asyncio.sleep(0.01)
    applying.cancel()
    assert [row["value"] for row in await readers.query("SELECT value FROM things")] == [1]


@pytest.mark.parametrize("failure", [MemoryError(), ValueError("anything")], ids=["memory", "value"])
async def test_whatever_fails_there_settles_the_jobs(writer: Writer, disk: Disk, failure: Exception) -> None:
    disk.failure = failure
    with pytest.raises(StoreDamaged):
        await writer.run("p", put("a"))


async def test_the_log_stays_open(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the disk is told once to each open file; and a host out of files can still commit."""
    opened: list[str] = []
    real = os.open

    def open_(path: Any, flags: int) -> int:
        opened.append(str(path))
        return real(path, flags)

    monkeypatch.setattr(syncing, "_open", open_)
    for name in "abc":
        await writer.run("p", put(name))
    assert opened == []


async def test_how_long_the_disk_lets_us_wait_shows_while_it_does(writer: Writer, disk: Disk) -> None:
    disk.go.clear()
    writing = asyncio.create_task(writer.run("p", put("a")))
    await asked(disk)
    before = writer.sync_seconds
    while writer.sync_seconds <= before:
        await asyncio.sleep(0.01)
    disk.go.set()
    await writing
    took = writer.sync_seconds
    await asyncio.sleep(0.02)
    assert writer.sync_seconds == took


async def test_a_log_that_is_gone_is_told(writer: Writer, seen: Any) -> None:
    await writer.run("p", put("a"))
    writer.location.path.with_name("kanade.db-wal").unlink()
    with pytest.raises(StoreDamaged, match=r"kanade\.db-wal"):
        await writer.run("p", put("b"))
    assert len(seen.damage) == 1


async def test_an_own_error_stays_while_the_disk_fails(writer: Writer, disk: Disk) -> None:
    ran = threading.Event()

    def refuses(tx: Transaction) -> None:
        put("x")(tx)
        ran.set()
        raise ValueError("mine")

    disk.go.clear()
    disk.failure = OSError(errno.EIO, "input/output error")
    first = asyncio.create_task(writer.run("p", put("a")))
    await asked(disk)
    refused = asyncio.create_task(writer.run("p", refuses))
    assert await asyncio.to_thread(ran.wait, 30)
    disk.go.set()
    outcomes = await asyncio.gather(first, refused, return_exceptions=True)
    assert [type(one) for one in outcomes] == [StoreDamaged, ValueError]


async def test_closing_waits_for_the_disk(database: Database, disk: Disk) -> None:
    writer = Writer(database.location, owners=database.seal())
    await writer.open()
    disk.go.clear()
    writing = asyncio.create_task(writer.run("p", put("a")))
    await asked(disk)
    closing = asyncio.create_task(writer.close())
    done, _ = await asyncio.wait({closing, writing}, timeout=0.2)
    assert not done
    disk.go.set()
    await closing
    assert await writing == "a"
    assert not [thread for thread in threading.enumerate() if thread.name == "store-sync"]


async def test_the_folder_is_synced_once_for_a_new_log(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[Path] = []
    monkeypatch.setattr(syncing, "_sync_folder", folders.append)
    for name in "abc":
        await writer.run("p", put(name))
    assert folders == [writer.location.path.parent]


@pytest.mark.parametrize(
    ("change", "apart"), [({}, True), ({"vfs": "unix-dotfile"}, False), ({"scratch": True}, False)]
)
def test_whose_log_is_synced_here(change: dict[str, Any], apart: bool) -> None:
    assert syncing.synced_apart(replace(Location(Path("k.db")), **change)) is apart
