"""The documents of proof name tests that are there, and the tables are written into their places."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from proof import document, faults, run

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


def test_a_report_is_read() -> None:
    found = faults.outcomes(REPORT)
    assert found == {
        "tests/faults/test_x.py::test_a": ["passed", "failed"],
        "tests/faults/test_x.py::test_b": ["skipped"],
    }
