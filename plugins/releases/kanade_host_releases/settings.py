"""`[plugins.releases]`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Settings


class ReleasesSettings(Settings, frozen=True, kw_only=True):
    """What an operator may change."""

    orphan_hours: Annotated[
        float,
        msgspec.Meta(
            gt=0,
            description="Hours after which chunks of an upload that never ended are removed from the broker.",
        ),
    ] = 24.0
