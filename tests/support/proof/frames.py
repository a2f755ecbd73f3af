"""How long the page's tasks are while a list of 10,000 is scrolled: measured by the test that scrolls it."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from proof import child
from proof.faults import ROOT

TEST = "tests/browser/test_lists.py::test_a_scroll_through_ten_thousand_has_few_rows"
MOST_MS, LONGER = 50.0, 2
"""A task may last so long, but for so many of them."""


def measure() -> list[float]:
    """Milliseconds of the longest tasks, the longest first. Raises RuntimeError when the test fails."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "frames.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", TEST]
        status = child.run(command, ROOT, os.environ | {"KANADE_FRAMES": str(told)})
        if status != 0 or not told.exists():
            raise RuntimeError(f"{TEST} did not pass (or there is no Chromium)")
        found: list[float] = json.loads(told.read_text())
    return found


def lines(longest: list[float]) -> list[str]:
    """The table as Markdown."""
    outcome = "passed" if longest[LONGER] < MOST_MS else "FAILED"
    shown = ", ".join(f"{one:.0f}" for one in longest[:5])
    return ["| longest tasks, ms | wanted | outcome |", "| --- | --- | --- |",
            f"| {shown} | the third under {MOST_MS:.0f} | {outcome} |"]  # fmt: skip
