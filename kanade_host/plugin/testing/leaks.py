"""What a test left behind when its host had stopped: tasks of the loop, sockets, open database files."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

_DESCRIPTORS = Path("/proc/self/fd")
_GOING_SECONDS = 1.0
"""A transport that was closed goes at one of the next turns of the loop."""
_NOT_OF_PLUGINS = ("RequestHandler.start", "EmbeddedBroker._watch")
"""aiohttp drains a refused body for some seconds after its server has closed; and a test may have started
its broker again after its host."""


class Leaks:
    """Made before the host starts; asked once it has stopped. Descriptors are seen on Linux only."""

    def __init__(self) -> None:
        self._tasks = asyncio.all_tasks()
        self._open = _connections()

    async def found(self) -> list[str]:
        """One line for each thing that is still there and was not before."""
        looks = 20
        while (left := self._look()) and looks:
            looks -= 1
            await asyncio.sleep(_GOING_SECONDS / 20)
        return left

    def _look(self) -> list[str]:
        tasks = asyncio.all_tasks() - self._tasks - {asyncio.current_task()}
        tasks = {task for task in tasks if _code(task) not in _NOT_OF_PLUGINS}
        left = [f"task {task.get_name()!r} still runs: {_code(task)}" for task in tasks]
        left += [f"{what} is still open" for what in _connections() - self._open]
        return sorted(left)


def _code(task: asyncio.Task[object]) -> str:
    coroutine = task.get_coro()
    return str(getattr(coroutine, "__qualname__", coroutine))


def _connections() -> set[str]:
    """Sockets and database files that this process holds open, each with its descriptor."""
    found: set[str] = set()
    try:
        numbers = os.listdir(_DESCRIPTORS)  # noqa: PTH208 - iterdir would hold the folder itself open
    except OSError:
        return found
    for number in numbers:
        try:
            to = os.readlink(_DESCRIPTORS / number)  # noqa: PTH115 - it need not be a path
        except OSError:
            continue
        if to.startswith("socket:") or to.removesuffix(" (deleted)").endswith((".db", ".db-wal", ".db-shm")):
            found.add(f"{to} (descriptor {number})")
    return found
