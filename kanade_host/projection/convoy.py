"""One reading of a backlog for several projections of a stream.

A projection that wants few messages (`Projection.pick`) would read a whole backlog a second time, which costs
as much as projecting half of it. So where two of them begin at the same moment, as they do when the host
starts, one leads and the others follow: they get what it has fetched. Each keeps its own position, and a
follower that falls behind, or whose leader ends, begins anew by itself, as after the loss of any reader.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from kanade_host.bus.reader import BacklogReader, Fetched, Reader, ReaderLost

GATHER_SECONDS = 0.25
"""How long those who begin wait for each other."""
PATIENCE_SECONDS = 1.0
"""How long a leader waits for one follower's room, all in all: its causes are not the leader's."""
ROOM = 2
"""Batches that wait for a follower."""


class Following:
    """What a follower reads: the leader's batches, from its own start on."""

    backlog = True

    def __init__(self, stream: str, start: int) -> None:
        self.stream, self._start = stream, start
        self._batches: deque[list[Fetched]] = deque()
        self._changed = asyncio.Event()
        self._lost: str | None = None
        self._patience = PATIENCE_SECONDS

    async def take(self, limit: int = 0) -> list[Fetched]:
        """A batch of the leader, whatever its size (`limit` is for others). Raises `ReaderLost`."""
        while not self._batches:
            if self._lost is not None:
                raise ReaderLost(f"{self.stream}: {self._lost}")
            await self._change()
        self._changed.set()
        return self._batches.popleft()

    def ack(self, batch: Iterable[Fetched]) -> None:
        """Nobody waits for it."""

    def progress(self, batch: Iterable[Fetched]) -> None:
        """Nobody waits for it."""

    async def stop(self) -> None:
        self.end("it was stopped")

    # -- the leader's side -------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        return self._lost is not None

    async def give(self, batch: Sequence[Fetched]) -> None:
        """Hand on a batch; whoever has no room for it for too long is left behind."""
        wanted = [one for one in batch if one.sequence >= self._start]
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._patience):
                while len(self._batches) >= ROOM and not self.ended:
                    await self._change()
        except TimeoutError:
            self.end("it fell behind and reads by itself")
        self._patience -= time.monotonic() - began
        if wanted and not self.ended:
            self._batches.append(wanted)
            self._changed.set()

    def end(self, reason: str) -> None:
        """Nothing more comes; what is here already can be taken."""
        self._lost = self._lost or reason
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


@dataclass(slots=True)
class _Place:
    """Where somebody begins: the stream made at `created`, from `start` on."""

    created: str
    start: int
    followers: list[Following] = field(default_factory=list)


class Convoy:
    """Those who read one stream. `beginning`: names of those who may follow and are not there yet."""

    def __init__(self, stream: str) -> None:
        self.stream = stream
        self.beginning: set[str] = set()
        self._gathering: _Place | None = None
        self._came = asyncio.Condition()

    async def lead(self, created: str, start: int) -> list[Following]:
        """Wait a moment for followers, who begin there or later; answers those that came."""
        place = self._gathering = _Place(created, start)
        try:
            async with self._came:
                self._came.notify_all()
                await self._shortly(lambda: not self.beginning)
        except BaseException:
            for one in place.followers:
                one.end("whom it followed has ended")
            raise
        finally:
            if self._gathering is place:
                self._gathering = None
        return place.followers

    async def follow(self, name: str, created: str, start: int) -> Following | None:
        """Wait a moment for a leader who begins there or before; None: read by yourself."""
        async with self._came:
            await self._shortly(lambda: self._gathering is not None)
            place, following = self._gathering, None
            if place is not None and place.created == created and place.start <= start:
                following = Following(self.stream, start)
                place.followers.append(following)
            self._there(name)
            return following

    async def alone(self, name: str) -> None:
        """That one has begun, and reads by itself."""
        async with self._came:
            self._there(name)

    def _there(self, name: str) -> None:
        self.beginning.discard(name)
        self._came.notify_all()

    async def _shortly(self, until: Callable[[], bool]) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GATHER_SECONDS):
                await self._came.wait_for(until)


AnyReader = Reader | BacklogReader | Following
