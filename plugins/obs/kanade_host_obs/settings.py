"""The settings of the plugin."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Settings


class ObsSettings(Settings, frozen=True, kw_only=True):
    """`[plugins.obs]`."""

    keep_days: Annotated[
        int, msgspec.Meta(ge=1, description="Days for which events are kept, by the time at their source.")
    ] = 90
