"""Waits for the disk, so that neither the writer nor readers have to.

With `synchronous = FULL` SQLite waits inside each COMMIT, before anybody sees the rows. Here a commit is
seen at once, the writer goes on, and whoever asked for it is told once the write-ahead log is on the disk
(`docs/decisions/one-writer.md`). Commits that meet at the disk share one wait.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from kanade_host.store.errors import StoreDamaged
from kanade_host.store.location import Location
from kanade_host.store.queue import Job

_fdatasync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


def synced_apart(location: Location) -> bool:
    """Whether commits to this file are brought to the disk here; else SQLite does it, or nobody need.

    Windows has no way to open a folder that could be synced, and a file system of somebody's own (`vfs`)
    need not keep its log where ours looks for it.
    """
    return os.name == "posix" and location.vfs is None and not location.scratch


class LogSync:
    """Brings the log of one database to the disk, on a thread of its own. Used by the writer thread.

    `settle(jobs)` is called on that thread once all of those jobs are kept, or have got an error.
    """

    def __init__(self, path: Path, settle: Callable[[list[Job]], None]) -> None:
        self.last_seconds = 0.0
        self._log, self._settle = path.with_name(path.name + "-wal"), settle
        self._known = (0, 0)
        self._failed: StoreDamaged | None = None
        self._waiting: list[tuple[list[Job], bool]] = []
        self._closed = False
        self._arrived = threading.Condition()
        self._thread = threading.Thread(target=self._main, name="store-sync", daemon=True)
        self._thread.start()

    def put(self, jobs: list[Job], *, committed: bool) -> None:
        """Settle these jobs after all that came before, and after the disk when they `committed` anything.

        One that changed nothing waits as well: what it has seen has to be kept before it may say so.
        """
        with self._arrived:
            self._waiting.append((jobs, committed))
            self._arrived.notify()

    def close(self) -> None:
        """Finish what waits."""
        with self._arrived:
            self._closed = True
            self._arrived.notify()
        self._thread.join()

    def _main(self) -> None:
        while taken := self._take():
            jobs = [job for some, _ in taken for job in some]
            if any(committed for _, committed in taken):
                self._sync()
            if self._failed is not None:
                for job in jobs:
                    job.error = job.error or self._failed
            self._settle(jobs)
            del taken, jobs

    def _take(self) -> list[tuple[list[Job], bool]]:
        """All that waits; empty at the end."""
        with self._arrived:
            while not self._waiting and not self._closed:
                self._arrived.wait()
            taken, self._waiting = self._waiting, []
        return taken

    def _sync(self) -> None:
        """A disk that has failed once may have dropped what it was given: no later success is believed."""
        began = time.monotonic()
        try:
            self._bring_to_disk()
        except OSError as error:
            self._failed = self._failed or StoreDamaged(
                f"the disk does not keep what was written to {self._log} ({error}):"
                " look at the disk, then start the host again"
            )
        self.last_seconds = time.monotonic() - began

    def _bring_to_disk(self) -> None:
        file = os.open(self._log, os.O_RDWR)
        try:
            _fdatasync(file)
            found = os.fstat(file)
        finally:
            os.close(file)
        if (found.st_dev, found.st_ino) != self._known:
            _sync_folder(self._log.parent)  # or a new log could be gone after a power loss
            self._known = (found.st_dev, found.st_ino)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
