"""Names of the plugin API that are going: they work, and say who uses them, what replaces them, how long.

A name is taken out of `kanade_host.plugin`, and put into `DEPRECATED` with what it stands for. Whoever
imports it gets it, and a warning; the host logs that with the plugin's name, and shows it with the plugin's
state. A hook goes the same way: `hookspec(warn_on_impl=going("kanade_old", …))`.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from types import FrameType
from typing import Any


class KanadeDeprecationWarning(DeprecationWarning):
    """A plugin uses something of the API that is going."""


@dataclass(frozen=True, slots=True)
class Deprecated:
    """`value` as long as it lasts; `replacement` in words; `removed_in`: the API version without it."""

    value: Any
    replacement: str
    removed_in: str


DEPRECATED: dict[str, Deprecated] = {}
"""By the name in `kanade_host.plugin`."""


def going(name: str, replacement: str, removed_in: str, user: str = "a plugin") -> KanadeDeprecationWarning:
    """The warning: who, what, instead of it, until when."""
    return KanadeDeprecationWarning(
        f"{user} uses {name}, which plugin API {removed_in} no longer has: use {replacement}"
    )


def look_up(name: str) -> Any:
    """What a module's `__getattr__` answers for a name that is not there; AttributeError for unknown ones."""
    found = DEPRECATED.get(name)
    if found is None:
        raise AttributeError(f"module 'kanade_host.plugin' has no attribute {name!r}")
    told = going(f"kanade_host.plugin.{name}", found.replacement, found.removed_in, _user())
    warnings.warn(told, stacklevel=3)
    return found.value


def _user() -> str:
    """The module of the plugin that asks, by the frames that led here."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module and not f"{module}.".startswith(("importlib.", "kanade_host.plugin.")):
            return module
        frame = frame.f_back
    return "a plugin"
