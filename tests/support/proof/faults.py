"""The faults that a host survives, each by the test that shows it, and what the tests said this time."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Fault:
    """`tests`: files and names, as pytest takes them; a name stands for all of its parameters."""

    title: str
    tests: tuple[str, ...]


_F, _P = "tests/faults", "tests/projection"
FAULTS = [
    Fault("kill -9 of the host at each fault point, again and again",
          (f"{_F}/test_kills.py::test_killed_at",)),
    Fault("kill -9 while a backlog is read", (f"{_F}/test_kills.py::test_killed_in_a_backlog",)),
    Fault("kill -9 while 5,000 commands go out", (f"{_F}/test_kills.py::test_killed_while_sending",)),
    Fault("kill -9 in a migration", (f"{_F}/test_kills.py::test_killed_in_a_migration",)),
    Fault("the broker is killed, or stopped, and comes back",
          (f"{_P}/test_projecting.py::test_a_broker_that_ends_and_comes_back",)),
    Fault("the broker is frozen",
          (f"{_F}/test_broker_losses.py::test_a_frozen_broker_is_noticed_and_nothing_is_lost",)),
    Fault("all streams are deleted",
          (f"{_F}/test_broker_losses.py::test_a_reset_of_everything_is_mended_and_new_messages_count",)),
    Fault("consumers and streams are deleted",
          (f"{_P}/test_projecting.py::test_a_deleted_consumer_is_made_again",
           f"{_P}/test_projecting.py::test_a_deleted_stream_is_made_again_and_new_messages_count")),
    Fault("ack floors are set back and ahead",
          (f"{_F}/test_broker_losses.py::test_a_durable_that_was_moved_changes_nothing",)),
    Fault("the broker's files are copied back from earlier",
          (f"{_P}/test_projecting.py::test_a_broker_copied_back_from_earlier_skips_nothing_new",)),
    Fault("the broker's store is full",
          (f"{_F}/test_files.py::test_a_broker_whose_store_is_full_and_free_again",)),
    Fault("the disk is full and free again",
          (f"{_F}/test_files.py::test_a_limit_of_the_system_on_the_size_of_files",
           f"{_F}/test_files.py::test_a_file_system_that_is_full_and_free_again")),
    Fault("another program holds the database",
          (f"{_F}/test_files.py::test_a_database_that_another_program_holds",)),
    Fault("the database file is damaged",
          (f"{_F}/test_files.py::test_a_damaged_file_is_refused_kept_aside_and_read_again_from_the_streams",)),
    Fault("an older backup is put back", (f"{_F}/test_files.py::test_an_older_backup_catches_up",)),
    Fault("one message in a hundred is poisonous",
          (f"{_F}/test_everything_at_once.py::test_one_in_a_hundred_is_poison",)),
    Fault("plugins that do not import, raise in hooks, hang, clash or spin",
          ("tests/loading/test_probe_plugins.py",)),
    Fault("a browser that does not read the live stream",
          ("tests/web/test_live_events.py::test_a_client_that_does_not_read_costs_bounded_memory",)),
    Fault("the clock jumps by a day",
          (f"{_F}/test_everything_at_once.py::test_a_clock_that_jumps_by_a_day",)),
    Fault("a burst after an outage", (f"{_F}/test_everything_at_once.py::test_a_burst_after_an_outage",)),
    Fault("SIGTERM in the middle of everything, also when the broker is away",
          (f"{_F}/test_everything_at_once.py::test_sigterm_in_the_middle_of_everything",
           f"{_F}/test_ends.py::test_sigterm_ends_it_tidily")),
    Fault("a second host on the same broker, or the same file",
          (f"{_F}/test_ends.py::test_a_second_host_waits_names_the_first_and_takes_over",
           f"{_F}/test_ends.py::test_a_second_host_on_the_same_file_is_refused", f"{_F}/test_lease.py")),
    Fault("a rebuild is cancelled, fails, or meets a broker that goes away", (f"{_F}/test_rebuild.py",)),
]  # fmt: skip

Outcomes = Mapping[str, Sequence[str]]
"""Test without its parameters -> `passed`, `failed` or `skipped` of each case."""


def run(*, long: bool, only: str = "") -> Outcomes:
    """Run the tests of all faults whose title holds `only`."""
    wanted = sorted({test for fault in FAULTS if only in fault.title for test in fault.tests})
    environment = {**os.environ, **({"KANADE_TEST_LONG": "1"} if long else {})}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", "-o", "junit_family=xunit1"]
        subprocess.run([*command, *wanted], cwd=ROOT, env=environment, check=False)
        return outcomes(report.read_text("utf-8"))


def outcomes(report: str) -> Outcomes:
    """Read a report of pytest."""
    found: dict[str, list[str]] = {}
    for case in ET.fromstring(report).iter("testcase"):
        name = f"{case.get('file', '')}::{case.get('name', '').partition('[')[0]}"
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        found.setdefault(name, []).append(outcome)
    return found


def lines(found: Outcomes, only: str = "") -> list[str]:
    """The table as Markdown."""
    made = ["| fault | tests | cases | outcome |", "| --- | --- | --- | --- |"]
    for fault in FAULTS:
        if only not in fault.title:
            continue
        cases = [
            one for test in fault.tests for name, got in found.items() if name.startswith(test) for one in got
        ]
        names = ", ".join(f"`{test.rpartition('/')[2]}`" for test in fault.tests)
        made.append(f"| {fault.title} | {names} | {len(cases)} | {_outcome(cases)} |")
    return made


def _cases(found: Outcomes, test: str) -> list[str]:
    return [one for name, got in found.items() if name.startswith(test) for one in got]


def _outcome(cases: Sequence[str]) -> str:
    if not cases:
        return "not run"
    if "failed" in cases:
        return "FAILED"
    skipped = cases.count("skipped")
    return "passed" + (f", {skipped} skipped" if skipped else "")
