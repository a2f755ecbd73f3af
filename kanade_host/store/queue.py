"""Work that waits for the writer thread: requests before batches, but batches never for ever."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kanade_host.store.location import Location
    from kanade_host.store.tx import Transaction

BATCH_PATIENCE = 0.25
"""Seconds after which a waiting batch goes before requests."""


@dataclass(slots=True, eq=False)
class Job:
    """One function to run in a transaction, and where its outcome goes.

    `attach`: schema name and file of a database that it reads beside; it then has a transaction to itself.
    """

    owner: str
    work: Callable[[Transaction], Any]
    urgent: bool
    deadline: float
    future: asyncio.Future[Any]
    attach: tuple[str, Location] | None = None
    queued_at: float = field(default_factory=time.monotonic)
    value: Any = None
    error: BaseException | None = None
    runs: int = 0


class JobQueue:
    """Put on any thread, taken on the writer thread."""

    def __init__(self) -> None:
        self._urgent: deque[Job] = deque()
        self._batches: deque[Job] = deque()
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._closed = False
        self._batch_at = 0.0
        """When a batch was last given out: patience begins anew, or a queue of old ones starves requests."""

    def __len__(self) -> int:
        return len(self._urgent) + len(self._batches)

    @property
    def waiting(self) -> tuple[int, int]:
        """How many requests and how many batches wait."""
        return len(self._urgent), len(self._batches)

    def put(self, job: Job) -> bool:
        """Add a job; False when the queue is closed."""
        with self._lock:
            if self._closed:
                return False
            (self._urgent if job.urgent else self._batches).append(job)
            self._arrived.notify()
        return True

    def put_back(self, jobs: list[Job]) -> None:
        """Return jobs to the front, in their order: their transaction was lost through no fault of theirs."""
        with self._lock:
            for job in reversed(jobs):
                (self._urgent if job.urgent else self._batches).appendleft(job)

    def close(self) -> None:
        """Take no more; what waits is still given out."""
        with self._lock:
            self._closed = True
            self._arrived.notify()

    def first(self, patience: Callable[[], float]) -> Job | None:
        """Wait for the first job of a group; None when time is up, or when closed and empty.

        `patience`: how many seconds to wait, asked when the wait begins and again at each `wake`.
        """
        with self._lock:
            waiting = True
            while waiting and not self and not self._closed:
                waiting = self._arrived.wait(patience())
            return self._pop(urgent_only=False)

    def wake(self) -> None:
        """Make whoever waits for a job ask again how long."""
        with self._lock:
            self._arrived.notify()

    def following(self, *, urgent_only: bool) -> Job | None:
        """The next job of a group if one waits that may share it."""
        with self._lock:
            job = self._pop(urgent_only=urgent_only)
            if job is not None and job.attach is not None:
                (self._urgent if job.urgent else self._batches).appendleft(job)
                return None
            return job

    def take_all(self) -> list[Job]:
        """Everything that waits."""
        with self._lock:
            jobs = [*self._urgent, *self._batches]
            self._urgent.clear()
            self._batches.clear()
        return jobs

    @property
    def finished(self) -> bool:
        """Closed, and nothing waits."""
        return self._closed and not self

    def _pop(self, *, urgent_only: bool) -> Job | None:
        if urgent_only or not self._batches:
            return self._urgent.popleft() if self._urgent else None
        now = time.monotonic()
        waited = now - max(self._batches[0].queued_at, self._batch_at)
        if self._urgent and waited < BATCH_PATIENCE:
            return self._urgent.popleft()
        self._batch_at = now
        return self._batches.popleft()
