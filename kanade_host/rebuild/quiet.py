"""The context that a plugin's code sees while it is replayed: it reads as ever, and sends nothing."""

from __future__ import annotations

from typing import Any, cast

from kanade_host.bus.bus import NatsBus
from kanade_host.loading.context import HostContext
from kanade_host.parts import Store
from kanade_host.plugin.context import Context
from kanade_host.plugin.errors import PluginError

_SENDS = frozenset({"publish", "request", "replies"})


class QuietBus:
    """The live bus, without what sends messages."""

    def __init__(self, bus: NatsBus) -> None:
        self._bus = bus

    def __getattr__(self, name: str) -> Any:
        if name in _SENDS:
            raise PluginError(f"ctx.bus.{name} in `prepare`: nothing is sent while tables are rebuilt")
        return getattr(self._bus, name)


def quiet_context(ctx: Context, scratch: Store) -> Context:
    """The plugin's context over the scratch file. What it puts into the outbox there goes with the file."""
    assert isinstance(ctx, HostContext)
    bus = cast(NatsBus, QuietBus(ctx.bus))
    return ctx.over(bus, scratch.writer, scratch.readers)
