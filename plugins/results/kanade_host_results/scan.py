"""Results whose text matches patterns, searched from the newest backwards, window by window.

No index knows what is inside of a text. So nothing is cut off at 10,000 rows as upstream does, but each
statement reads a bounded window on a reading thread, plain words are compared by SQLite itself, other
patterns in linear time on a thread of their own, and after `SECONDS` the search ends with what it found.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kanade_host.plugin import Context, Instant
from kanade_host.plugin.patterns import Pattern
from kanade_host_results.held import held_names
from kanade_host_results.recent import recent_of
from kanade_host_results.results_read import NEWEST, Place, beyond, conditions

SECONDS = 8.0
COLUMNS = ("pc_id", "job_id", "exec_id", "stdout", "stderr")
_HEAVY = frozenset(("stdout", "stderr"))
_FIRST_ROWS, _MOST_ROWS = 500, 20_000
_FIRST_HEAVY_ROWS, _HEAVY_BYTES = 50, 8 * 1024 * 1024
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Found:
    """Row numbers in the order of the answer. `complete`: there was time to look at every row.

    `place`: how far was looked where there was not.
    """

    numbers: list[int]
    complete: bool = True
    place: Place | None = None


def of_pc(
    word: str,
    since: Instant | None,
    limit: int,
    after: Place | None = None,
    *,
    whole: bool = False,
    low: str = "",
) -> tuple[str, list[object]]:
    """Numbers and moments of the newest results of PCs whose id holds the word, or is it: an index alone.

    65 ns a row, so it needs no windows: the frequent question "what did this PC do" stops early, and a
    name that is nowhere takes 0.2 s among three million rows.
    """
    where, values = conditions(None, since, after)
    if low:
        where.append("recorded_at >= ?")
        values.append(low)
    sql = (
        "SELECT rowid, recorded_at FROM execution_results INDEXED BY execution_results_names"
        f" WHERE {' AND '.join([*where, 'pc_id = ?' if whole else 'instr(pc_id, ?)'])} {NEWEST} LIMIT ?"
    )
    return sql, [*values, word, limit]


class Scan:
    """One search. `patterns` by column; `after`: begin beyond that row; `pc`, `run`: of those alone."""

    def __init__(
        self,
        ctx: Context,
        status: str | None,
        since: Instant | None,
        patterns: Mapping[str, Pattern],
        after: Place | None = None,
        pc: str | None = None,
        run: str | None = None,
    ) -> None:
        self._ctx, self._start = ctx, after
        self._where, self._values = conditions(status, since)
        self._regexes: dict[str, Pattern] = {}
        self._plain: list[str] = []
        self._words: list[object] = []
        for column in COLUMNS:
            if column in patterns:
                self._sort_out(column, patterns[column])
        if run is not None:
            self._where.append("exec_id = ?")
            self._values.append(run)
        unfiltered = status is None and run is None
        alone = unfiltered and self._regexes == {} and list(patterns) == ["pc_id"]
        self._pc = str(self._words[0]) if alone and self._words else None
        self._whole = pc is not None and unfiltered and not patterns
        if self._whole:
            self._pc = pc
        elif pc is not None:
            self._where.append("pc_id = ?")
            self._values.append(pc)
        self._since = since
        heavy = not _HEAVY.isdisjoint(patterns)
        self._carries = not _HEAVY.isdisjoint(self._regexes)
        self._rows = _FIRST_HEAVY_ROWS if heavy else _FIRST_ROWS

    def _sort_out(self, column: str, pattern: Pattern) -> None:
        word = pattern.literal
        if word is None or "\0" in word:
            self._regexes[column] = pattern
        elif column == "exec_id" and _UUID(word):
            # Nothing but the id itself holds a whole id: the index finds it at once.
            self._where.append("exec_id = ?")
            self._values.append(word)
        else:
            self._plain.append(f"instr(coalesce({column}, ''), ?)")
            self._words.append(word)

    async def run(self, limit: int) -> Found:
        """Search until `limit` rows matched, all were seen, or time is up."""
        if self._pc is not None:
            return Found(await self._of_pc(self._pc, limit))
        numbers: list[int] = []
        ends = time.monotonic() + SECONDS
        place = self._start
        while len(numbers) < limit:
            end = await self._end_of_window(place)
            if end is None:
                break
            rows = await self._window(place, end, limit - len(numbers))
            numbers += await self._matching(rows, limit - len(numbers))
            place = end
            if time.monotonic() > ends:
                return Found(numbers, complete=False, place=place)
        return Found(numbers)

    async def _of_pc(self, word: str, limit: int) -> list[int]:
        """The first page comes from memory; what lies too far back is remembered and brought up to date."""
        if self._since is not None or self._start is not None:
            rows = await self._ctx.query(*of_pc(word, self._since, limit, self._start, whole=self._whole))
            return [row[0] for row in rows]
        newest = await held_names(self._ctx).newest(self._ctx, word, limit, whole=self._whole)
        if newest is not None:
            return newest
        recent, key = recent_of(self._ctx), f"{'is' if self._whole else 'holds'} {word}"
        low, held, step = recent.begin(key, limit)
        rows = []
        if low is not None:
            rows = await self._ctx.query(*of_pc(word, None, limit, whole=self._whole, low=low))
        return recent.complete(key, limit, low, held, step, [(row[0], row[1]) for row in rows])

    def _after(self, place: Place | None) -> tuple[list[str], list[object]]:
        where, values = beyond(place)
        return [*self._where, *where], [*self._values, *values]

    async def _end_of_window(self, place: Place | None) -> Place | None:
        """The last row of the next window; None when no row is left."""
        found, values = self._after(place)
        where = f" WHERE {' AND '.join(found)}" if found else ""
        rows = await self._ctx.query(
            "SELECT recorded_at, n FROM (SELECT recorded_at, rowid AS n FROM execution_results"
            f"{where} {NEWEST} LIMIT ?) ORDER BY recorded_at, n DESC LIMIT 1",
            [*values, self._rows],
        )
        return Place(rows[0][0], rows[0][1]) if rows else None

    async def _window(self, place: Place | None, end: Place, limit: int) -> list[sqlite3.Row]:
        """The rows up to `end` that hold the plain words, with what the other patterns look at."""
        found, values = self._after(place)
        found = [*found, "recorded_at >= ?", "(recorded_at > ? OR rowid <= ?)", *self._plain]
        values = [*values, end.recorded_at, end.recorded_at, end.rowid, *self._words]
        columns = ", ".join(("rowid", *self._regexes))
        rows = await self._ctx.query(
            f"SELECT {columns} FROM execution_results WHERE {' AND '.join(found)} {NEWEST} LIMIT ?",
            [*values, -1 if self._regexes else limit],
        )
        self._adapt(rows)
        return rows

    def _adapt(self, rows: Sequence[sqlite3.Row]) -> None:
        """Make the next window larger, as far as its text stays small."""
        most = _MOST_ROWS
        if self._carries:
            held = sum(len(cell) for row in rows for cell in tuple(row)[1:] if cell) + 1
            most = max(10, int(self._rows * _HEAVY_BYTES / held))
        self._rows = min(self._rows * 4, most, _MOST_ROWS)

    async def _matching(self, rows: Sequence[sqlite3.Row], limit: int) -> list[int]:
        if not self._regexes or not rows:
            return [row[0] for row in rows]
        patterns = list(self._regexes.values())

        def search() -> list[int]:
            numbers: list[int] = []
            for row in rows:
                if all(pattern.found_in(row[place]) for place, pattern in enumerate(patterns, start=1)):
                    numbers.append(row[0])
                    if len(numbers) == limit:
                        break
            return numbers

        return await asyncio.to_thread(search)
