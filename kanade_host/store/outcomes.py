"""What the writer thread has done, as the event loop learns of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from kanade_host.store.commits import Commit
from kanade_host.store.errors import StoreDamaged
from kanade_host.store.queue import Job

log = logging.getLogger(__name__)


@dataclass(slots=True)
class WriterStats:
    """Counted since the start. Seconds are those of the writer thread."""

    commits: int = 0
    jobs: int = 0
    failed: int = 0
    busy_seconds: float = 0.0
    last_commit_seconds: float = 0.0


class Outcomes:
    """Tells those who wait. Used on the event loop; what it calls may fail without harm to the others."""

    def __init__(
        self,
        stats: WriterStats,
        on_commit: Callable[[Commit], None] | None,
        on_damage: Callable[[StoreDamaged], None] | None,
    ) -> None:
        self._stats = stats
        self._on_commit, self._on_damage = on_commit, on_damage

    def deliver(
        self, commit: Commit | None, jobs: list[Job], calls: list[tuple[str, Callable[[], None]]]
    ) -> None:
        """Tell of the commit, call what plugins wanted after it (owner, call), then settle the jobs."""
        if commit is not None and self._on_commit is not None:
            try:
                self._on_commit(commit)
            except Exception:
                log.exception("on_commit failed")
        for owner, call in calls:
            try:
                call()
            except Exception:
                log.exception("after_commit failed: plugin=%s", owner)
        for job in jobs:
            self._stats.jobs += 1
            error, job.error = job.error, None
            if error is None:
                if not job.future.done():
                    job.future.set_result(job.value)
                continue
            self._stats.failed += 1
            if isinstance(error, StoreDamaged) and self._on_damage is not None:
                self._on_damage(error)
            if not job.future.done():
                job.future.set_result(Failed(error))


class Failed:
    """The error that a job's work has raised, for whoever waits for it.

    Nothing else keeps it: its traceback holds frames, these the job with its future and all messages of a
    batch, and as a cycle they would stay until Python looks for some.
    """

    def __init__(self, error: BaseException) -> None:
        self._error: list[BaseException] = [error]

    def taken(self) -> BaseException:
        return self._error.pop()
