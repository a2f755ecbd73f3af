"""The settings of the plugin."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Settings


class PerfSettings(Settings, frozen=True, kw_only=True):
    """`[plugins.perf]`."""

    keep_host_days: Annotated[
        int, msgspec.Meta(ge=1, description="Days for which samples of hosts are kept.")
    ] = 30
    keep_host_hours_days: Annotated[
        int, msgspec.Meta(ge=1, description="Days for which hourly sums of each host are kept.")
    ] = 90
    keep_fleet_days: Annotated[
        int, msgspec.Meta(ge=1, description="Days for which sums of the whole fleet are kept, by the minute.")
    ] = 400
    keep_process_days: Annotated[
        int, msgspec.Meta(ge=1, description="Days for which snapshots of processes are kept.")
    ] = 7
