"""What everyone can see of a projection: `GET /api/projections`, `projection list`, metrics."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

State = Literal["starting", "running", "waiting", "paused", "stopped"]


@dataclass(slots=True)
class Status:
    """The live state of one projection. `lag` is messages waiting at the broker; -1 = not known yet.

    `lag_at_most`: it is at most that many (`sifting.py`).
    """

    name: str
    plugin: str
    stream: str
    durable: str
    state: State = "starting"
    reason: str = ""
    begun: str = ""
    sequence: int = 0
    time_ns: int = 0
    lag: int = -1
    lag_at_most: bool = False
    messages: int = 0
    batches: int = 0
    dead_letters: int = 0
    gaps: list[tuple[int, int]] = field(default_factory=list)
    _window: list[tuple[float, int]] = field(default_factory=list)

    def passed(self, count: int, sequence: int, time_ns: int, lag: int, at_most: bool = False) -> None:
        """Count a committed batch."""
        self.messages += count
        self.batches += 1
        self.sequence, self.time_ns = sequence, time_ns
        self.lag, self.lag_at_most = lag, at_most
        now = time.monotonic()
        self._window.append((now, count))
        while self._window and now - self._window[0][0] > 10:
            self._window.pop(0)

    @property
    def rate(self) -> float:
        """Messages per second over the last ten seconds."""
        now = time.monotonic()
        return sum(count for at, count in self._window if now - at <= 10) / 10

    def set(self, state: State, reason: str = "") -> None:
        """Enter a state."""
        self.state, self.reason = state, reason
