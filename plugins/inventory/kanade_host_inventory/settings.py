"""The keys of `[plugins.inventory]`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Settings


class InventorySettings(Settings, frozen=True, kw_only=True):
    """Retention, and how large a derived table one PC may fill."""

    keep_history_days: Annotated[int, msgspec.Meta(ge=1, description="Days for which changes are kept.")] = 90
    max_elements: Annotated[
        int,
        msgspec.Meta(
            ge=1,
            le=30_000,
            description="Elements of one scan that become rows; beyond that, rows stay as they were.",
        ),
    ] = 20_000
