"""The test kit fails tests that leak, hold the loop or run more statements than they declare."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

BAD = Path(__file__).parent / "bad"
LEAKY = BAD / "leaky.py"

EXPECTED = {
    "test_task": r"the test leaks[^\n]*\n\s+task 'forgotten' still runs: sleep",
    "test_connection": r"the test leaks[^\n]*\n\s+\S+own\.db \(descriptor \d+\) is still open",
    "test_block": r"plugin leaky held the event loop for more than 1 s in route POST /api/leaky/block",
    "test_statements": r"5 statements were run, 4 are declared:\n.*leaky: INSERT INTO leaky_rows",
    "test_declared": r"5 statements were run, 4 are declared:\n.*leaky: SELECT \* FROM leaky_rows",
}


@pytest.fixture(scope="module")
def report() -> str:
    """What a pytest of its own says about `bad/faulty.py`."""
    words = ["-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--show-capture=no", str(BAD / "faulty.py")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words], cwd=BAD, capture_output=True, text=True, check=False
    )
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="open descriptors are seen on Linux only")
@pytest.mark.parametrize("test", EXPECTED)
def test_a_fault_fails_its_test_and_is_named(report: str, test: str) -> None:
    section = re.search(
        rf"^_+ (?:ERROR at teardown of )?{test} _+$(.*?)(?=^_{{3,}} |^={{3,}} )",
        report,
        re.MULTILINE | re.DOTALL,
    )
    assert section is not None, report
    assert re.search(EXPECTED[test], section[1], re.DOTALL), section[1]


def test_what_has_no_fault_passes(report: str) -> None:
    assert "test_well" not in report, report
    assert re.search(r"\d passed", report), report


@pytest.mark.kanade(files=[LEAKY], start=False)
async def test_a_host_starts_on_a_file_of_an_earlier_version(host) -> None:
    await host.at_migration("leaky", "0001_rows")
    await host.change("INSERT INTO leaky_rows (id, old) VALUES (1, 'abc')")
    await host.start()
    assert [tuple(row) for row in await host.rows("SELECT * FROM leaky_rows")] == [(1, "abc", "ABC")]
    applied = await host.rows("SELECT id FROM host_migration_files WHERE plugin = 'leaky' ORDER BY id")
    assert [row["id"] for row in applied] == ["0001_rows", "0002_new"]


@pytest.mark.kanade(files=[LEAKY], start=False)
async def test_an_earlier_version_that_never_was_is_refused(host) -> None:
    with pytest.raises(AssertionError, match="no migration '0003_x'; there are: 0001_rows, 0002_new"):
        await host.at_migration("leaky", "0003_x")


async def test_names_for_annotations_are_those_that_are_promised() -> None:
    from kanade_host.plugin import testing

    assert [getattr(testing, name).__name__ for name in testing.__all__] == testing.__all__
    with pytest.raises(AttributeError, match="Nothing"):
        testing.Nothing  # noqa: B018
