"""Kept answers: encoded bytes by path, query, role and scope, valid until what they depend on changes.

An answer is valid while none of its route's topics changed after its handler *began*: the tick is taken
first, so what the handler may have missed counts as newer. Whoever asks at the same time for the same
thing waits for one run of the handler, unless something changed since that run began.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kanade_host.platform.memory import give_back
from kanade_host.web.answers import Sealed
from kanade_host.web.changes import Changes

Key = tuple[str, int, str]
"""Raw target (path and query), role, scope."""

OVERHEAD = 600
"""Bytes that an entry costs beside its body and head, roughly."""

SWEEP_SECONDS = 20.0
MUCH_BYTES = 8 * 1024 * 1024
"""So much is worth the milliseconds that giving it back takes from whoever allocates meanwhile."""
SWEPT_AT_ONCE = 500
"""Entries that are looked at before whoever waits for the event loop gets it."""


@dataclass(slots=True)
class Entry:
    """One kept answer. `checked` is the tick at which it was last found valid."""

    answer: Sealed
    unchanged: Sealed
    etag: str
    topics: tuple[str, ...]
    began: int
    checked: int
    until: float | None
    size: int


@dataclass(frozen=True, slots=True)
class Fresh:
    """What a route says about its answers: topics, and seconds where the clock matters."""

    topics: tuple[str, ...]
    seconds: float | None


@dataclass(slots=True)
class _Run:
    tick: int
    began_at: float
    task: asyncio.Task[tuple[Sealed, Entry | None]]


def etag_of(body: bytes, content_type: str | None) -> str:
    """A strong ETag: of the bytes themselves, so it outlives restarts and needless recomputation."""
    digest = hashlib.blake2b(body, digest_size=12, person=b"kanade-etag")
    digest.update((content_type or "").encode())
    return f'"{digest.hexdigest()}"'


def matches(if_none_match: str, etag: str) -> bool:
    """Weak comparison with a list of ETags."""
    if if_none_match.strip() == "*":
        return True
    return any(one.strip().removeprefix("W/") == etag for one in if_none_match.split(","))


class Kept:
    """Least recently used answers, bounded in bytes."""

    def __init__(self, changes: Changes, now: Callable[[], float], *, limit: int = 64 * 1024 * 1024) -> None:
        self.hits = 0
        self.misses = 0
        self.size = 0
        self._changes, self._now, self._limit = changes, now, limit
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._runs: dict[Key, _Run] = {}

    def get(self, key: Key) -> Entry | None:
        """The kept answer, if it still holds."""
        entry = self._entries.get(key)
        if entry is None:
            self.misses += 1
            return None
        if not self._holds(entry):
            self._forget(key, entry)
            self.misses += 1
            return None
        self._entries.move_to_end(key)
        self.hits += 1
        return entry

    def _holds(self, entry: Entry) -> bool:
        tick = self._changes.tick
        if entry.checked != tick:
            if self._changes.last(entry.topics) > entry.began:
                return False
            entry.checked = tick
        return entry.until is None or self._now() < entry.until

    def _forget(self, key: Key, entry: Entry) -> None:
        del self._entries[key]
        self.size -= entry.size

    async def sweep(self) -> int:
        """Forget what does not hold any more, which nobody may ever ask for again; answers its bytes."""
        freed, keys = 0, list(self._entries)
        for first in range(0, len(keys), SWEPT_AT_ONCE):
            for key in keys[first : first + SWEPT_AT_ONCE]:
                entry = self._entries.get(key)
                if entry is not None and not self._holds(entry):
                    self._forget(key, entry)
                    freed += entry.size
            await asyncio.sleep(0)
        return freed

    async def keep_swept(self) -> None:
        """Sweep now and then until cancelled, and give much that went back to the system."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            if await self.sweep() >= MUCH_BYTES:
                await asyncio.to_thread(give_back)

    async def make(
        self, key: Key, fresh: Fresh, run: Callable[[], Awaitable[tuple[Sealed, Entry | None]]]
    ) -> tuple[Sealed, Entry | None]:
        """Run the handler, or wait for a run that began after the last change.

        `run` answers what to send, and the entry to keep if it may be kept. It goes on when the client
        that started it leaves.
        """
        going = self._runs.get(key)
        if going is None or not self._shareable(going, fresh):
            tick, began_at = self._changes.tick, self._now()
            task = asyncio.create_task(self._run(key, fresh, tick, began_at, run))
            going = self._runs[key] = _Run(tick, began_at, task)
            task.add_done_callback(lambda done, mine=going: self._ended(key, mine, done))  # type: ignore[misc]
        return await asyncio.shield(going.task)

    async def close(self) -> None:
        """End what still runs: nobody waits for it any more."""
        tasks = [run.task for run in self._runs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _shareable(self, run: _Run, fresh: Fresh) -> bool:
        if self._changes.last(fresh.topics) > run.tick:
            return False
        return fresh.seconds is None or self._now() < run.began_at + fresh.seconds

    async def _run(
        self,
        key: Key,
        fresh: Fresh,
        tick: int,
        began_at: float,
        run: Callable[[], Awaitable[tuple[Sealed, Entry | None]]],
    ) -> tuple[Sealed, Entry | None]:
        answer, entry = await run()
        if entry is not None:
            entry.began = entry.checked = tick
            entry.until = None if fresh.seconds is None else began_at + fresh.seconds
            self._keep(key, entry)
        return answer, entry

    def _ended(self, key: Key, run: _Run, task: asyncio.Task[tuple[Sealed, Entry | None]]) -> None:
        if self._runs.get(key) is run:
            del self._runs[key]
        if not task.cancelled():
            task.exception()  # retrieved: whoever waited has raised it, and nobody may be left waiting

    def _keep(self, key: Key, entry: Entry) -> None:
        old = self._entries.get(key)
        if old is not None:
            if old.began > entry.began:
                return
            self.size -= old.size
        if entry.size > self._limit // 8:
            self._entries.pop(key, None)
            return
        self._entries[key] = entry
        self._entries.move_to_end(key)
        self.size += entry.size
        while self.size > self._limit:
            _, gone = self._entries.popitem(last=False)
            self.size -= gone.size
