"""Plugins in development: notice that a file has changed, and read it again once it can be read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from kanade_host.loading.plan import Extra
from kanade_host.loading.single import from_file
from kanade_host.plugin.errors import PluginError

LOOK_SECONDS = 0.1
log = structlog.get_logger("kanade_host")

_State = tuple[tuple[int, int], ...]


class Changes:
    """The files as they were when they were last read. `seen`: the host ended for a change of one."""

    def __init__(self, files: Sequence[str]) -> None:
        self._files = files
        self._known = self._look()
        self.seen = False

    def _look(self) -> _State:
        return tuple(_state(Path(file)) for file in self._files)

    async def wait(self, changed: Callable[[], None]) -> None:
        """Call back when a file is another one than before."""
        if self._files:
            await self._other()
            log.info("a plugin's file has changed; the host starts anew", files=list(self._files))
            self.seen = True
            changed()

    async def _other(self) -> None:
        while (now := self._look()) == self._known:
            await asyncio.sleep(LOOK_SECONDS)
        self._known = now

    async def read(self, stopping: asyncio.Event) -> list[Extra] | None:
        """The plugins as they are now. A file that cannot be read is waited for until it changes again, or
        until somebody stops the host: then None.
        """
        self.seen = False
        while not stopping.is_set():
            self._known = self._look()
            try:
                return [from_file(file) for file in self._files]
            except PluginError as error:
                log.error("the changed file is no plugin; waiting for the next change", reason=str(error))
            waiting = [asyncio.ensure_future(self._other()), asyncio.ensure_future(stopping.wait())]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for one in waiting:
                one.cancel()
        return None


def _state(file: Path) -> tuple[int, int]:
    """Time and size; an editor may be about to put the file back."""
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
