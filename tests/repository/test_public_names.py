"""Renaming anything public turns the examples red: all names are in use there, and mypy or Python says so."""

from __future__ import annotations

import ast
import random
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import kanade_host.plugin as api
from kanade_host.plugin import hooks

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
TOUR = sorted((EXAMPLES / "tour").glob("*.py"))
SEED = 43

MEMBERS = [
    ("context.py", "async def query", "async def select"),
    ("context.py", "def purge_orphans", "def remove_orphans"),
    ("subscriptions.py", "def withdraw", "def take_back"),
    ("routes.py", "    fresh_for: float", "    fresh_seconds: float"),
    ("authenticators.py", "    retry_after: int", "    again_after: int"),
    ("pages.py", "    section: Section", "    menu: Section"),
    ("instants.py", "def from_ns", "def from_nanoseconds"),
    ("migrations.py", "    kept: tuple", "    keeps: tuple"),
]
"""File, a public member in it, what somebody might call it instead."""


def used() -> set[str]:
    """Names that the examples import from the public package."""
    found = set()
    for file in EXAMPLES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "kanade_host.plugin":
                found |= {one.name for one in node.names}
    return found


def test_every_public_name_is_in_use_in_an_example() -> None:
    assert sorted(set(api.__all__) - used()) == []


def test_every_hook_is_implemented_in_the_tour() -> None:
    tree = ast.parse((EXAMPLES / "tour" / "tour_hooks.py").read_text("utf-8"))
    written = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert {name for name in vars(hooks) if name.startswith("kanade_")} <= written


@pytest.mark.parametrize("file", TOUR, ids=lambda path: path.stem)
def test_the_tour_imports(file: Path) -> None:
    runpy.run_path(str(file))


@pytest.mark.parametrize("name", random.Random(SEED).sample(sorted(api.__all__), 12))
def test_without_a_name_an_example_does_not_import(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(api, name)
    broken = 0
    for file in (path for path in EXAMPLES.rglob("*.py") if "tests" not in path.parts):
        tree = ast.parse(file.read_text("utf-8"))
        wanted = [
            one.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "kanade_host.plugin"
            for one in node.names
        ]
        if name in wanted:
            broken += 1
            (line,) = [
                n
                for n in ast.walk(tree)
                if isinstance(n, ast.ImportFrom) and n.module == "kanade_host.plugin"
            ]
            code = compile(ast.Module([line], []), str(file), "exec")
            with pytest.raises(ImportError, match=name):
                exec(code, {})
    assert broken


@pytest.mark.timeout(180)
def test_renamed_members_are_found_by_mypy(tmp_path: Path) -> None:
    """All at once in a copy of the public package: one run, and each has to be told."""
    copy = tmp_path / "kanade_host"
    copy.mkdir()
    (copy / "__init__.py").write_text((ROOT / "kanade_host" / "__init__.py").read_text("utf-8"))
    (copy / "py.typed").touch()
    shutil.copytree(
        ROOT / "kanade_host" / "plugin",
        copy / "plugin",
        ignore=shutil.ignore_patterns("testing", "__pycache__"),
    )
    for file, old, new in MEMBERS:
        path = copy / "plugin" / file
        text = path.read_text("utf-8")
        assert text.count(old) >= 1, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new), "utf-8")
    shutil.copytree(EXAMPLES / "tour", tmp_path / "tour")
    words = [
        "--strict",
        "--follow-imports=silent",
        "--cache-dir",
        str(tmp_path / "cache"),
        "--config-file",
        "",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *words, *map(str, sorted((tmp_path / "tour").glob("*.py")))],
        cwd=tmp_path,
        env={"MYPYPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    for _, old, _ in MEMBERS:
        member = re.findall(r"\w+", old.partition(":")[0])[-1]
        assert f'"{member}"' in done.stdout, f"{member} was renamed and nobody noticed:\n{done.stdout}"


@pytest.mark.timeout(180)
def test_wrong_uses_are_refused_by_mypy(tmp_path: Path) -> None:
    """The types say no where the API does; each line names the error that it has to give."""
    snippet = tmp_path / "wrong.py"
    shutil.copy(Path(__file__).with_name("wrong_uses.txt"), snippet)
    words = [
        "--strict",
        "--cache-dir",
        str(tmp_path / "cache"),
        "--config-file",
        "",
        "--follow-imports=silent",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *words, str(snippet)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    wanted = {
        (number, line.partition("# E: ")[2].strip())
        for number, line in enumerate(snippet.read_text("utf-8").splitlines(), 1)
        if "# E: " in line
    }
    found = {
        (int(number), code)
        for number, code in re.findall(r":(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    }
    assert found == wanted, done.stdout
