"""What must hold for the files of the repository themselves."""

from __future__ import annotations

import re
import runpy
import stat
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:work|root|tmp|home)/\w")
REGISTRY = re.compile(
    r"\b(?:pypi|pythonhosted|npmjs|anaconda|artifactory)\.\w|--(?:extra-)?index-url|//registry\.",
    re.IGNORECASE,
)
OWN = "tests/repository/test_repository.py"


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("no git checkout")
    names = [name for name in done.stdout.decode().split("\0") if name]
    return [name for name in names if (ROOT / name).is_file()]


def lines() -> list[tuple[str, str]]:
    found = []
    for name in tracked():
        try:
            text = (ROOT / name).read_text("utf-8")
        except UnicodeDecodeError:
            continue
        found += [(f"{name}:{number}", line) for number, line in enumerate(text.splitlines(), 1)]
    return found


def test_no_file_names_a_path_of_a_machine_or_a_registry() -> None:
    wrong = [
        f"{where}: {line.strip()[:100]}"
        for where, line in lines()
        if not where.startswith(OWN) and (MACHINE_PATH.search(line) or REGISTRY.search(line))
    ]
    assert wrong == []


def test_the_lock_has_a_hash_for_every_requirement_and_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text("utf-8")
    requirements = re.findall(r"^([\w.-]+(?:\[[\w,]+\])?)==(\S+)((?:.*\\\n)*.*)", text, re.MULTILINE)
    assert len(requirements) > 30
    assert [name for name, _, rest in requirements if "--hash=sha256:" not in rest] == []
    assert "://" not in text.replace("https://github.com/astral-sh", "")


def test_what_must_not_be_tracked() -> None:
    assert [
        name for name in tracked() if Path(name).name == "uv.lock" or name.endswith((".pyc", ".db"))
    ] == []


def test_run_explains_itself_and_is_short() -> None:
    run = ROOT / "run"
    done = subprocess.run([sys.executable, str(run), "--help"], capture_output=True, text=True, check=True)
    for word in ("./run demo", "./run test", "./run bench", "./run prove", "./run setup"):
        assert word in done.stdout
    assert len(run.read_text().splitlines()) < 140
    if sys.platform != "win32":
        for program in (run, ROOT / ".ci" / "run"):
            assert program.stat().st_mode & stat.S_IXUSR


def test_run_makes_the_environment_anew_that_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in its first second leaves an environment with a Python and no pip."""
    names = runpy.run_path(str(ROOT / "run"))
    setup = names["setup"]
    bin = tmp_path / names["BIN"].name
    for name, value in {"VENV": tmp_path, "BIN": bin, "pip": lambda *_: None}.items():
        monkeypatch.setitem(setup.__globals__, name, value)
    venv.EnvBuilder(with_pip=False).create(tmp_path)
    setup()
    done = subprocess.run([str(bin / "python"), "-m", "pip", "--version"], capture_output=True, check=False)
    assert done.returncode == 0
    assert (tmp_path / "kanade-setup").exists()


def test_run_needs_nothing_but_the_standard_library() -> None:
    names = re.findall(r"^(?:import|from) (\w+)", (ROOT / "run").read_text(), re.MULTILINE)
    assert [name for name in names if name not in sys.stdlib_module_names] == []


def test_test_files_have_names_of_their_own() -> None:
    """With importmode=importlib two of one name run, but a report then names neither clearly."""
    seen: dict[str, str] = {}
    for name in tracked():
        path = Path(name)
        if path.name.startswith("test_") and path.suffix == ".py":
            assert path.name not in seen, f"{name} and {seen[path.name]}"
            seen[path.name] = name


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml")), ids=lambda p: p.name
)
def test_a_plugin_is_a_distribution_of_its_own(folder: Path) -> None:
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    name = folder.name
    package = folder / f"kanade_host_{name}"
    assert project["project"]["name"] == f"kanade-host-{name}"
    points = project["project"]["entry-points"]["kanade_host.plugins"]
    assert points == {name: f"kanade_host_{name}.plugin"}
    assert (package / "__init__.py").read_text("utf-8").strip() == ""
    static = tomllib.loads((package / "kanade-plugin.toml").read_text("utf-8"))
    assert static["name"] == name
    needed = {f"kanade-host-{one}" for one in static.get("requires", [])}
    given = {re.split(r"[\s<>=\[;]", one)[0] for one in project["project"].get("dependencies", [])}
    assert needed <= given, "a hard requirement is a dependency of the distribution too"
    everything = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert f"kanade-host-{name}" in everything["project"]["optional-dependencies"]["standard"]
