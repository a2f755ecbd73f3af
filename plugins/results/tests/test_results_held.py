"""Lists from memory are what a search would find, whenever a commit is noted and however far back they go."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import pytest
from kanade_host_results import held
from kanade_host_results.held import HeldNames
from kanade_host_results.recent import Growth

SEARCH = (
    "SELECT rowid FROM execution_results WHERE CASE ? WHEN 1 THEN pc_id = ? ELSE instr(pc_id, ?) END"
    " ORDER BY recorded_at DESC, rowid LIMIT ?"
)


class Ctx:
    """A context over a table of names alone."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.execute("CREATE TABLE execution_results (pc_id TEXT, recorded_at TEXT)")
        self.db.execute("CREATE INDEX execution_results_names ON execution_results (recorded_at DESC, pc_id)")

    async def query(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        await asyncio.sleep(0)
        return self.db.execute(sql, values).fetchall()

    def add(self, *rows: tuple[str, int]) -> str:
        """PCs and seconds; answers the oldest moment."""
        made = [(pc, f"2026-11-23 10:{second // 60:02d}:{second % 60:02d}") for pc, second in rows]
        self.db.executemany("INSERT INTO execution_results VALUES (?, ?)", made)
        return min(moment for _, moment in made)

    def search(self, word: str, limit: int, *, whole: bool) -> list[int]:
        return [row[0] for row in self.db.execute(SEARCH, (whole, word, word, limit))]


@pytest.fixture
def ctx() -> Iterator[Any]:
    made = Ctx()
    yield made
    made.db.close()


@pytest.fixture
def growth(monkeypatch: pytest.MonkeyPatch) -> Growth:
    made = Growth()
    monkeypatch.setattr(held, "GROWTH", made)
    monkeypatch.setattr(held, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(held, "PAUSES", 0.0)
    monkeypatch.setattr(held, "READ_AT_ONCE", 40)
    return made


@contextlib.asynccontextmanager
async def running(ctx: Any) -> AsyncIterator[HeldNames]:
    names = HeldNames()
    task = asyncio.create_task(names.run(ctx))
    try:
        yield names
    finally:
        task.cancel()
        await asyncio.wait([task])


async def read(names: HeldNames, ctx: Any) -> None:
    """Ask until the names are there."""
    while not names.complete:
        await names.newest(ctx, "x", 1, whole=True)
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(16))
async def test_as_a_search_finds_them(
    ctx: Any, growth: Growth, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Commits are seen before they are noted; old messages come late; memory holds a part."""
    chance = random.Random(seed)
    monkeypatch.setattr(held, "ROWS", chance.choice([30, 1_000]))
    monkeypatch.setattr(held, "AT_ONCE", 40)
    unnoted: list[str] = []
    answered = 0
    async with running(ctx) as names:
        for second in range(500):
            for _ in range(chance.randrange(3)):
                late = chance.random() < 0.1
                at = chance.randrange(second + 1) if late else second // 3
                rows = [(f"pc-{chance.randrange(12)}", at) for _ in range(chance.randrange(1, 5))]
                unnoted.append(ctx.add(*rows))
            if chance.random() < 0.02:
                ctx.db.execute("DELETE FROM execution_results WHERE rowid % 7 = ?", (chance.randrange(7),))
                unnoted.append("")
            noted = chance.choice([0, chance.randrange(len(unnoted) + 1), len(unnoted)])
            for low in unnoted[:noted]:
                growth.note(low)
            del unnoted[:noted]
            word, whole = chance.choice(["pc-1", "pc-2", "pc-11", "nowhere"]), chance.random() < 0.3
            limit = chance.choice([1, 3, 10])
            found = await names.newest(ctx, word, limit, whole=whole)
            if found is not None and not unnoted:
                assert found == ctx.search(word, limit, whole=whole), (second, word, limit, whole)
                answered += 1
            await asyncio.sleep(0)
    assert answered > 10


async def test_rows_that_come_while_names_are_read(
    ctx: Any, growth: Growth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "AT_ONCE", 10)
    for second in range(100):
        ctx.add((f"pc-{second % 5}", second))
    async with running(ctx) as names:
        assert await names.newest(ctx, "pc-1", 5, whole=False) is None
        for second in range(100, 105):
            await asyncio.sleep(0)
            growth.note(ctx.add((f"pc-{second % 5}", second), ("pc-1", 3)))
        await read(names, ctx)
        for limit in (5, 50):
            assert await names.newest(ctx, "pc-1", limit, whole=False) == ctx.search(
                "pc-1", limit, whole=False
            )


async def test_what_lies_further_back_than_memory_is_left_to_a_search(
    ctx: Any, growth: Growth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "ROWS", 50)
    monkeypatch.setattr(held, "AT_ONCE", 10)
    ctx.add(*(("rare" if second == 5 else f"pc-{second % 5}", second) for second in range(200)))
    async with running(ctx) as names:
        await read(names, ctx)
        assert await names.newest(ctx, "pc-1", 3, whole=True) == ctx.search("pc-1", 3, whole=True)
        assert await names.newest(ctx, "pc-1", 30, whole=True) is None
        assert await names.newest(ctx, "rare", 1, whole=True) is None


async def test_a_word_that_means_many_pcs_is_left_to_a_search(ctx: Any, growth: Growth) -> None:
    ctx.add(*((f"pc-{second:03d}", second) for second in range(100)))
    async with running(ctx) as names:
        await read(names, ctx)
        assert await names.newest(ctx, "pc-", 3, whole=False) is None
        assert await names.newest(ctx, "pc-00", 3, whole=False) == ctx.search("pc-00", 3, whole=False)


async def test_a_word_that_means_every_pc_is_kept_with_few_of_them(ctx: Any, growth: Growth) -> None:
    ctx.add(*((f"pc-{second:03d}", second) for second in range(300)))
    async with running(ctx) as names:
        await read(names, ctx)
        for word in ("p", "c", "pc", "-", "pc-", "0"):
            assert await names.newest(ctx, word, 3, whole=False) is None
        assert all(len(meant) <= held._NAMES + 1 for _, meant in names._words.values())


class Moment(str):
    """Counts how often it is compared."""

    __slots__ = ()
    compared = 0

    def __lt__(self, other: str) -> bool:
        Moment.compared += 1
        return str.__lt__(self, other)

    def __eq__(self, other: object) -> bool:
        Moment.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


@pytest.mark.parametrize("moments", [1_000, 1], ids=["each of its own moment", "all of one moment"])
@pytest.mark.parametrize("newest_first", [True, False])
def test_rows_of_one_pc_that_are_read_again_find_their_place_at_once(
    monkeypatch: pytest.MonkeyPatch, moments: int, newest_first: bool
) -> None:
    """An old row makes all that is newer be read again: thousands of rows, on the event loop."""
    rows = held._Rows()
    several = [(Moment(f"2026-11-23 10:00:00.{number % moments:04d}"), number) for number in range(1_000)]
    monkeypatch.setattr(Moment, "compared", 0)
    for again in (False, True):
        for moment, number in reversed(several) if newest_first else several:
            assert rows.add(moment, number) is not again
    assert Moment.compared < 2_000 * 50
    kept = list(zip(rows.moments, rows.numbers))
    assert kept == sorted(kept, key=lambda one: (str(one[0]), -one[1]))


async def test_memory_stays_within_its_bound(
    ctx: Any, growth: Growth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "ROWS", 50)
    async with running(ctx) as names:
        for second in range(500):
            growth.note(ctx.add((f"pc-{second % 5}", second)))
            found = await names.newest(ctx, "pc-1", 3, whole=True)
            assert found in (None, ctx.search("pc-1", 3, whole=True))
            assert sum(len(rows.numbers) for rows in names._pcs.values()) <= 2 * 50 + 10
            await asyncio.sleep(0)


async def test_an_old_row_that_was_there_before_its_commit_was_noted(ctx: Any, growth: Growth) -> None:
    ctx.add(("pc-1", 1))
    async with running(ctx) as names:
        await read(names, ctx)
        growth.note(ctx.add(("pc-1", 10)))
        late = [ctx.add(("pc-1", second)) for second in (3, 11)]
        assert await names.newest(ctx, "pc-1", 9, whole=True) == [4, 2, 3, 1], "seen with the row behind it"
        growth.note(ctx.add(("pc-1", 12)))
        for low in late:
            growth.note(low)
        assert await names.newest(ctx, "pc-1", 9, whole=True) == ctx.search("pc-1", 9, whole=True)


async def test_names_are_there_before_anybody_asks_and_keep_up(ctx: Any, growth: Growth) -> None:
    ctx.add(*((f"pc-{second % 5}", second) for second in range(100)))
    async with running(ctx) as names:
        await until(lambda: names.complete)
        growth.note(ctx.add(("pc-1", 200)))
        await until(lambda: names._pcs["pc-1"].numbers[-1] == 101)
        assert await names.newest(ctx, "pc-1", 3, whole=True) == ctx.search("pc-1", 3, whole=True)


async def test_names_are_not_read_while_more_comes_than_can_be_added(
    ctx: Any, growth: Growth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "AT_ONCE", 10)
    looked = 0
    query = ctx.query

    async def burst(sql: str, values: Sequence[Any] = ()) -> list[Any]:
        nonlocal looked
        assert sql == held.TOP or looked > 5, "only how many rows there are is asked"
        looked += sql == held.TOP
        if looked <= 5:
            ctx.add(*(("pc-1", looked) for _ in range(20)))
        found: list[Any] = await query(sql, values)
        return found

    monkeypatch.setattr(ctx, "query", burst)
    async with running(ctx) as names:
        while not names.complete:
            assert await names.newest(ctx, "pc-1", 3, whole=True) is None
            await asyncio.sleep(0)
    assert looked > 5


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not reached():
            await asyncio.sleep(0.001)
