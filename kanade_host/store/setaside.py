"""A damaged database is moved out of the way, never deleted: somebody may still read rows from it."""

from __future__ import annotations

from pathlib import Path

from kanade_host.plugin.instants import Instant
from kanade_host.store.errors import DatabaseRefused
from kanade_host.store.location import Location
from kanade_host.store.lockfile import LockFile


def set_aside(location: Location, at: Instant) -> list[Path]:
    """Move the database with its log beside itself; answers the new names. The next start makes a new one.

    Raises `DatabaseRefused` while a host has it, or when nothing is there.
    """
    path = location.path
    if not path.exists():
        raise DatabaseRefused(f"the database {path} does not exist: there is nothing to set aside")
    lock = LockFile(path)
    lock.take()
    try:
        stamp = at.wire.partition(".")[0].rstrip("Z").replace(":", "").replace("-", "")
        aside = path.with_name(f"{path.name}.damaged-{stamp}")
        if aside.exists():
            raise DatabaseRefused(f"{aside} exists already: move it away first")
        moved = []
        # The log first: a log without its database is never taken for that of a new one.
        for ending in ("-wal", "-shm", ""):
            source = path.with_name(path.name + ending)
            if source.exists():
                target = aside.with_name(aside.name + ending)
                source.replace(target)
                moved.append(target)
        return moved
    except OSError as error:
        raise DatabaseRefused(f"the database {path} cannot be moved ({error})") from error
    finally:
        lock.release()
