"""Jobs in shared transactions: who commits, who is undone, in which order, and what is told."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sqlite3
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from kanade_host.plugin import Instant, PluginError, StoreUnavailable
from kanade_host.store.database import Database
from kanade_host.store.readers import Readers
from kanade_host.store.tx import Transaction
from kanade_host.store.writer import Writer

Work = Callable[[Transaction], Any]


def put(name: str, *topics: str) -> Work:
    def work(tx: Transaction) -> str:
        tx.execute("INSERT INTO things (name) VALUES (?)", (name,))
        for topic in topics:
            tx.changed(topic, name)
        return name

    return work


class Held:
    """Holds the writer thread, so that what is given to it meanwhile meets in one group."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._go = threading.Event()

    async def __aenter__(self) -> None:
        began = asyncio.Event()
        loop = asyncio.get_running_loop()

        def work(_: Transaction) -> None:
            loop.call_soon_threadsafe(began.set)
            self._go.wait(10)

        self._task = asyncio.create_task(self.writer.run("host", work, deadline=20))
        await began.wait()

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0)  # the tasks made inside put their jobs into the queue
        self._go.set()
        with contextlib.suppress(StoreUnavailable):  # it is of the same group
            await self._task


async def names(readers: Readers) -> list[str]:
    return [row["name"] for row in await readers.query("SELECT name FROM things ORDER BY rowid")]


async def test_one_that_raises_is_undone_alone(writer: Writer, readers: Readers, seen: Any) -> None:
    def fails(tx: Transaction) -> None:
        put("bad", "things")(tx)
        tx.send("s", b"", id="bad")
        tx.after_commit(lambda: called.append("bad"))
        raise ValueError("mine")

    called: list[str] = []
    async with Held(writer):
        works = [put("a", "things"), fails, put("b", "things")]
        tasks = [asyncio.create_task(writer.run("p", work)) for work in works]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [str(result) for result in results] == ["a", "mine", "b"]
    assert isinstance(results[1], ValueError)
    assert await names(readers) == ["a", "b"]
    assert [(commit.number, commit.changes, commit.sent) for commit in seen.commits] == [
        (1, {"things": {"a", "b"}}, False)
    ]
    assert called == []
    assert await readers.query("SELECT * FROM host_outbox") == []


async def test_what_failed_work_held_goes_with_its_error(writer: Writer) -> None:
    """Or a projection whose batches are divided holds them all until Python looks for cycles."""

    class Batch:
        pass

    batch = Batch()
    gone = weakref.ref(batch)

    def work(_: Transaction, batch: Batch = batch) -> None:
        raise ValueError(batch)

    gc.disable()
    try:
        with contextlib.suppress(ValueError):
            await writer.run("p", work)
        del batch, work
        async with asyncio.timeout(30):
            while gone() is not None:  # the writer's thread may be about to let go of it
                await asyncio.sleep(0.001)
    finally:
        gc.enable()


async def test_a_constraint_is_the_plugins_own_error(writer: Writer) -> None:
    await writer.run("p", put("a"))
    with pytest.raises(sqlite3.IntegrityError):
        await writer.run("p", put("a"))


async def test_commit_numbers_count_what_changed_something(
    writer: Writer, readers: Readers, seen: Any
) -> None:
    await writer.run("p", put("a", "things"))
    await writer.run("p", lambda tx: tx.execute("SELECT * FROM things").fetchall())
    await writer.run("p", lambda tx: tx.execute("UPDATE things SET value = 1 WHERE name = 'none'"))
    await writer.run("p", lambda tx: tx.changed("live"))
    assert [(commit.number, commit.changes) for commit in seen.commits] == [
        (1, {"things": {"a"}}),
        (2, {"live": None}),
    ]
    assert writer.number == 2
    assert (await readers.query("SELECT number FROM host_commits"))[0][0] == 2


async def test_numbers_and_epoch_survive_a_restart(database: Database, owners: Any) -> None:
    epochs = set()
    for expected in (1, 2, 3):
        writer = Writer(database.location, owners=owners)
        await writer.open()
        await writer.run("p", put(f"n{expected}"))
        assert writer.number == expected
        assert writer.made_by == "kanade_host"
        epochs.add(writer.epoch)
        await writer.close()
    assert len(epochs) == 1


async def test_anything_swallows_keys(writer: Writer, seen: Any) -> None:
    def work(tx: Transaction) -> None:
        tx.changed("a", "x")
        tx.changed("a")
        tx.changed("a", "y")
        tx.changed("b", "x", "y")

    await writer.run("p", work)
    assert seen.commits[0].changes == {"a": None, "b": {"x", "y"}}


async def test_calls_after_the_commit_come_before_the_answer(writer: Writer) -> None:
    order: list[str] = []

    def work(tx: Transaction) -> None:
        put("a")(tx)
        tx.after_commit(lambda: order.append(threading.current_thread().name))
        tx.after_commit(lambda: 1 / 0)  # logged, and nobody else's business

    await writer.run("p", work)
    order.append("answer")
    assert order == [threading.main_thread().name, "answer"]


async def test_requests_go_before_batches_and_are_not_delayed_by_them(writer: Writer, seen: Any) -> None:
    order: list[str] = []

    def record(name: str) -> Work:
        return lambda tx: (order.append(name), put(name)(tx))

    async with Held(writer):
        tasks = [asyncio.create_task(writer.run("p", record(f"batch{n}"), urgent=False)) for n in (1, 2)]
        tasks += [asyncio.create_task(writer.run("p", record(f"request{n}"))) for n in (1, 2)]
    await asyncio.gather(*tasks)
    assert order == ["request1", "request2", "batch1", "batch2"]
    assert len(seen.commits) == 2


