"""Background work that belongs to somebody, and that really ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

ROUNDS = 20


class Tasks:
    """Holds tasks until they are done. What one raises is its own matter."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"the simulator failed in {task!r}", "exception": error, "task": task}
            )

    async def end(self) -> None:
        """Cancel, again where a library swallowed it (`wait_for` of Python 3.11 may), and wait."""
        waiting = set(self._tasks)
        for _ in range(ROUNDS):
            if not waiting:
                return
            for task in waiting:
                task.cancel()
            _, waiting = await asyncio.wait(waiting, timeout=0.25)
