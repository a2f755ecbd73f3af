"""The sums of one metric by PC over all samples after a moment, moved on by what comes and what leaves."""

from __future__ import annotations

import heapq
import math
import sqlite3
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

from kanade_host.plugin import Instant


@dataclass(frozen=True, slots=True)
class Reach:
    """Over which samples: measured after `since`, with row numbers up to `last`, which is `sample`."""

    since: Instant
    last: int
    sample: str | None


class Inconsistent(Exception):
    """What left had not come: somebody changed rows. The sums are to be made anew."""


class Running:
    """16 bytes for each PC. `slots` gives each PC its place; all `Running` of a host share it."""

    def __init__(self, slots: dict[str, int], reach: Reach, rows: Iterable[sqlite3.Row]) -> None:
        """`rows`: PC, how many samples have the metric, their sum; more columns do not matter."""
        self.reach = reach
        self._slots = slots
        self._numbers, self._totals = array("q"), array("d")
        for pc_id, number, total, *_ in rows:
            slot = self._slot(pc_id)
            self._numbers[slot], self._totals[slot] = number, total

    def move(self, reach: Reach, rows: Iterable[sqlite3.Row]) -> None:
        """Add what came and take away what left (`changes_statement`). Raises `Inconsistent`."""
        numbers, totals = self._numbers, self._totals
        for sign, pc_id, value in rows:
            slot = self._slot(pc_id)
            numbers[slot] += sign
            totals[slot] += sign * value
            if numbers[slot] <= 0:
                totals[slot] = 0.0  # nothing of the rounding stays
                if numbers[slot] < 0:
                    raise Inconsistent
            elif not math.isfinite(totals[slot]):
                raise Inconsistent
        self.reach = reach

    def top(self, limit: int) -> list[tuple[str, float]]:
        """The highest averages, the highest first; equal ones by PC."""
        known = zip(self._slots, self._numbers, self._totals, strict=False)
        found = ((-total / number, pc_id) for pc_id, number, total in known if number)
        return [(pc_id, -value) for value, pc_id in heapq.nsmallest(limit, found)]

    def _slot(self, pc_id: str) -> int:
        slot = self._slots.setdefault(pc_id, len(self._slots))
        missing = slot + 1 - len(self._numbers)
        if missing > 0:
            self._numbers.extend([0] * missing)
            self._totals.extend([0.0] * missing)
        return slot
