"""The order of the batches of one projection that are on their way to the writer.

Two may be: while one commits, the next one waits in the writer's own queue, so that the writer never waits
for the event loop. A position is true only over a gap-free prefix; so each write finds the position of the
one before it in the database, or is undone (`Applier`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass


class OutOfTurn(Exception):
    """What comes before this is not written."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One batch's place. `after`: the sequence that is written before it; None: whatever is."""

    before: asyncio.Future[bool] | None
    after: int | None
    ended: asyncio.Future[bool]

    @property
    def is_next(self) -> bool:
        """Nothing before it is on its way any more. Raises `OutOfTurn` when that has failed."""
        if self.before is None:
            return True
        if not self.before.done():
            return False
        _check(self.before)
        return True

    async def come(self) -> None:
        """Wait until everything before it is done with. Raises `OutOfTurn` when that has failed."""
        if self.before is not None:
            await asyncio.wait({self.before})
            _check(self.before)

    @contextlib.asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Tell the next one how this one has ended."""
        try:
            yield
        except BaseException:
            self.ended.set_result(False)
            raise
        self.ended.set_result(True)


def _check(ended: asyncio.Future[bool]) -> None:
    if not ended.result():
        raise OutOfTurn("the batch before has failed")


class Turns:
    """Gives turns, in the order of the stream, from the moment on at which a reader begins."""

    def __init__(self) -> None:
        self._last: asyncio.Future[bool] | None = None
        self._written: int | None = None

    def next(self, sequence: int, *, writes: bool) -> Turn:
        """The turn of a batch whose last message that is; one that does not write leaves the position."""
        turn = Turn(self._last, self._written, asyncio.get_running_loop().create_future())
        self._last = turn.ended
        if writes:
            self._written = sequence
        return turn


class Gate:
    """Any number may pass at once; whoever holds it (`async with gate`) waits for them and is alone."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._inside = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @contextlib.asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Pass, as soon as nobody holds it."""
        async with self._lock:
            self._inside += 1
            self._empty.clear()
        try:
            yield
        finally:
            self._inside -= 1
            if not self._inside:
                self._empty.set()

    async def __aenter__(self) -> None:
        await self._lock.acquire()
        try:
            await self._empty.wait()
        except BaseException:
            self._lock.release()
            raise

    async def __aexit__(self, *_raised: object) -> None:
        self._lock.release()
