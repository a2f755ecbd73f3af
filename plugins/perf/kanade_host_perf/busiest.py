"""The busiest PCs of times that end now: sums that are kept in memory while somebody asks for them.

Dashboards ask for the same few lists every few seconds. Between two answers little comes and little
leaves, so the sums of the one before are moved on instead of adding everything up again
(`docs/decisions/performance-roll-ups.md`). The database decides: whatever makes the sums doubtful makes
them be read anew, and every half hour nothing has to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from kanade_host.plugin import DAY_SECONDS, Context, Instant
from kanade_host_perf.pieces import bounds
from kanade_host_perf.ranking import (
    changes_statement,
    since_pieces,
    state_statement,
    top_statement,
    totals_statement,
)
from kanade_host_perf.rollups import in_step
from kanade_host_perf.running import Inconsistent, Reach, Running

SERVICE = "perf.busiest"
REFRESH_SECONDS = 10.0
FROM_THE_START = (("cpu_pct", 3_600), ("cpu_pct", DAY_SECONDS))
"""What is ready before anybody has asked: the default metric, over the longer times that dashboards show."""
MOST_LISTS = 8
MOST_PCS = 50_000
LONGEST = DAY_SECONDS
KEPT_SECONDS = DAY_SECONDS
"""How long after it was asked for a list is kept ready."""
MOST_BEHIND = 60
"""Seconds; what came and left in a longer time takes longer to read than all sums."""
MOST_ROWS = 20_000
RENEWED_SECONDS = 1_800
SPARE_SECONDS = 3_600
"""By how much samples outlive the times that are kept: what leaves must still be there to be read."""


@dataclass(slots=True)
class _List:
    metric: str
    seconds: int
    asked: Instant
    made: Instant
    sums: Running | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Busiest:
    """All lists of a host. Used on the event loop."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._slots: dict[str, int] = {}
        now = ctx.clock.now()
        self._lists = {key: _List(*key, asked=now, made=now) for key in FROM_THE_START if self._keeps(key[1])}
        self._doubts = 0
        self._version = 0
        self._too_many_until: Instant | None = None

    async def top(self, metric: str, seconds: int, limit: int) -> list[tuple[str, float]]:
        """PCs and their averages over the last `seconds`, the highest first."""
        if self._keeps(seconds):
            one = self._list(metric, seconds)
            async with one.lock:
                sums = await self._current(one)
            if sums is not None:
                return sums.top(limit)
        since = self._ctx.clock.now() - seconds
        parts = since_pieces(since, seconds, summed=await in_step(self._ctx))
        values = [value for part in parts for value in bounds(part)]
        rows = await self._ctx.query(top_statement(metric, parts), (*values, limit))
        return [(row[0], float(row[1])) for row in rows]

    async def refresh(self) -> int:
        """Keep ready what was asked for lately. For a `Sweep`; the rows it touches are none of a table."""
        now = self._ctx.clock.now()
        for key, one in list(self._lists.items()):
            if now - one.asked > KEPT_SECONDS:
                self._lists.pop(key, None)
                continue
            async with one.lock:
                if now - one.made > RENEWED_SECONDS:
                    one.sums = None
                await self._current(one)
        return 0

    @contextmanager
    def doubted(self) -> Iterator[None]:
        """While rows change their PC: nothing is kept, and what was kept goes."""
        self._doubts += 1
        self._forget()
        try:
            yield
        finally:
            self._doubts -= 1
            self._forget()

    def _keeps(self, seconds: int) -> bool:
        held = self._ctx.settings.keep_host_days * DAY_SECONDS - SPARE_SECONDS
        return bool(seconds <= min(LONGEST, held))

    def _list(self, metric: str, seconds: int) -> _List:
        now = self._ctx.clock.now()
        one = self._lists.get((metric, seconds)) or _List(metric, seconds, now, now)
        one.asked = now
        self._lists[metric, seconds] = one
        while len(self._lists) > MOST_LISTS:
            self._lists.pop(min(self._lists, key=lambda key: self._lists[key].asked))
        return one

    def _forget(self) -> None:
        self._version += 1
        self._slots = {}
        for one in self._lists.values():
            one.sums = None

    async def _current(self, one: _List) -> Running | None:
        """The sums as of now, or None where they cannot be had: the database is to be asked."""
        now = self._ctx.clock.now()
        if len(self._slots) > MOST_PCS:
            self._too_many_until = now + RENEWED_SECONDS
            self._forget()
        if self._doubts or (self._too_many_until is not None and now < self._too_many_until):
            return None
        since, version, sums = now - one.seconds, self._version, one.sums
        one.sums = None  # until it is known that they are right: this may be cancelled
        if sums is None or not await self._move(sums, one.metric, since):
            sums = await self._read(one, since)
            one.made = now
        if version == self._version:
            one.sums = sums
        return one.sums

    async def _move(self, sums: Running, metric: str, since: Instant) -> bool:
        before = sums.reach
        [[newest, newest_sample, sample]] = await self._ctx.query(state_statement(metric), (before.last,))
        if sample != before.sample or not 0 <= newest - before.last <= MOST_ROWS:
            return False
        if not 0 <= since - before.since <= MOST_BEHIND:
            return False
        came, left = (before.last, newest, since.stored), (before.since.stored, since.stored, before.last)
        rows = await self._ctx.query(changes_statement(metric), (*came, *left))
        try:
            sums.move(Reach(since, newest, newest_sample), rows)
        except Inconsistent:
            return False
        return True

    async def _read(self, one: _List, since: Instant) -> Running | None:
        if not await in_step(self._ctx):
            return None
        parts = since_pieces(since, one.seconds, summed=True)
        values = [value for part in parts for value in bounds(part)]
        rows = await self._ctx.query(totals_statement(one.metric, parts), values)
        [[_, newest, sample, position]] = [row for row in rows if row[0] is None]
        if position < newest:
            return None
        return Running(self._slots, Reach(since, newest, sample), (row for row in rows if row[0] is not None))
