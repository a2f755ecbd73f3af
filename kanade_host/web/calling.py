"""Where the code of plugins is called: the frame that the watchdog looks for.

A handler that holds the loop gets `Overran` raised into it from the watchdog's thread. That thread
decides by the frames it finds above `call_handler`, so this function stays a frame of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from kanade_host.plugin.routes import Handler


class Armed(Protocol):
    """The part of the watchdog that a call has to know."""

    armed: bool
    """An exception is on its way into the loop's thread."""

    def disarm(self) -> None:
        """Take it back: the code that it was meant for has ended by itself."""
        ...


class Unwatched:
    """Where no watchdog runs."""

    armed = False

    def disarm(self) -> None:
        """Nothing to take back."""


async def call_handler(watch: Armed, plugin: str, route: str, handler: Handler, request: Any) -> Any:
    """Run one handler. `plugin` and `route` are read from this frame by the watchdog, for its log line."""
    try:
        return await handler(request)
    finally:
        if watch.armed:
            watch.disarm()


CALL_HANDLER: Callable[..., Any] = call_handler
