"""The keys of `[plugins.witness]`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Settings


class WitnessSettings(Settings, frozen=True, kw_only=True):
    """How long whoever changes something may take to say so himself."""

    wait_seconds: Annotated[
        float,
        msgspec.Meta(
            ge=0,
            le=600,
            description="Seconds for which a record of the one who did it is awaited before one is made.",
        ),
    ] = 5
