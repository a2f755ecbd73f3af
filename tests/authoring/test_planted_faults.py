"""`plugin check` finds each planted fault, by the right rule, and nothing else."""

from __future__ import annotations

from pathlib import Path

import planted
import pytest
from planted import FAULTS, Fault

from kanade_host.authoring.grading import grade, rules
from kanade_host.authoring.rule import Grade

EVERY_RULE_WITHOUT = {"described-routes", "package"}
"""Rules that no copy breaks here; `test_what_else_rules_find` does."""


def test_there_are_more_than_twenty_and_they_break_every_rule() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) > 20
    broken = {fault.rule for fault in FAULTS} | {rule for fault in FAULTS for rule in fault.also}
    assert rules().keys() - broken == EVERY_RULE_WITHOUT


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found(fault: Fault, tmp_path: Path) -> None:
    report = grade(fault.plant(tmp_path), quick=not fault.proof)
    findings = {one.rule.id: "\n".join(one.findings) for one in report.results if one.outcome == "broken"}
    assert fault.rule in findings, findings
    assert fault.says in findings[fault.rule], findings
    assert set(findings) <= {fault.rule, *fault.also}, findings
    assert report.grade < rules()[fault.rule].grade


def test_the_example_itself_keeps_them_all() -> None:
    report = grade(planted.BATTERY)
    assert report.grade is Grade.GOLD, [one for one in report.results if one.outcome != "kept"]


def test_a_rule_says_why_and_how_to_repair_it() -> None:
    for rule in rules().values():
        for text in (rule.title, rule.reason, rule.repair):
            assert len(text) > 20, rule.id


def test_what_else_rules_find(tmp_path: Path) -> None:
    fault = Fault(
        "bare",
        "package",
        "",
        (
            ("pyproject.toml", 'description = "Battery levels of the fleet, a plugin for kanade-host"\n', ""),
            ("pyproject.toml", '["kanade-host", "msgspec>=0.20"]', '["msgspec>=0.20"]'),
            (planted.ROUTES, "        response=Level,\n", ""),
        ),
    )
    report = grade(fault.plant(tmp_path), quick=True)
    found = {one.rule.id: one.findings for one in report.results if one.outcome == "broken"}
    assert found == {
        "package": (
            "pyproject.toml: no description",
            "pyproject.toml: kanade-host is not among the dependencies",
        ),
        "described-routes": ("GET /api/battery/levels/{pc_id} names no response",),
    }


WAIVER = '\n[[tool.kanade-plugin.allow]]\nrule = "{}"\nwhat = "{}"\nbecause = "the test wants it"\n'


def waived(folder: Path, rule: str, what: str) -> Path:
    file = folder / "pyproject.toml"
    file.write_text(file.read_text("utf-8") + WAIVER.format(rule, what), "utf-8")
    return folder


def test_what_is_allowed_with_a_reason_is_no_finding(tmp_path: Path) -> None:
    fault = next(one for one in FAULTS if one.rule == "permissions")
    report = grade(waived(fault.plant(tmp_path), "permissions", "GET /api/battery/levels "), quick=True)
    (result,) = [one for one in report.results if one.rule.id == "permissions"]
    assert (result.outcome, result.allowed[0][1]) == ("kept", "the test wants it")
    assert report.unused == []


def test_a_waiver_that_allows_nothing_is_said(tmp_path: Path) -> None:
    copy = Fault("", "", "").plant(tmp_path)
    report = grade(waived(copy, "permissions", "POST /api/gone"), quick=True)
    assert [one.what for one in report.unused] == ["POST /api/gone"]
