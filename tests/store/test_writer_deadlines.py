"""Work that holds the writer for too long is ended, alone; what cannot be ended is reported."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from kanade_host.plugin.errors import Overran
from kanade_host.store.readers import Readers
from kanade_host.store.tx import Transaction
from kanade_host.store.writer import Writer

ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "


def add(name: str) -> Callable[[Transaction], str]:
    def work(tx: Transaction) -> str:
        tx.execute("INSERT INTO things (name) VALUES (?)", (name,))
        return name

    return work


def endless_read(tx: Transaction) -> None:
    add("bad")(tx)
    tx.execute(ENDLESS + "SELECT max(n) FROM c").fetchall()


def endless_write(tx: Transaction) -> None:
    tx.execute(ENDLESS + "INSERT INTO things (name) SELECT n FROM c")


def endless_with_an_open_cursor(tx: Transaction) -> None:
    add("bad")(tx)
    for _ in tx.execute("SELECT * FROM things"):
        tx.execute(ENDLESS + "SELECT max(n) FROM c").fetchall()


def endless_python(tx: Transaction) -> None:
    add("bad")(tx)
    while True:
        pass


def endless_calls(tx: Transaction) -> None:
    add("bad")(tx)
    while True:
        tx.execute("SELECT 1").fetchall()


def swallows_exceptions(tx: Transaction) -> None:
    add("bad")(tx)
    while True:
        try:
            tx.execute(ENDLESS + "SELECT max(n) FROM c").fetchall()
        except Exception:
            pass


def goes_on_after_the_blow(tx: Transaction) -> str:
    add("bad")(tx)
    try:
        while True:
            pass
    except BaseException:
        return "as if nothing had happened"


@pytest.mark.parametrize("urgent", [True, False])
@pytest.mark.parametrize(
    "work",
    [
        endless_read,
        endless_write,
        endless_with_an_open_cursor,
        endless_python,
        endless_calls,
        swallows_exceptions,
        goes_on_after_the_blow,
    ],
)
async def test_it_is_ended_and_its_neighbours_commit(
    writer: Writer, readers: Readers, seen: Any, work: Callable[[Transaction], Any], urgent: bool
) -> None:
    jobs = [
        writer.run("p", add("before"), urgent=urgent),
        writer.run("p", work, deadline=0.1, urgent=urgent),
        writer.run("p", add("after"), urgent=urgent),
    ]
    before, bad, after = await asyncio.gather(*jobs, return_exceptions=True)
    assert (before, after) == ("before", "after")
    assert isinstance(bad, Overran), repr(bad)
    assert "p held the writer" in str(bad)
    rows = await readers.query("SELECT name FROM things ORDER BY 1")
    assert [row[0] for row in rows] == ["after", "before"]
    assert await writer.run("p", add("later")) == "later"
    assert seen.stuck == []


def keeps_the_thread(tx: Transaction) -> None:
    def stubborn(depth: int) -> None:  # the blow may fall between a loop's end and its `try`
        while time.monotonic() < ends:
            try:
                if depth:
                    stubborn(depth - 1)
                else:
                    time.sleep(0.001)
            except BaseException:
                pass

    ends = time.monotonic() + 1.0
    stubborn(5)


async def test_what_does_not_give_the_thread_back_is_reported_once(writer: Writer, seen: Any) -> None:
    with pytest.raises(Overran):
        await writer.run("p", keeps_the_thread, deadline=0.05)
    assert seen.stuck == ["p"]
    assert writer.held_by is None
    assert await writer.run("p", add("later")) == "later"


async def test_ending_strikes_nobody_else(writer: Writer, readers: Readers) -> None:
    """Works that end right at their deadline: each is either done or undone, and the thread goes on."""

    def for_ms(milliseconds: float, name: str) -> Callable[[Transaction], str]:
        def work(tx: Transaction) -> str:
            tx.execute("INSERT INTO things (name) VALUES (?)", (name,))
            ends = time.monotonic() + milliseconds / 1000
            while time.monotonic() < ends:
                pass
            return name

        return work

    done = set()
    for number in range(60):
        try:
            done.add(await writer.run("p", for_ms(9 + number % 4, f"n{number}"), deadline=0.010))
        except Overran:
            pass
    rows = await readers.query("SELECT name FROM things")
    assert {row[0] for row in rows} == done
    assert await writer.run("p", add("later")) == "later"
