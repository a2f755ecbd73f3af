"""Silver: migrations run up from every earlier version, on tables that hold rows."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from kanade_host.authoring.rule import Grade, rule
from kanade_host.authoring.rules.identity import migrations_of
from kanade_host.authoring.subject import Subject
from kanade_host.store.database import Database
from kanade_host.store.errors import MigrationFailed
from kanade_host.store.ownership import inspect_one
from kanade_host.store.scripts import PluginMigrations


@rule(
    "migrations-up",
    Grade.SILVER,
    "migrations run up from every earlier version, also where tables hold rows",
    reason="An update that fails leaves the plugin out, with the rows of years in its tables.",
    repair="Give a new NOT NULL column a default; copy rows when a table is made anew. Edit no old file.",
)
def migrations_up(subject: Subject) -> Iterator[str]:
    item = migrations_of(subject.collected)
    if item is None:
        return
    try:
        owned = inspect_one(item).tables
    except MigrationFailed:
        return  # the rule `tables` says so
    files = sorted(path for path in item.folder.iterdir() if path.suffix == ".sql")
    fresh = _grown(item, files, len(files), owned)
    for count in range(1, len(files)):
        try:
            found = _grown(item, files, count, owned)
        except (MigrationFailed, sqlite3.Error) as error:
            yield f"from {files[count - 1].name} up: {error}"
            continue
        for table in sorted(set(fresh.shapes) | set(found.shapes)):
            if fresh.shapes.get(table) != found.shapes.get(table):
                yield f"from {files[count - 1].name} up: {table} comes out differently"
        yield from (f"from {files[count - 1].name} up: the rows of {table} are gone" for table in found.lost)


class Grown:
    """The schema after all files: columns of each table; `lost`: tables whose rows went on the way."""

    def __init__(self, shapes: dict[str, list[tuple[object, ...]]], lost: list[str]) -> None:
        self.shapes, self.lost = shapes, lost


def _grown(item: PluginMigrations, files: list[Path], count: int, owned: tuple[str, ...]) -> Grown:
    """Apply `count` files, put a row into each table, apply the rest."""
    with tempfile.TemporaryDirectory(prefix="kanade-grow-") as folder:
        earlier = Path(folder) / "earlier"
        earlier.mkdir()
        for path in files[:count]:
            shutil.copy(path, earlier)
        database = Database.open(str(Path(folder) / "grown.db"))
        try:
            database.apply(PluginMigrations(item.plugin, earlier, foreign=item.foreign))
            with contextlib.closing(sqlite3.connect(database.location.path)) as db:
                filled = [table for table in _tables(db, owned) if _fill(db, table)]
            database.apply(item)
            with contextlib.closing(sqlite3.connect(database.location.path)) as db:
                there = _tables(db, owned)
                lost = [table for table in filled if table in there and not _rows(db, table)]
                return Grown({table: _columns(db, table) for table in there}, lost)
        finally:
            database.close()


def _tables(db: sqlite3.Connection, owned: tuple[str, ...]) -> list[str]:
    wanted = {name.lower() for name in owned}
    rows = db.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    )
    return [name for (name,) in rows if name.lower() in wanted]


def _columns(db: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    """Name, type, NOT NULL, default and place in the key; in the order of their names."""
    return sorted(tuple(row[1:]) for row in db.execute(f'PRAGMA table_info("{table}")'))


def _rows(db: sqlite3.Connection, table: str) -> int:
    return int(db.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])


def _fill(db: sqlite3.Connection, table: str) -> bool:
    """Put one made-up row in; False where a CHECK or the like does not take it."""
    columns = db.execute(f'PRAGMA table_info("{table}")').fetchall()
    values = {row[1]: _value(str(row[2])) for row in columns if row[3] or row[5]}
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" * len(values))
    text = (
        f'INSERT INTO "{table}" ({names}) VALUES ({marks})'
        if values
        else f'INSERT INTO "{table}" DEFAULT VALUES'
    )
    try:
        with db:
            db.execute(text, tuple(values.values()))
    except sqlite3.Error:
        return False
    return True


def _value(kind: str) -> object:
    upper = kind.upper()
    if "INT" in upper:
        return 1
    if any(word in upper for word in ("REAL", "FLOA", "DOUB", "NUM")):
        return 1.0
    return b"1" if "BLOB" in upper else "1"
