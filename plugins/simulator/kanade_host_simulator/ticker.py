"""One timer for a whole fleet: thousands of agents are entries of a heap, not tasks."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable


class Ticker:
    """Calls what is due; each call says in how many seconds it wants to be called again, or None."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], float | None]]] = []
        self._numbers = itertools.count()
        self._earlier = asyncio.Event()

    def add(self, delay: float, call: Callable[[], float | None]) -> None:
        due = asyncio.get_running_loop().time() + delay
        if not self._heap or due < self._heap[0][0]:
            self._earlier.set()
        heapq.heappush(self._heap, (due, next(self._numbers), call))

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self._earlier.clear()
            wait = self._heap[0][0] - loop.time() if self._heap else 3600.0
            if wait > 0:
                try:
                    async with asyncio.timeout(wait):
                        await self._earlier.wait()
                except TimeoutError:
                    pass
                continue
            self._call_due(loop.time())
            await asyncio.sleep(0)

    def _call_due(self, now: float) -> None:
        """At most a few hundred at once, so that commands are heard in between."""
        for _ in range(256):
            if not self._heap or self._heap[0][0] > now:
                return
            due, _, call = heapq.heappop(self._heap)
            again = call()
            if again is not None:
                # From when it was due, so that cadences do not drift; not in the past after a stall.
                heapq.heappush(self._heap, (max(due + again, now), next(self._numbers), call))
