"""Reading a key of a bucket, once for everybody who asks at the same time.

Agents read pins when a command arrives, and the backend writes them just before: a copy that a watch
keeps could be a moment behind. So each question is asked of the broker, after it was put.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

GATHER_SECONDS = 0.004


class Lookups:
    """`read(bucket, key)` answers bytes, or None for an absent key and for every failure."""

    def __init__(self, read: Callable[[str, str], Awaitable[bytes | None]]) -> None:
        self._read = read
        self._waiting: dict[tuple[str, str], asyncio.Task[bytes | None]] = {}

    async def get(self, bucket: str, key: str) -> bytes | None:
        place = (bucket, key)
        task = self._waiting.get(place)
        if task is None:
            task = self._waiting[place] = asyncio.create_task(self._ask(place))
        return await asyncio.shield(task)

    async def _ask(self, place: tuple[str, str]) -> bytes | None:
        await asyncio.sleep(GATHER_SECONDS)
        self._waiting.pop(place, None)  # who comes now asks anew: the value may change meanwhile
        return await self._read(*place)
