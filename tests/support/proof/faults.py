"""The faults that a host survives, each by the test that shows it, and what the tests said this time."""

from __future__ import annotations

import os
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from proof import child

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Fault:
    """`tests`: files and names, as pytest takes them; a name stands for all of its parameters."""

    title: str
    tests: tuple[str, ...]


_F, _P = "tests/faults", "tests/projection"
FAULTS = [
    Fault("kill -9 of the host at each fault point, a hundred times",
          (f"{_F}/test_kills.py::test_killed_at",)),
    Fault("kill -9 of the host while a backlog is read", (f"{_F}/test_kills.py::test_killed_in_a_backlog",)),
    Fault("kill -9 of the host while 5,000 commands go out",
          (f"{_F}/test_kills.py::test_killed_while_sending",)),
    Fault("kill -9 of the host in a migration", (f"{_F}/test_kills.py::test_killed_in_a_migration",)),
    Fault("kill -9 of the broker, or a tidy stop, and it comes back",
          (f"{_P}/test_projecting.py::test_a_broker_that_ends_and_comes_back",
           f"{_P}/test_backlogs.py::test_a_broker_that_is_killed_while_a_backlog_is_read")),
    Fault("the broker is frozen (SIGSTOP) for a minute",
          (f"{_F}/test_broker_losses.py::test_a_broker_that_is_frozen_for_a_minute",)),
    Fault("the broker is restarted after a minute",
          (f"{_F}/test_broker_losses.py::test_a_broker_that_comes_back_after_a_minute",)),
    Fault("its consumers and streams are deleted",
          (f"{_P}/test_projecting.py::test_a_deleted_consumer_is_made_again",
           f"{_P}/test_projecting.py::test_a_deleted_stream_is_made_again_and_new_messages_count",
           f"{_F}/test_broker_losses.py::test_a_reset_of_everything_is_mended_and_new_messages_count")),
    Fault("its ack floors are set back and ahead",
          (f"{_F}/test_broker_losses.py::test_a_durable_that_was_moved_changes_nothing",)),
    Fault("its store is full", (f"{_F}/test_files.py::test_a_broker_whose_store_is_full_and_free_again",)),
    Fault("its files are copied back from earlier",
          (f"{_P}/test_projecting.py::test_a_broker_copied_back_from_earlier_skips_nothing_new",)),
    Fault("our disk is full and free again",
          (f"{_F}/test_files.py::test_a_limit_of_the_system_on_the_size_of_files",
           f"{_F}/test_files.py::test_a_file_system_that_is_full_and_free_again")),
    Fault("another process locks the database for 30 s",
          (f"{_F}/test_files.py::test_a_database_that_another_program_holds",)),
    Fault("the database file is damaged",
          (f"{_F}/test_files.py::test_a_damaged_file_is_refused_kept_aside_and_read_again_from_the_streams",)),
    Fault("an older backup is restored", (f"{_F}/test_files.py::test_an_older_backup_catches_up",)),
    Fault("one message in a hundred is poisonous",
          (f"{_F}/test_everything_at_once.py::test_one_in_a_hundred_is_poison",)),
    Fault("a plugin blocks: the loop, the writer, its start",
          ("tests/loading/test_probe_plugins.py", "tests/web/test_watchdog.py")),
    Fault("a plugin leaks tasks", (f"{_F}/test_leaking_plugins.py",)),
    Fault("a plugin raises, in every hook", (f"{_F}/test_raising_hooks.py",)),
    Fault("a browser on the live stream is slow",
          ("tests/web/test_live_events.py::test_a_client_that_does_not_read_costs_bounded_memory",
           "tests/web/test_live_events.py::test_many_keys_become_all")),
    Fault("the clock is set back and forward by a day",
          (f"{_F}/test_everything_at_once.py::test_a_clock_that_jumps_by_a_day",)),
    Fault("a burst of 200,000 messages after an outage",
          (f"{_F}/test_everything_at_once.py::test_a_burst_after_an_outage",)),
    Fault("SIGTERM in the middle of everything, also when the broker is away",
          (f"{_F}/test_everything_at_once.py::test_sigterm_in_the_middle_of_everything",
           f"{_F}/test_ends.py::test_sigterm_ends_it_tidily",
           f"{_F}/test_ends.py::test_sigterm_before_the_start_is_complete")),
    Fault("a second host on the same broker, or the same file",
          (f"{_F}/test_ends.py::test_a_second_host_waits_names_the_first_and_takes_over",
           f"{_F}/test_ends.py::test_a_second_host_on_the_same_file_is_refused", f"{_F}/test_lease.py")),
    Fault("a rebuild is cancelled, fails, or meets a broker that goes away", (f"{_F}/test_rebuild.py",)),
]  # fmt: skip

Outcomes = Mapping[str, Sequence[str]]
"""Test without its parameters -> `passed`, `failed` or `skipped` of each case."""


def run(*, long: bool, only: str = "") -> Outcomes:
    """Run the tests of all faults whose title holds `only`. Raises RuntimeError without a report."""
    wanted = sorted({test for fault in FAULTS if only in fault.title for test in fault.tests})
    if not wanted:
        raise RuntimeError(f"no fault's title holds {only!r}")
    environment = {**os.environ, **({"KANADE_TEST_LONG": "1"} if long else {})}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-v", "--tb=short", "-p", "no:randomly"]
        options = [f"--junitxml={report}", "-o", "junit_family=xunit1"]
        status = child.run([*command, *options, *wanted], ROOT, environment)
        if not report.exists():
            raise RuntimeError(f"pytest ended with status {status} and wrote no report")
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


def lines(found: Outcomes, only: str = "", how: str = "", kept: Mapping[str, str] | None = None) -> list[str]:
    """The table as Markdown, with all faults. Those that were not meant this time keep their row."""
    made = ["| fault | tests | cases | outcome |", "| --- | --- | --- | --- |"]
    for fault in FAULTS:
        names = ", ".join(f"`{test.rpartition('/')[2]}`" for test in fault.tests)
        if only in fault.title:
            cases = [_cases(found, test) for test in fault.tests]
            said = _outcome(cases)
            made.append(f"| {fault.title} | {names} | {sum(map(len, cases))} | {said}{how and f' ({how})'} |")
        else:
            unknown = f"| {fault.title} | {names} | | not run in its long form yet |"
            made.append((kept or {}).get(fault.title, unknown))
    return made


def _cases(found: Outcomes, test: str) -> list[str]:
    return [one for name, got in found.items() if (name + "::").startswith(test + "::") for one in got]


def _outcome(cases: Sequence[Sequence[str]]) -> str:
    every = [one for of_test in cases for one in of_test]
    if "failed" in every or not all(cases):
        return "FAILED" + ("" if all(cases) else ": a test is missing")
    skipped = every.count("skipped")
    return "passed" + (f", {skipped} skipped" if skipped else "")
