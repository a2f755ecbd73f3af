"""What arrives, and what is answered."""

from __future__ import annotations

from typing import Any

import msgspec

from kanade_battery.settings import Percent
from kanade_host.plugin import Instant


class Battery(msgspec.Struct, frozen=True):
    """The payload of kind `battery`: charge, and what is left of the capacity it had when new."""

    percent: Percent
    health: Percent | None = None


class Event(msgspec.Struct, frozen=True):
    """One event of a PC, of any kind: what its payload holds depends on the kind."""

    pc_id: str
    at: Instant
    kind: str
    payload: Any = None

    def __post_init__(self) -> None:
        if self.kind == "battery":
            self.battery()

    def battery(self) -> Battery:
        """The payload of kind `battery`; a `ValidationError` sets the message aside."""
        return msgspec.convert(self.payload, Battery)


class Level(msgspec.Struct, frozen=True):
    """One PC's battery as clients see it. `at` is the PC's clock."""

    pc_id: str
    percent: float
    health: float | None
    at: Instant
    low: bool


class LevelsQuery(msgspec.Struct, frozen=True):
    """`low`: only batteries that are low."""

    low: bool = False
