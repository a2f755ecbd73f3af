"""A database file with the host's tables and one table of a plugin `p`, its writer and its readers."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kanade_host.store.commits import Commit
from kanade_host.store.database import Database
from kanade_host.store.errors import StoreDamaged
from kanade_host.store.guard import Owners
from kanade_host.store.readers import Readers
from kanade_host.store.scripts import PluginMigrations
from kanade_host.store.writer import Writer


@dataclass
class Seen:
    """What the writer told its owner."""

    commits: list[Commit] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    damage: list[StoreDamaged] = field(default_factory=list)


class Folder:
    """Makes migrations of plugins."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def plugin(
        self, name: str, *scripts: str, kept: tuple[str, ...] = (), foreign: bool = False
    ) -> PluginMigrations:
        """A plugin with those scripts, numbered from 1; calling again rewrites and adds files."""
        folder = self.path / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, text in enumerate(scripts, 1):
            (folder / f"{number:04}_step.sql").write_text(text, "utf-8")
        return PluginMigrations(name, folder, kept, foreign)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "plugins")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once and copied for each test: most of a test's time would be waiting for the disk."""
    path = tmp_path_factory.mktemp("template")
    folder = Folder(path)
    opened = Database.open(str(path / "kanade.db"))
    opened.apply(folder.plugin("p", "CREATE TABLE things (name TEXT PRIMARY KEY, value INTEGER)"))
    opened.apply(folder.plugin("q", "CREATE TABLE others (name TEXT)"))
    opened.close()
    return path / "kanade.db"


@pytest.fixture
def database(tmp_path: Path, template: Path) -> Iterator[Database]:
    shutil.copy(template, tmp_path / "kanade.db")
    opened = Database.open(str(tmp_path / "kanade.db"))
    yield opened
    opened.close()


@pytest.fixture
def owners(database: Database) -> Owners:
    return database.seal()


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
async def writer(database: Database, owners: Owners, seen: Seen) -> AsyncIterator[Writer]:
    opened = Writer(
        database.location,
        on_commit=seen.commits.append,
        on_stuck=seen.stuck.append,
        on_damage=seen.damage.append,
        owners=owners,
        grace=0.3,
    )
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def readers(writer: Writer) -> AsyncIterator[Readers]:
    opened = Readers(writer.location, size=3, seconds=5.0)
    await opened.open()
    yield opened
    await opened.close()
