"""A clock that a test moves."""

from __future__ import annotations

import time

from kanade_host.plugin.instants import Instant


class MovableClock:
    """Runs like the system's clock until it is set or advanced; then it goes on from there."""

    def __init__(self) -> None:
        self._offset_ns = 0
        self._passed = 0.0

    def now(self) -> Instant:
        return Instant.from_ns(time.time_ns() + self._offset_ns)

    def monotonic(self) -> float:
        return time.monotonic() + self._passed

    def advance(self, seconds: float) -> None:
        """Move the clock; negative moves it back."""
        self._offset_ns += round(seconds * 1_000_000_000)
        self._passed += max(0.0, seconds)

    def set(self, to: Instant) -> None:
        """From now on it is that moment, and later."""
        self._offset_ns = to.ns - time.time_ns()
