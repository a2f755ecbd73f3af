"""Copies of the database, taken while it is in use."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from kanade_host.plugin.errors import StoreUnavailable
from kanade_host.store.connections import make_private, open_reader
from kanade_host.store.location import Location

KEPT = 3


def copy_database(location: Location, target: Path, *, replace: bool = False) -> Path:
    """Copy everything committed into `target` (mode 0600), whoever is writing meanwhile.

    A copy that is not complete never has the target's name. Raises `StoreUnavailable`.
    """
    partial = target.with_name(target.name + ".partial")
    try:
        if target.exists() and not replace:
            raise StoreUnavailable(f"{target} exists already: name another file for the copy")
        partial.unlink(missing_ok=True)
        make_private(partial)
        with (
            contextlib.closing(open_reader(location)) as source,
            contextlib.closing(sqlite3.connect(partial)) as copy,
        ):
            source.backup(copy)
        partial.replace(target)
    except (sqlite3.Error, OSError) as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise StoreUnavailable(f"the database could not be copied to {target}: {error}") from error
    return target


def copy_before(location: Location, plugin: str, name: str) -> Path:
    """The copy that is taken before migration `name` of a plugin; the newest three such copies stay."""
    path = location.path
    target = copy_database(
        location, path.with_name(f"{path.name}.before-{plugin}-{name}.sqlite"), replace=True
    )
    copies = sorted(path.parent.glob(escaped(path.name) + ".before-*.sqlite"), key=_age, reverse=True)
    for old in [copy for copy in copies if copy != target][KEPT - 1 :]:
        with contextlib.suppress(OSError):
            old.unlink()
    return target


def _age(path: Path) -> int:
    return path.stat().st_mtime_ns


def escaped(name: str) -> str:
    """A file name as a pattern that matches it alone."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)
