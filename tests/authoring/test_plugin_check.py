"""`kanade-host plugin check` on the command line, and our own plugins by its measure: gold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kanade_host.authoring.rules.proofs import matches
from kanade_host.cli import main

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/pyproject.toml"))

GRADE_ALL = """
import json, sys
from pathlib import Path
from kanade_host.authoring.grading import grade
from kanade_host.observe.logs import setup_console
setup_console("off")
for folder in sys.argv[1:]:
    print(json.dumps(grade(Path(folder)).as_json()), flush=True)
"""


@pytest.fixture(scope="module")
def reports() -> dict[str, Any]:
    """The reports of all plugins of the repository, made by a process of its own: it imports them anew."""
    folders = [str(folder) for folder in (*OURS, *EXAMPLES) if folder.name != "battery"]
    done = subprocess.run(
        [sys.executable, "-c", GRADE_ALL, *folders], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return {folder: json.loads(line) for folder, line in zip(folders, done.stdout.splitlines(), strict=True)}


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "folder", [one for one in (*OURS, *EXAMPLES) if one.name != "battery"], ids=lambda p: p.name
)
def test_a_plugin_of_ours_is_gold(reports: dict[str, Any], folder: Path) -> None:
    report = reports[str(folder)]
    broken = {
        one["id"]: one["findings"] or one["skipped"] for one in report["rules"] if one["outcome"] != "kept"
    }
    assert (report["grade"], broken, report["unused_waivers"]) == ("gold", {}, [])


BATTERY = str(ROOT / "examples" / "battery")


def test_it_prints_grades_rules_and_the_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugin", "check", "--quick", BATTERY]) == 0
    out = capsys.readouterr().out
    assert "battery (kanade-battery)\n\nbronze\n  ✓ static-file: " in out
    assert "  - kill: " in out
    assert out.endswith("\ngrade: silver\n")


def test_at_least_decides_the_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugin", "check", "--quick", "--at-least", "silver", BATTERY]) == 0
    assert main(["plugin", "check", "--quick", "--at-least", "gold", BATTERY]) == 1


def test_a_finding_comes_with_reason_and_repair(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from planted import FAULTS

    fault = next(one for one in FAULTS if one.name == "clock-in-apply")
    assert main(["plugin", "check", "--only", "clock", str(fault.plant(tmp_path))]) == 1
    out = capsys.readouterr().out
    assert "✗ clock: apply uses no clock" in out
    assert "kanade_battery/projector.py:" in out
    assert "why: A rebuild or a replay has to give the same rows" in out
    assert "repair: Use message.meta.time" in out


def test_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugin", "check", "--rules", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {"bronze", "silver", "gold"} == {one["grade"] for one in listed}
    assert all(one["reason"] and one["repair"] for one in listed)


@pytest.mark.parametrize(
    "words,said",
    [
        ([], "Missing argument 'PATH'"),
        (["--only", "nothing", BATTERY], "no rule 'nothing'; there are: static-file"),
        ([str(ROOT / "docs")], "give the folder of a plugin's distribution"),
        ([str(ROOT)], "names 0 plugins"),
    ],
)
def test_what_cannot_be_checked(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    assert main(["plugin", "check", *words]) != 0
    captured = capsys.readouterr()
    assert said in captured.err + captured.out


@pytest.mark.parametrize(
    "filter,subject,expected",
    [
        ("obs.>", "obs.pc-1", True),
        ("obs.>", "obs", False),
        ("obs.*", "obs.pc-1", True),
        ("obs.*", "obs.pc.1", False),
        ("a.*.c", "a.b.c", True),
        ("a.*.c", "a.b.d", False),
        ("a.b", "a.b.c", False),
    ],
)
def test_filters_are_those_of_the_broker(filter: str, subject: str, expected: bool) -> None:
    assert matches(filter, subject) is expected
