"""Plugins that are modules of a test rather than installed distributions."""

from __future__ import annotations

from kanade_host.loading import single
from kanade_host.loading.plan import Extra
from kanade_host.loading.state import Manifest
from kanade_host.plugin.testing import authenticator


def kit() -> Extra:
    """The plugin by which a token is the name of a role."""
    manifest = Manifest("kit", "kit", authenticator.__name__, "kanade-test", "0", foreign=False)
    return Extra(manifest, authenticator)


def from_file(path: str) -> Extra:
    """A Python file as a plugin. A test's probe may have any names, so those of plugins of ours too."""
    return single.from_file(path, foreign=False)
