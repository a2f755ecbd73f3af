"""What a disk can do to a host: fill up and be freed, be held by another program, give back damage."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import counting
import pytest
from nats.js.errors import APIError

from kanade_host.bus.broker_files import BrokerFiles
from kanade_host.plugin.errors import OperatorError
from kanade_host.plugin.instants import Instant
from kanade_host.plugin.testing.clock import MovableClock
from kanade_host.plugin.testing.inprocess import InProcess
from kanade_host.plugin.testing.options import Options
from kanade_host.store.check import check_database
from kanade_host.store.location import Location
from kanade_host.store.setaside import set_aside

FILE = Path(counting.__file__)
pytestmark = [pytest.mark.timeout(120)]
LONG = os.environ.get("KANADE_TEST_LONG") == "1"
LOCKED_SECONDS = 30.0 if LONG else 7.0
"""The writer waits five seconds for a lock before it reports one."""


async def publish(host: Any, *ids: str, **fields: Any) -> None:
    for one in ids:
        await host.publish("obs.pc-1", {"id": one, **fields})


async def counted(host: Any) -> dict[str, int]:
    return {row["id"]: row["times"] for row in await host.rows("SELECT id, times FROM counted")}


@pytest.mark.kanade(files=[FILE], process=True)
async def test_a_limit_of_the_system_on_the_size_of_files(host: Any) -> None:
    """RLIMIT_FSIZE: writing the log of the database fails as on a full disk, then works again."""
    await publish(host, "before")
    await host.settle()
    pid = host.running._process.pid
    size = host.database.with_name(host.database.name + "-wal").stat().st_size
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    ids = [f"m{number}" for number in range(100)]
    await publish(host, *ids)

    async def waits() -> bool:
        listed = (await host.get("/api/projections")).json()["projections"]
        [one] = [row for row in listed if row["name"] == "counting.counted"]
        return one["state"] == "waiting" and "cannot be written" in one["reason"]

    await host.until(waits, what="the projection to wait for the disk")
    assert (await host.get("/api/counting")).json() == 1
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    await host.settle()
    assert await counted(host) == dict.fromkeys(["before", *ids], 1)
    assert not await host.dead_letters()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if done.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.mark.kanade(files=[FILE], start=False)
async def test_a_file_system_that_is_full_and_free_again(host: Any, small_disk: Path) -> None:
    options = Options(
        folder=str(small_disk), broker_url=host.broker.url, broker_token=host.broker.token, files=(str(FILE),)
    )
    running = InProcess(options, MovableClock())
    await running.start()
    host.folder = small_disk
    ids = [f"m{number}" for number in range(300)]
    try:
        with contextlib.suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        await publish(host, *ids, pad="x" * 200)
        assert running.app.feeds is not None
        status = running.app.feeds.runners["counting.counted"].status

        async def waits() -> bool:
            return status.state == "waiting" and "cannot be written" in status.reason

        await host.until(waits, what="the projection to wait for the disk")
        (small_disk / "filler").unlink()

        async def done() -> bool:
            return not await running.unsettled(host.database)

        await host.until(done, seconds=30, what="the rest to be projected")
        assert await counted(host) == dict.fromkeys(ids, 1)
        assert not await host.dead_letters()
    finally:
        await running.stop()


@pytest.mark.kanade(files=[FILE])
async def test_a_database_that_another_program_holds(host: Any) -> None:
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        with contextlib.closing(sqlite3.connect(host.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            held.set()
            free.wait(60)
            other.execute("ROLLBACK")

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert await asyncio.to_thread(held.wait, 10)
        await publish(host, "one", "two")
        began = time.monotonic()
        await asyncio.sleep(LOCKED_SECONDS)
        assert (await host.get("/api/counting")).status == 200
        ready = (await host.get("/health/ready")).json()
        assert any("cannot be written" in reason["text"] for reason in ready["reasons"]), ready
        assert time.monotonic() - began >= LOCKED_SECONDS
    finally:
        free.set()
        thread.join()
    await host.settle()
    assert await counted(host) == {"one": 1, "two": 1}
    assert not await host.dead_letters()


@pytest.mark.kanade(files=[FILE])
async def test_a_damaged_file_is_refused_kept_aside_and_read_again_from_the_streams(host: Any) -> None:
    ids = [f"m{number}" for number in range(200)]
    await publish(host, *ids)
    await host.settle()
    await host.stop()
    location = Location(host.database)
    _damage(host.database)
    with pytest.raises(OperatorError, match=r"damaged.*kanade-host db set-aside"):
        await host.start()
    with contextlib.suppress(OperatorError):
        assert check_database(location).problems
    moved = set_aside(location, Instant.parse("2026-11-28T10:00:00Z"))
    assert moved[-1].name == "backend.db.damaged-20261128T100000"
    await host.start()
    await host.settle()
    assert await counted(host) == dict.fromkeys(ids, 1)
    assert moved[-1].exists()


def _damage(path: Path) -> None:
    """The first page stays, so that it still looks like a database."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xa5" * min(size - 100, 16_384))


@pytest.mark.kanade(files=[FILE])
async def test_an_older_backup_catches_up(host: Any, tmp_path: Path) -> None:
    await publish(host, "one")
    await host.settle()
    await host.stop()
    shutil.copy(host.database, tmp_path / "backup.db")
    await host.start()
    await publish(host, "two", "three")
    await host.settle()
    await host.stop()
    for ending in ("-wal", "-shm"):
        host.database.with_name(host.database.name + ending).unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", host.database)
    await host.start()
    await host.settle()
    assert await counted(host) == {"one": 1, "two": 1, "three": 1}


@pytest.fixture
def small_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that keeps one MiB."""
    write = BrokerFiles.write_config

    def limited(self: BrokerFiles, **options: Any) -> None:
        write(self, **options)
        config = json.loads(self.config.read_text())
        config["jetstream"]["max_file_store"] = 1024 * 1024
        self.config.write_text(json.dumps(config))

    monkeypatch.setattr(BrokerFiles, "write_config", limited)


@pytest.mark.usefixtures("small_store")
@pytest.mark.kanade(files=[FILE])
async def test_a_broker_whose_store_is_full_and_free_again(host: Any) -> None:
    """What was promised waits in the outbox, and goes out once there is room; reading goes on meanwhile."""
    js = (await host.broker.client()).jetstream()
    accepted: list[str] = []
    with contextlib.suppress(APIError):
        for number in range(100):
            one = f"m{number}"
            await js.publish("obs.pc-1", json.dumps({"id": one, "pad": "x" * 20_000}).encode())
            accepted.append(one)
    assert 0 < len(accepted) < 100
    wanted = {"subject": "audit.counting", "ids": ["promised"]}
    answer = await host.post("/api/counting/send", json=wanted)
    assert answer.status == 204, answer.text
    outbox = host.running.app.outbox

    async def refused() -> bool:
        return "not acknowledged" in outbox.failure

    await host.until(refused, what="the outbox to be refused")
    assert len(await host.rows("SELECT 1 FROM host_outbox")) == 1

    async def read() -> bool:
        return await counted(host) == dict.fromkeys(accepted, 1)

    await host.until(read, what="what the broker had taken to be projected")
    await host.broker.api("STREAM.PURGE.OBS_EVENTS")
    await host.settle()
    assert [subject for subject, _ in await host.stream_messages("AUDIT")] == ["audit.counting"]
