"""The keys of `[plugins.web]`."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import Settings


class WebSettings(Settings, frozen=True):
    """The keys of `[plugins.web]`."""

    dist: Annotated[
        str | None,
        msgspec.Meta(
            description="A folder with another web interface, such as kanade's own, to serve instead."
        ),
    ] = None
