"""What an operator can set in `[plugins.battery]`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Settings

Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]


class BatterySettings(Settings, frozen=True, kw_only=True):
    """The keys of `[plugins.battery]`."""

    low_percent: Annotated[Percent, msgspec.Meta(description="A battery at or below this is low.")] = 20
