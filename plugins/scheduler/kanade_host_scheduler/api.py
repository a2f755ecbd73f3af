"""What the scheduler offers others: reading cron expressions."""

from __future__ import annotations

from typing import Protocol

from kanade_host.plugin import Instant

RHYTHMS = "scheduler.rhythms"


class Ticks(Protocol):
    """When an expression ticks."""

    def after(self, moment: Instant) -> Instant | None:
        """The first tick strictly after the second of `moment`; None: never again."""
        ...


class Rhythms(Protocol):
    """The grammar and the time zones of schedules (docs/decisions/schedules.md)."""

    def read(self, cron: str, time_zone: str | None) -> Ticks:
        """Raises `ValueError` with a text for people."""
        ...
