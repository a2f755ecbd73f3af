"""The documents of proof name tests that are there, and the tables are written into their places."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from pictures.places import Place
from pictures.taking import Picture
from proof import child, document, faults, run, screenshots, soak

ROOT = Path(__file__).resolve().parents[2]
FILES = {one.name for folder in ("tests/*", "plugins/*/tests") for one in ROOT.glob(f"{folder}/test_*.py")}
REPORT = """<testsuites><testsuite>
<testcase file="tests/faults/test_x.py" name="test_a[one]"/>
<testcase file="tests/faults/test_x.py" name="test_a[two]"><failure/></testcase>
<testcase file="tests/faults/test_x.py" name="test_b"><skipped/></testcase>
</testsuite></testsuites>"""


def test_the_threat_model_names_tests_that_are_there() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
    named = set(re.findall(r"test_\w+\.py", text))
    assert named
    assert named - FILES == set()


@pytest.mark.parametrize("fault", faults.FAULTS, ids=lambda fault: fault.title)
def test_every_fault_has_its_test(fault: faults.Fault) -> None:
    for test in fault.tests:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text("utf-8") if name else (ROOT / file).exists(), test


def test_every_part_has_its_place_in_the_document() -> None:
    text = document.DOCUMENT.read_text("utf-8")
    after = document.written(text, {name: ["| x |"] for name in run.PARTS}, "2 cores")
    assert after.count("Proven on 2 cores.") == len(run.PARTS)
    with pytest.raises(KeyError):
        document.written(text, {"nothing": []}, "2 cores")


def test_the_document_has_a_row_for_every_fault() -> None:
    rows = document.rows("faults")
    assert list(rows)[2:] == [fault.title for fault in faults.FAULTS]  # after the head and its rule


def test_faults_that_were_not_run_keep_their_rows() -> None:
    wanted = faults.FAULTS[0]
    found = {test: ["passed", "passed"] for test in wanted.tests}
    kept = {fault.title: f"| {fault.title} | as before |" for fault in faults.FAULTS}
    first, *others = faults.lines(found, wanted.title, "long form", kept)[2:]
    assert first.endswith("| 2 | passed (long form) |")
    assert others == list(kept.values())[1:]


@pytest.mark.parametrize(
    "found, said",
    [
        ({}, "FAILED: a test is missing"),
        ({"a::t": ["passed"]}, "FAILED: a test is missing"),
        ({"a::t": ["passed"], "b::one": ["failed"]}, "FAILED"),
        ({"a::t": ["passed"], "b::one": ["skipped"], "b::two": ["passed"]}, "passed, 1 skipped"),
        ({"a::t": ["passed"], "b::one": ["passed"], "a::t_of_another": ["failed"]}, "passed"),
    ],
)
def test_what_a_fault_comes_to(monkeypatch: Any, found: dict[str, list[str]], said: str) -> None:
    monkeypatch.setattr(faults, "FAULTS", [faults.Fault("it", ("a::t", "b"))])
    assert faults.lines(found)[2].rpartition(" | ")[2] == f"{said} |"


@pytest.fixture
def made_up(monkeypatch: Any, tmp_path: Path) -> Path:
    """A document of three parts: one that holds, one that fails, one that raises."""

    def raises(options: Any) -> list[str]:
        raise AssertionError("7 results | are missing")

    made = {"first": lambda _: ["| passed |"], "second": raises, "third": lambda _: ["| FAILED |"]}
    monkeypatch.setattr(run, "PARTS", {name: run.Part(1, prove) for name, prove in made.items()})
    path = tmp_path / "proof.md"
    path.write_text("".join(f"<!-- {name} -->\n<!-- /{name} -->\n" for name in made))
    monkeypatch.setattr(document, "DOCUMENT", path)
    return path


def test_a_part_that_fails_is_written_and_the_others_run(made_up: Path, capsys: Any) -> None:
    assert run.main([]) == 1
    text = made_up.read_text()
    assert "| passed |" in text
    assert "| FAILED | AssertionError: 7 results / are missing |" in text
    assert "second       FAILED" in capsys.readouterr().out
    assert run.main(["first"]) == 0
    assert run.main(["third"]) == 1


def test_an_interrupt_leaves_what_was_finished(made_up: Path, monkeypatch: Any, capsys: Any) -> None:
    def interrupted(options: Any) -> list[str]:
        assert "| passed |" in made_up.read_text(), "the first part is written before the second begins"
        raise KeyboardInterrupt

    monkeypatch.setitem(run.PARTS, "second", run.Part(1, interrupted))
    assert run.main([]) == 130
    assert "interrupted in second; finished: first" in capsys.readouterr().err


def test_printing_leaves_the_document_alone(made_up: Path) -> None:
    before = made_up.read_text()
    assert run.main(["first", "--print"]) == 0
    assert made_up.read_text() == before


@pytest.mark.skipif(os.name != "posix", reason="signals to a session of its own")
def test_a_program_is_interrupted_once_and_waited_for(tmp_path: Path, monkeypatch: Any) -> None:
    script = """
import pathlib, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs us in the background ignores it
try:
    pathlib.Path(sys.argv[1], "runs").touch()
    signal.pause()
except KeyboardInterrupt:
    pathlib.Path(sys.argv[1], "tidied").touch()
"""
    wait = subprocess.Popen.wait

    def impatient(self: Any, timeout: float | None = None) -> int:
        if timeout is None:
            ends = time.monotonic() + 60
            while not (tmp_path / "runs").exists():
                assert time.monotonic() < ends
                time.sleep(0.02)
            raise KeyboardInterrupt
        return wait(self, timeout)

    monkeypatch.setattr(subprocess.Popen, "wait", impatient)
    with pytest.raises(KeyboardInterrupt):
        child.run([sys.executable, "-c", script, str(tmp_path)], tmp_path, os.environ)
    assert (tmp_path / "tidied").exists()


@pytest.mark.parametrize(
    "end_mib, lag, said",
    [(120, 100, "passed"), (160, 100, "FAILED: memory grew"), (120, 9_000, "FAILED: messages waited")],
)
def test_a_soak_is_judged(end_mib: int, lag: int, said: str) -> None:
    found = soak.Soak(600, 1_200_000, 1_200_000, 118, end_mib, end_mib, lag)
    assert found.lines[-1] == f"| outcome | {said} |"


def test_a_blank_picture_is_a_failure() -> None:
    place = Place("fleet.logs", "Logs", "fleet", "/logs")
    made = [Picture(place, theme, 390, Path("x.png"), ink) for theme, ink in (("light", 0.1), ("dark", 0.0))]
    assert screenshots.lines(made)[2:] == [
        "| light, 390 px | 1 | none | passed |",
        "| dark, 390 px | 1 | fleet.logs | FAILED |",
    ]


def test_a_report_is_read() -> None:
    found = faults.outcomes(REPORT)
    assert found == {
        "tests/faults/test_x.py::test_a": ["passed", "failed"],
        "tests/faults/test_x.py::test_b": ["skipped"],
    }
