"""The newest results of all PCs, by name and in memory: what the first page of a PC is answered from.

One PC's results among a thousand lie fifty thousand entries of an index apart, and an index by PC would cost
every result a page of its own (docs/decisions/results-indexes.md). So the newest half million names are read,
in the background, at 16 bytes each. What comes later is added each second, and before each answer. While more
comes than can be added, and for what lies further back, the index is searched.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Iterable
from itertools import islice
from operator import neg
from weakref import WeakKeyDictionary

from kanade_host.plugin import Context, KanadeError
from kanade_host_results.recent import GROWTH

ROWS = 500_000
MOST = 200
"""Rows of an answer; longer ones are searched for."""
AT_ONCE = 10_000
"""Rows that are added in one go. Where more have come since the last answer, all are read anew."""
LOOK_SECONDS = 1.0
READ_AT_ONCE = 1_000
PAUSES = 1.0
"""So many times as long as the last read took: others ask for something meanwhile. With 3 the names of
200,000 results were not there yet when 1,000 PCs were asked for ten seconds after a start."""
_NAMES = 20
"""PCs that one word may mean; where it means more, a search ends soon."""
_WORDS = 5_000

_SELECT = "SELECT pc_id, recorded_at, rowid FROM execution_results INDEXED BY execution_results_names WHERE"
TOP = "SELECT max(rowid) FROM execution_results"
SAME = f"{_SELECT} recorded_at = ? AND (pc_id, rowid) > (?, ?) AND rowid <= ? ORDER BY pc_id, rowid LIMIT ?"
"""What is left of a moment, which may have more rows than are read at once."""
OLDER = f"{_SELECT} recorded_at < ? AND rowid <= ? ORDER BY recorded_at DESC, pc_id, rowid LIMIT ?"
ADDED = "SELECT pc_id, recorded_at, rowid FROM execution_results WHERE rowid > ? LIMIT ?"
_AFTER_ALL = "\U0010ffff"

Row = tuple[str, str, int]
"""PC, moment, row number."""


class _Rows:
    """Of one PC, the newest last; within a moment the row that was made first."""

    __slots__ = ("moments", "numbers")

    def __init__(self) -> None:
        self.numbers = array("q")
        self.moments: list[str] = []

    def add(self, moment: str, number: int) -> bool:
        """False when it is there already."""
        numbers, moments = self.numbers, self.moments
        first, end = bisect_left(moments, moment), bisect_right(moments, moment)
        place = bisect_left(numbers, -number, first, end, key=neg)
        if place < end and numbers[place] == number:
            return False
        numbers.insert(place, number)
        moments.insert(place, moment)
        return True


class HeldNames:
    """Those of one host. `run` is its task; everything else is called by requests, on the event loop."""

    def __init__(self) -> None:
        self._reading = asyncio.Lock()
        self._forget()

    def _forget(self) -> None:
        self.complete = False
        """Everything that is newer than `_floor` is here."""
        self._pcs: dict[str, _Rows] = {}
        self._texts: dict[str, str] = {}
        self._words: dict[str, tuple[int, list[str]]] = {}
        self._size = self._step = self._top = 0
        self._floor = ""

    async def newest(self, ctx: Context, word: str, limit: int, *, whole: bool) -> list[int] | None:
        """Numbers of the newest rows of PCs whose id holds the word, or is it; None: search for them."""
        if limit > MOST:
            return None
        if self.complete:
            async with self._reading:
                await self._catch_up(ctx)
        if not self.complete:
            return None
        names = self._meant(word, whole)
        if len(names) > _NAMES:
            return None
        found: list[tuple[str, int]] = []
        for name in names:
            rows = self._pcs[name]
            found += zip(rows.moments[-limit:], rows.numbers[-limit:])
        found.sort(key=lambda one: one[1])
        found.sort(key=lambda one: one[0], reverse=True)
        found = found[:limit]
        if self._floor and (len(found) < limit or found[-1][0] <= self._floor):
            return None
        return [number for _, number in found]

    def _meant(self, word: str, whole: bool) -> list[str]:
        """The PCs, or more than `_NAMES` of them."""
        if whole:
            return [word] if word in self._pcs else []
        known = self._words.get(word)
        if known is None or known[0] != len(self._pcs):
            if len(self._words) >= _WORDS:
                self._words.clear()
            found = islice((name for name in self._pcs if word in name), _NAMES + 1)
            known = self._words[word] = len(self._pcs), list(found)
        return known[1]

    # -- keeping up --------------------------------------------------------------------------------

    async def _catch_up(self, ctx: Context) -> None:
        """Add what has been committed since, which may be seen before it is noted.

        A row has a higher number than all that were committed before it, however old its result is.
        """
        step, low = GROWTH.step, GROWTH.since(self._step)
        if low is None or not self.complete:
            return
        if not low or self._size > 2 * ROWS:
            self._forget()
            return
        rows = await ctx.query(ADDED, (self._top, AT_ONCE))
        if len(rows) == AT_ONCE:
            self._forget()
            return
        self._step = step
        self._add(rows)  # type: ignore[arg-type]

    def _add(self, rows: Iterable[Row]) -> None:
        texts = self._texts
        for pc_id, moment, number in rows:
            held = self._pcs.get(pc_id)
            if held is None:
                held = self._pcs[pc_id] = _Rows()
            self._size += held.add(texts.setdefault(moment, moment), number)
            self._top = max(self._top, number)

    # -- reading all -------------------------------------------------------------------------------

    async def run(self, ctx: Context) -> None:
        """Read the names once fewer rows come than can be added; then keep up with what comes."""
        top = 0
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with contextlib.suppress(KanadeError, sqlite3.Error):
                if self.complete:
                    async with self._reading:
                        await self._catch_up(ctx)
                else:
                    before, top = top, (await ctx.query(TOP))[0][0] or 0
                    if top - before < AT_ONCE:
                        await self._read(ctx)

    async def _read(self, ctx: Context) -> None:
        self._forget()
        step = GROWTH.step
        top = (await ctx.query(TOP))[0][0] or 0
        pcs: dict[str, _Rows] = {}
        began = time.monotonic()
        async for rows in _newest_first(ctx, top):
            for pc_id, moment, number in rows:
                held = pcs.get(pc_id)
                if held is None:
                    held = pcs[pc_id] = _Rows()
                held.numbers.append(number)
                held.moments.append(self._texts.setdefault(moment, moment))
            self._size += len(rows)
            if self._size >= ROWS:
                self._floor = rows[-1][1]
                break
            await asyncio.sleep(PAUSES * (time.monotonic() - began))
            began = time.monotonic()
        for held in pcs.values():
            held.numbers.reverse()
            held.moments.reverse()
        self._pcs, self._top, self._step, self.complete = pcs, top, step, True


async def _newest_first(ctx: Context, top: int) -> AsyncIterator[list[Row]]:
    """All rows up to that number, in the order of lists, some at a time."""
    moment, full = _AFTER_ALL, True
    while full:
        rows = await _rows(ctx, OLDER, moment, top)
        full = len(rows) == READ_AT_ONCE
        while rows:
            yield rows
            if len(rows) < READ_AT_ONCE:
                break
            pc_id, moment, number = rows[-1]  # which may have more rows
            rows = await _rows(ctx, SAME, moment, pc_id, number, top)


async def _rows(ctx: Context, sql: str, *values: object) -> list[Row]:
    return await ctx.query(sql, (*values, READ_AT_ONCE))  # type: ignore[return-value]


_OF_HOST: WeakKeyDictionary[Context, HeldNames] = WeakKeyDictionary()


def held_names(ctx: Context) -> HeldNames:
    """Those of the host that this context belongs to."""
    found = _OF_HOST.get(ctx)
    if found is None:
        found = _OF_HOST[ctx] = HeldNames()
    return found
