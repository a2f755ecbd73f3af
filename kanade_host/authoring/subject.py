"""The plugin that is graded: its folder, its sources, and what its hooks returned."""

from __future__ import annotations

import ast
import importlib
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from kanade_host.loading.collect import Loaded, load, manager
from kanade_host.loading.find import GROUP, find
from kanade_host.loading.plan import make_plan
from kanade_host.loading.state import PluginState
from kanade_host.plugin.errors import OperatorError
from kanade_host.plugin.testing.messages import read_messages

_SKIPPED = (".", "__pycache__", "build", "dist")


class Waiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of `[[tool.kanade-plugin.allow]]`: findings of `rule` that contain `what` are wanted so."""

    rule: str
    what: str
    because: str


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file of the package. `tree` is None where it does not parse (`error` says why)."""

    path: Path
    module: str
    text: str
    tree: ast.Module | None
    error: str = ""


@dataclass(eq=False)
class Subject:
    """One distribution folder with one plugin. Made by `opened`."""

    folder: Path
    project: dict[str, Any]
    entry: tuple[str, str]
    """Name of the entry point and the module that it names."""
    waivers: tuple[Waiver, ...] = ()
    site: Path | None = None
    """A folder in which the distribution is installed, for hosts of other processes."""
    states: dict[str, PluginState] = field(default_factory=dict)
    collected: Loaded | None = None
    """What its hooks returned; None when they could not be called."""
    others: list[Loaded] = field(default_factory=list)
    """Plugins that it requires."""

    @property
    def name(self) -> str:
        return self.entry[0]

    @property
    def package(self) -> Path:
        """The folder of the top-level package."""
        return self.folder_of_packages / self.entry[1].partition(".")[0]

    @property
    def folder_of_packages(self) -> Path:
        source = self.folder / "src"
        return source if (source / self.entry[1].partition(".")[0]).is_dir() else self.folder

    @property
    def state(self) -> PluginState | None:
        """What loading made of it; None when it was not even found."""
        return self.states.get(self.name)

    @cached_property
    def sources(self) -> list[Source]:
        """All Python files of the package."""
        return [self._source(path) for path in self.files("*.py")]

    def files(self, pattern: str) -> list[Path]:
        """Files of the package by a glob pattern, at any depth."""
        found = sorted(self.package.rglob(pattern))
        return [path for path in found if not any(p.startswith(_SKIPPED) for p in self._parts(path))]

    def _parts(self, path: Path) -> tuple[str, ...]:
        return path.relative_to(self.folder_of_packages).parts

    def where(self, path: Path, line: int | None = None) -> str:
        """A file as findings name it."""
        shown = path.relative_to(self.folder).as_posix()
        return shown if line is None else f"{shown}:{line}"

    def _source(self, path: Path) -> Source:
        text = path.read_text("utf-8")
        module = ".".join(self._parts(path)).removesuffix(".py").removesuffix(".__init__")
        try:
            return Source(path, module, text, ast.parse(text))
        except SyntaxError as error:
            return Source(path, module, text, None, f"line {error.lineno}: {error.msg}")

    @property
    def test_files(self) -> list[Path]:
        """Python files of `tests/`."""
        return sorted((self.folder / "tests").rglob("test_*.py"))

    @property
    def examples(self) -> Path:
        """Examples of messages, which the proofs replay."""
        return self.folder / "tests" / "messages.jsonl"

    @cached_property
    def messages(self) -> list[tuple[str, Any]]:
        """Subjects and bodies of the examples."""
        return read_messages(self.examples)

    def needed(self) -> tuple[str, ...]:
        """This plugin and all that it requires, directly or through others."""
        wanted, known = [self.name], self.states
        for name in wanted:
            if name in known:
                wanted += [other for other in known[name].manifest.requires if other not in wanted]
        return tuple(wanted)


@contextmanager
def opened(path: Path) -> Iterator[Subject]:
    """The plugin of a distribution's folder, imported while inside. Raises `OperatorError`."""
    folder = path.resolve()
    subject = _read(folder)
    with tempfile.TemporaryDirectory(prefix="kanade-check-") as site:
        subject.site = Path(site)
        _install(subject, subject.site)
        before = list(sys.path)
        sys.path[:0] = [site, str(subject.folder_of_packages)]
        _forget(subject)
        try:
            _load(subject)
            yield subject
        finally:
            sys.path[:] = before
            _forget(subject)


def _read(folder: Path) -> Subject:
    file = folder / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise OperatorError(f"{file} does not exist: give the folder of a plugin's distribution") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OperatorError(f"{file} cannot be read: {error}") from error
    points = project.get("project", {}).get("entry-points", {}).get(GROUP, {})
    if len(points) != 1:
        raise OperatorError(
            f'{file} names {len(points)} plugins: [project.entry-points."{GROUP}"] has to name one'
        )
    ((name, target),) = points.items()
    allowed = project.get("tool", {}).get("kanade-plugin", {}).get("allow", [])
    try:
        waivers = msgspec.convert(allowed, tuple[Waiver, ...])
    except msgspec.ValidationError as error:
        raise OperatorError(f"{file}: [[tool.kanade-plugin.allow]]: {error}") from error
    return Subject(folder, project, (name, str(target).partition(":")[0]), waivers)


def _install(subject: Subject, site: Path) -> None:
    """What pip would write of the distribution, so that hosts find it without an installation."""
    project = subject.project["project"]
    name, version = str(project.get("name", "unnamed")), str(project.get("version", "0"))
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{subject.name} = {subject.entry[1]}\n", "utf-8")


def _load(subject: Subject) -> None:
    subject.states = {state.name: state for state in find()}
    state = subject.state
    if state is None or state.out:
        return
    plan = make_plan(only=[name for name in subject.needed() if name != subject.name])
    subject.others = plan.loaded
    running = {one.name for one in plan.loaded}
    for name in state.manifest.requires:
        if name not in running:
            state.fail(
                "requires", f"it requires the plugin {name!r}, which is not installed or does not load"
            )
            return
    subject.collected = load(state, manager(), {})


def _forget(subject: Subject) -> None:
    """Another copy may have been imported before, and one may be checked next."""
    top = subject.entry[1].partition(".")[0]
    for module in [one for one in sys.modules if one.partition(".")[0] == top]:
        del sys.modules[module]
    importlib.invalidate_caches()
