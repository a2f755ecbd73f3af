"""A fire in batches: what the plan says, as numbers."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from kanade_host_results.api import StopAt

from kanade_host.plugin import BadDuration, HttpError, parse_duration
from kanade_host_jobs.api import FanoutPlan

MOST_BATCHES = 1_000
"""Of one fire: each is a row that is looked at until it has gone."""
MOST_PAUSE_SECONDS = 6 * 86_400
"""A pause is shorter than the seven days that a command is kept."""
_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII).fullmatch
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Amount:
    """A number, or a part of all in percent: exactly one of the two."""

    count: int | None = None
    percent: float | None = None

    def of(self, total: int) -> int:
        """At least 1, rounded up."""
        if self.count is not None:
            return self.count
        return max(math.ceil(total * (self.percent or 0) / 100), 1)


@dataclass(frozen=True, slots=True)
class Batching:
    """How a fire is divided."""

    size: Amount
    pause_secs: float
    stop_at: StopAt

    def sizes(self, total: int) -> list[int]:
        """How many PCs each batch has. Raises `HttpError` 400 where there would be too many."""
        size = self.size.of(total)
        full, rest = divmod(total, size)
        if full + bool(rest) > MOST_BATCHES:
            raise HttpError(
                400,
                f"batches.size: {total} PCs would be {full + bool(rest)} batches, at most {MOST_BATCHES}; "
                "give a greater size; nothing was sent",
            )
        return [size] * full + ([rest] if rest else [])


def batching(plan: FanoutPlan) -> Batching | None:
    """None: all at once. Raises `HttpError` 400."""
    batches = plan.batches
    if batches is None:
        return None
    if plan.rollout is not None and plan.rollout.waves:
        raise HttpError(400, "batches: give either `batches` or `rollout.waves`; nothing was sent")
    try:
        pause = parse_duration(batches.pause) / 10**9
    except BadDuration as error:
        raise HttpError(400, f"invalid batches.pause: {error}") from None
    if pause > MOST_PAUSE_SECONDS:
        raise HttpError(400, "invalid batches.pause: more than six days; nothing was sent")
    size = _amount("batches.size", batches.size)
    stop = StopAt()
    if batches.stop_at_failed is not None:
        found = _amount("batches.stop_at_failed", batches.stop_at_failed)
        stop = StopAt(found.count, found.percent)
    return Batching(size, pause, stop)


def _amount(name: str, value: str | int) -> Amount:
    text = str(value).strip()
    if _COUNT(text) and int(text) > 0:
        return Amount(count=int(text))
    percent = _PERCENT(text)
    if percent and 0 < float(percent[1]) <= 100:
        return Amount(percent=float(percent[1]))
    raise HttpError(
        400,
        f"invalid {name}: expected a number from 1 (`50`) or a part up to `100%` (`10%`); nothing was sent",
    )