async def test_a_cancelled_job_that_waits_never_runs(writer: Writer, readers: Readers) -> None:
    async with Held(writer):
        task = asyncio.create_task(writer.run("p", put("a")))
        await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert await names(readers) == []


async def test_a_transaction_is_of_no_use_afterwards(writer: Writer) -> None:
    kept = await writer.run("p", lambda tx: tx)
    with pytest.raises(PluginError, match="inside that function"):
        kept.execute("SELECT 1")


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), StopIteration(), GeneratorExit()])
async def test_what_may_not_cross_the_loop_becomes_a_plugin_error(
    writer: Writer, error: BaseException
) -> None:
    def work(_: Transaction) -> None:
        raise error

    with pytest.raises(PluginError, match=type(error).__name__):
        await writer.run("p", work)


async def test_a_savepoint_of_the_host_undoes_what_is_inside(
    writer: Writer, readers: Readers, seen: Any
) -> None:
    def work(tx: Transaction) -> None:
        put("a", "things")(tx)
        with contextlib.suppress(ValueError), tx.savepoint():
            put("b", "things")(tx)
            tx.send("s", b"", id="b")
            raise ValueError
        with tx.savepoint():
            put("c", "things")(tx)

    await writer.run("p", work)
    assert await names(readers) == ["a", "c"]
    assert seen.commits[0].changes == {"things": {"a", "c"}}
    assert not seen.commits[0].sent


# -- the outbox ------------------------------------------------------------------------------------


async def test_what_is_sent_lies_in_the_outbox_once(writer: Writer, readers: Readers, seen: Any) -> None:
    def work(tx: Transaction) -> None:
        tx.send("a.b", b"1", id="x", due=Instant.from_ns(5))
        tx.send("a.b", b"2", id="x")
        tx.send("kill.1", b"", id="y", core=True)

    await writer.run("p", work)
    rows = await readers.query("SELECT plugin, message_id, subject, body, core, due_ns FROM host_outbox")
    assert [tuple(row) for row in rows] == [
        ("p", "x", "a.b", b"1", 0, 5),
        ("p", "y", "kill.1", b"", 1, None),
    ]
    assert seen.commits[0].sent


async def test_withdrawing_takes_only_ones_own_by_prefix(writer: Writer, readers: Readers) -> None:
    for name in ("wave-1", "wave-1-x", "wave-10", "wave-2", "wave-1é"):
        await writer.run("p", lambda tx, name=name: tx.send("s", b"", id=name))
    await writer.run("q", lambda tx: tx.send("s", b"", id="wave-1-q"))
    await writer.run(
        "host", lambda tx: tx.execute("UPDATE host_outbox SET claimed = 1 WHERE message_id = 'wave-10'")
    )
    assert await writer.run("p", lambda tx: tx.withdraw("wave-1")) == 3
    rows = await readers.query("SELECT message_id FROM host_outbox ORDER BY 1")
    assert [row[0] for row in rows] == ["wave-1-q", "wave-10", "wave-2"]


# -- when the file cannot be written ---------------------------------------------------------------


async def test_a_full_disk_fails_all_of_the_group_and_passes(writer: Writer, readers: Readers) -> None:
    await writer.run("host", lambda tx: tx.execute("PRAGMA max_page_count = 40"))

    def fill(tx: Transaction) -> None:
        tx.execute("INSERT INTO things (name, value) VALUES ('big', zeroblob(1000000))")

    async with Held(writer):
        tasks = [asyncio.create_task(writer.run("p", work)) for work in (put("a"), fill, put("b"))]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(results[1], StoreUnavailable)
    await writer.run("host", lambda tx: tx.execute("PRAGMA max_page_count = 1000000"))
    await writer.run("p", fill)
    committed = set(await names(readers))
    told = {result for result in results if isinstance(result, str)}
    assert committed == told | {"big"}


async def test_a_file_that_somebody_else_locks_is_unavailable_and_then_works(
    writer: Writer, readers: Readers
) -> None:
    await writer.run("host", lambda tx: tx.execute("PRAGMA busy_timeout = 50"))
    with contextlib.closing(sqlite3.connect(writer.location.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(writer.run("p", put("a")))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(writer.run("p", put("b")))
        results = await asyncio.gather(task, second, return_exceptions=True)
        assert all(isinstance(result, StoreUnavailable) for result in results)
        other.execute("ROLLBACK")
    await writer.run("p", put("c"))
    assert await names(readers) == ["c"]


async def test_after_closing_nothing_is_taken_and_what_waited_is_done(
    database: Database, owners: Any
) -> None:
    writer = Writer(database.location, owners=owners)
    with pytest.raises(StoreUnavailable, match="not open"):
        await writer.run("p", put("a"))
    await writer.open()
    tasks = [asyncio.create_task(writer.run("p", put(f"n{n}"))) for n in range(20)]
    await asyncio.sleep(0)
    await writer.close()
    assert len(await asyncio.gather(*tasks)) == 20
    with pytest.raises(StoreUnavailable, match="stopping"):
        await writer.run("p", put("b"))
    left = {path.name for path in database.location.path.parent.iterdir()}
    assert "kanade.db-wal" not in left
