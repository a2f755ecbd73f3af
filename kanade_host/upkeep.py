"""What the host sees to again and again: the broker's resources, and dead letters to be tried again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence

import structlog

from kanade_host.bus.bus import NatsBus
from kanade_host.bus.ensure import ensure
from kanade_host.observe.health import Health
from kanade_host.plugin.errors import KanadeError
from kanade_host.plugin.resources import Resource
from kanade_host.projection.runner import Runner

log = structlog.get_logger("kanade_host")

ENSURE_SECONDS = 30.0
REPLAY_SECONDS = 5.0


class Resources:
    """Streams, buckets and object stores as they must be. `reconnected` is set when the broker is back."""

    def __init__(self, bus: NatsBus, wanted: Sequence[Resource], health: Health) -> None:
        self._bus, self._wanted, self._health = bus, wanted, health
        self.reconnected = asyncio.Event()

    async def ensure(self) -> None:
        """Make what is missing, and put right what can be; what cannot is told."""
        try:
            await ensure(self._bus, self._wanted)
            self._health.note("resources", None)
        except KanadeError as error:
            self._health.note("resources", str(error), blocking=False)
            log.error("resources of the broker are not as they must be", reason=str(error))

    async def keep(self) -> None:
        """After each reconnect, and now and then: somebody may have reset or deleted them."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ENSURE_SECONDS):
                    await self.reconnected.wait()
            self.reconnected.clear()
            if self._bus.connected:
                await self.ensure()


class Letters:
    """Applies the dead letters that somebody has marked. `marked` is set when there are such."""

    def __init__(self) -> None:
        self.marked = asyncio.Event()

    async def keep(self, runners: Mapping[str, Runner]) -> None:
        """Until it is cancelled; those that cannot be tried now are tried later."""
        self.marked.set()  # some may have been while no host ran
        while True:
            await self.marked.wait()
            self.marked.clear()
            for runner in list(runners.values()):
                try:
                    left = await runner.replay()
                except KanadeError as error:
                    log.warning("dead letters cannot be tried again now", reason=str(error))
                    left = True
                if left:
                    asyncio.get_running_loop().call_later(REPLAY_SECONDS, self.marked.set)
