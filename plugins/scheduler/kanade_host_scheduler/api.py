"""What the scheduler offers others: reading cron expressions, and who wrote a schedule."""

from __future__ import annotations

from typing import Protocol

from kanade_host.plugin import Instant

RHYTHMS = "scheduler.rhythms"
AUTHORS = "scheduler.authors"


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


class Authors(Protocol):
    """Service "scheduler.authors"."""

    async def author(self, schedule_id: str) -> str | None:
        """The account that saved it last over HTTP; None where nobody knows. `StoreUnavailable`."""
        ...
