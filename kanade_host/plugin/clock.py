"""The clock that plugins ask, so that a test can move it."""

from __future__ import annotations

import time
from typing import Protocol

from kanade_host.plugin.instants import Instant


class Clock(Protocol):
    """Wall-clock time. `apply` of a projection must not use it: it has the broker's time."""

    def now(self) -> Instant:
        """The current moment, UTC, nanoseconds."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment, for measuring how long something takes: never goes back."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now(self) -> Instant:
        return Instant.from_ns(time.time_ns())

    def monotonic(self) -> float:
        return time.monotonic()
