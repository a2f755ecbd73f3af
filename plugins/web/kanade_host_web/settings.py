"""The keys of `[plugins.web]`."""

from __future__ import annotations

from kanade_host.plugin import Settings


class WebSettings(Settings, frozen=True):
    """`dist` is a folder with another web interface, such as kanade's own, which is served instead."""

    dist: str | None = None
