"""Waits for the disk, so that neither the writer nor readers have to.

With `synchronous = FULL` SQLite waits inside each COMMIT, before anybody sees the rows. Here a commit is
seen at once, the writer goes on, and whoever asked for it is told once the write-ahead log is on the disk
(`docs/decisions/one-writer.md`). Commits that meet at the disk share one wait.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from kanade_host.store.errors import StoreDamaged
from kanade_host.store.location import Location
from kanade_host.store.queue import Job

_fdatasync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)
_open = os.open


def synced_apart(location: Location) -> bool:
    """Whether commits to this file are brought to the disk here; else SQLite does it, or nobody need.

    Windows has no way to open a folder that could be synced, and a file system of somebody's own (`vfs`)
    need not keep its log where ours looks for it.
    """
    return os.name == "posix" and location.vfs is None and not location.scratch


class LogSync:
    """Brings the log of one database to the disk, on a thread of its own. Used by the writer thread.

    `settle(jobs)` is called on that thread once all of those jobs are kept, or have got an error. `failed`:
    the disk has; what was committed since the last success may be there or not, and nothing more may be.
    """

    def __init__(self, path: Path, settle: Callable[[list[Job]], None]) -> None:
        self._last_seconds, self._since = 0.0, 0.0
        self._log, self._settle = path.with_name(path.name + "-wal"), settle
        self._known, self._listed = (0, 0), False
        self._file: int | None = None
        with contextlib.suppress(OSError):  # the first wait tries again, and tells
            self._hold()
        self.failed: StoreDamaged | None = None
        self._waiting: list[tuple[list[Job], bool]] = []
        self._closed = False
        self._arrived = threading.Condition()
        self._thread = threading.Thread(target=self._main, name="store-sync", daemon=True)
        self._thread.start()

    @property
    def seconds(self) -> float:
        """How long the disk lets us wait now, else how long it did the last time."""
        since = self._since
        return time.monotonic() - since if since else self._last_seconds

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
        self._let_go()

    def _main(self) -> None:
        while taken := self._take():
            jobs = [job for some, _ in taken for job in some]
            if any(committed for _, committed in taken):
                self._sync()
            if self.failed is not None:
                for job in jobs:
                    job.error = job.error or self.failed
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
        self._since = began = time.monotonic()
        try:
            self._bring_to_disk()
        except Exception as error:
            self.failed = self.failed or StoreDamaged(
                f"the disk does not keep what was written to {self._log} ({error!r}):"
                " look at the disk, then start the host again"
            )
        self._last_seconds, self._since = time.monotonic() - began, 0.0

    def _bring_to_disk(self) -> None:
        found = self._log.stat()
        if self._file is None or (found.st_dev, found.st_ino) != self._known:
            self._hold()
        assert self._file is not None
        _fdatasync(self._file)
        if not self._listed:
            _sync_folder(self._log.parent)  # or a new log could be gone after a power loss
            self._listed = True

    def _hold(self) -> None:
        """Open the log and keep it: that a write has failed is told once to those who have the file open."""
        self._let_go()
        self._file = _open(self._log, os.O_RDWR)
        found = os.fstat(self._file)
        self._known, self._listed = (found.st_dev, found.st_ino), False

    def _let_go(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
