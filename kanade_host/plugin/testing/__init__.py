"""The test kit: a real host, a real broker and a real file for the tests of plugins.

The fixtures `host` and `broker` and the marker `kanade` are there as soon as kanade-host is installed. The
names below are for annotations; they are imported when asked for, since pytest loads this package in
every project beside which kanade-host is installed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kanade_host.plugin.testing.answers import Answer
    from kanade_host.plugin.testing.broker import TestBroker
    from kanade_host.plugin.testing.clock import MovableClock
    from kanade_host.plugin.testing.host import Host

_WHERE = {"Answer": "answers", "Host": "host", "MovableClock": "clock", "TestBroker": "broker"}

__all__ = ["Answer", "Host", "MovableClock", "TestBroker"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
