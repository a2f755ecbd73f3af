"""A plugin's folder of migrations, read as yoyo migrations whose ids carry the plugin's name.

yoyo alone would mix plugins up: two folders with the same file name are a conflict, and it decodes
files by the machine's locale. So files are read here, as UTF-8, and split by SQLite's own rule.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from yoyo.migrations import Migration, StepCollector

from kanade_host.store.errors import MigrationFailed

_NAME = re.compile(r"\d{4,}[a-z]?_[A-Za-z0-9_\-]+\.sql")
_DIRECTIVE = re.compile(r"^\s*--\s*(transactional|depends)\s*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class PluginMigrations:
    """What one plugin wants of the database. `foreign`: from outside, so its names begin with its own."""

    plugin: str
    folder: Path
    kept: tuple[str, ...] = ()
    foreign: bool = False


class Script(Migration):  # type: ignore[misc]
    """One file, as a yoyo migration. `name` is the file's name without its ending."""

    def __init__(self, plugin: str, path: Path, text: str) -> None:
        super().__init__(f"{plugin}.{path.stem}", str(path), source_dir=str(path.parent))
        self.name, self.text = path.stem, text
        # Line ends differ between checkouts of one text.
        self.checksum = hashlib.sha256(text.replace("\r\n", "\n").encode()).hexdigest()

    def load(self) -> None:
        """Make the steps. Called by yoyo when it needs them."""
        if self.loaded:
            return
        collector = StepCollector(migration=self)
        for statement in split(self.text):
            collector.add_step(statement)
        self._depends: set[Migration] = set()
        self.steps = collector.create_steps(use_transactions=True)


def read_scripts(item: PluginMigrations) -> list[Script]:
    """The plugin's files in the order of their names. Raises `MigrationFailed`."""
    try:
        paths = sorted(path for path in item.folder.iterdir() if path.is_file())
    except OSError as error:
        raise MigrationFailed(item.plugin, f"the folder {item.folder} cannot be read: {error}") from error
    return [_read(item.plugin, path) for path in paths if not path.name.startswith(".")]


def _read(plugin: str, path: Path) -> Script:
    if not _NAME.fullmatch(path.name):
        raise MigrationFailed(
            plugin, f"{path.name} in {path.parent} is not named like 0001_what.sql (plain SQL only)"
        )
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MigrationFailed(plugin, f"{path} cannot be read: {error}") from error
    directive = _DIRECTIVE.search(text)
    if directive is not None:
        raise MigrationFailed(
            plugin,
            f"{path.name} uses the directive {directive[1]!r} of yoyo: files run in the order of their"
            " names, each in one transaction, so leave it out",
        )
    return Script(plugin, path, text)


def split(text: str) -> Iterator[str]:
    """The statements of a text, by SQLite's rule of where one ends (bodies of triggers stay whole)."""
    start = position = 0
    while (position := text.find(";", position) + 1) > 0:
        if sqlite3.complete_statement(text[start:position]):
            yield text[start:position].strip()
            start = position
    rest = text[start:].strip()
    if rest:
        yield rest
