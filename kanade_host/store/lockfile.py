"""One process writes a database: a lock of the operating system on `<database>.lock`, gone when it dies."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from kanade_host.store.errors import DatabaseRefused

_FAR = 0x7FFF0000  # Windows locks bytes against reading too: lock one behind the text


class LockFile:
    """Held from `take` to `release`. The file itself stays: removing it would let two hold "the" lock."""

    def __init__(self, database: Path) -> None:
        self.database = database = database.resolve()
        self.path = database.with_name(database.name + ".lock")
        self._descriptor = -1

    def take(self) -> None:
        """Raises `DatabaseRefused`, which names the process that has it."""
        try:
            descriptor = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise DatabaseRefused(
                f"the lock file {self.path} cannot be opened ({error}): look at the folder's permissions"
            ) from error
        try:
            _lock(descriptor)
        except OSError:
            os.close(descriptor)
            raise DatabaseRefused(
                f"the database {self.database} is in use by {self._holder()}: only one kanade-host may write"
                " it; stop that one first"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Give it back; nothing when it is not held."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            _unlock(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _holder(self) -> str:
        with contextlib.suppress(OSError):
            text = self.path.read_text("ascii", "replace").strip()
            if text.isdigit():
                return f"process {text}"
        return "another process"


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        # flock, not lockf: a second opening in the same process is refused too.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
