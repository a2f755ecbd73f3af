"""The settings `[plugins.scheduler]`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Settings


class SchedulerSettings(Settings, frozen=True, kw_only=True):
    """How schedules tick."""

    keep_days: Annotated[
        int,
        msgspec.Meta(
            ge=1, le=3_650, description="Days that ticks and fires are kept; at most 200 rows a schedule."
        ),
    ] = 90
    supersede: Annotated[
        bool,
        msgspec.Meta(
            description="A fire takes back what the schedule's fire before it has not yet delivered, so that "
            "a PC that was away runs the job once when it returns. Not for fires in waves."
        ),
    ] = True
    retry_seconds: Annotated[
        int,
        msgspec.Meta(
            ge=0, le=3_600, description="How long a tick goes on trying while the broker is away, in seconds."
        ),
    ] = 60
