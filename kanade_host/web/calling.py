"""Where the code of plugins is called: the frame that the watchdog looks for.

A handler that holds the loop gets `Overran` raised into it from the watchdog's thread. That thread
decides by the frames it finds above `call_handler`, so this function stays a frame of its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
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


async def call_handler(
    watch: Armed,
    plugin: str,  # noqa: ARG001 - read from the frame by the watchdog
    route: str,  # noqa: ARG001 - the same
    handler: Handler,
    request: Any,
) -> Any:
    """Run one handler."""
    try:
        return await handler(request)
    finally:
        if watch.armed:
            watch.disarm()


async def call_chunks(
    watch: Armed,
    plugin: str,  # noqa: ARG001 - read from the frame by the watchdog
    route: str,  # noqa: ARG001 - the same
    chunks: AsyncIterator[bytes],
) -> AsyncIterator[bytes]:
    """Pass on what a handler streams."""
    try:
        async for chunk in chunks:
            yield chunk
    finally:
        if watch.armed:
            watch.disarm()
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
