"""Check a plugin by all rules, and say how far it has come."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kanade_host.authoring.rule import RULES, Grade, Rule
from kanade_host.authoring.subject import Subject, Waiver, opened
from kanade_host.plugin.errors import OperatorError

_MODULES = ("identity", "behaviour", "described", "growing", "pages", "proofs")

Outcome = Literal["kept", "broken", "skipped"]


@dataclass(frozen=True, slots=True)
class Result:
    """What one rule found. `allowed`: findings that the plugin's pyproject.toml allows, with why."""

    rule: Rule
    outcome: Outcome
    findings: tuple[str, ...] = ()
    allowed: tuple[tuple[str, str], ...] = ()
    skipped: str = ""


@dataclass(slots=True)
class Report:
    """All results of one plugin."""

    plugin: str
    distribution: str
    results: list[Result] = field(default_factory=list)
    unused: list[Waiver] = field(default_factory=list)
    """Waivers that allowed nothing: they are stale, and cost the grade gold."""

    @property
    def grade(self) -> Grade:
        """The highest one of which every rule, and of those below, is kept."""
        reached = Grade.NONE
        for grade in (Grade.BRONZE, Grade.SILVER, Grade.GOLD):
            kept = all(one.outcome == "kept" for one in self.results if one.rule.grade == grade)
            if not kept or (grade == Grade.GOLD and self.unused):
                return reached
            reached = grade
        return reached

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "plugin": self.plugin,
            "distribution": self.distribution,
            "grade": self.grade.word,
            "rules": [
                {
                    "id": one.rule.id,
                    "grade": one.rule.grade.word,
                    "outcome": one.outcome,
                    "findings": list(one.findings),
                    "allowed": [{"finding": what, "because": why} for what, why in one.allowed],
                    "skipped": one.skipped or None,
                }
                for one in self.results
            ],
            "unused_waivers": [f"{one.rule}: {one.what}" for one in self.unused],
        }


def rules() -> dict[str, Rule]:
    """All rules, in the order in which they are checked."""
    for module in _MODULES:
        importlib.import_module(f"kanade_host.authoring.rules.{module}")
    places = {f"kanade_host.authoring.rules.{module}": place for place, module in enumerate(_MODULES)}
    ordered = sorted(RULES.values(), key=lambda one: (one.grade, places[one.check.__module__]))
    return {one.id: one for one in ordered}


def grade(
    path: Path, *, quick: bool = False, only: Collection[str] = (), told: Callable[[Rule], None] | None = None
) -> Report:
    """Check the plugin of a distribution's folder. Raises `OperatorError` where there is none.

    `quick` leaves out the proofs, which run hosts; `only` names rules; `told` hears which is checked next.
    """
    unknown = sorted(set(only) - rules().keys())
    if unknown:
        raise OperatorError(f"no rule {unknown[0]!r}; there are: {', '.join(rules())}")
    with opened(path) as subject:
        project = subject.project.get("project", {})
        report = Report(subject.name, str(project.get("name", "")))
        used: set[Waiver] = set()
        for rule in rules().values():
            if only and rule.id not in only:
                continue
            if told is not None:
                told(rule)
            report.results.append(_result(rule, subject, quick, used))
        checked = {one.rule.id for one in report.results if one.outcome != "skipped"}
        report.unused = [one for one in subject.waivers if one not in used and one.rule in checked]
        return report


def _result(rule: Rule, subject: Subject, quick: bool, used: set[Waiver]) -> Result:
    if rule.needs != "source" and subject.collected is None:
        return Result(rule, "skipped", skipped="the plugin does not load")
    if rule.needs == "proof" and quick:
        return Result(rule, "skipped", skipped="left out (--quick)")
    findings: list[str] = []
    allowed: list[tuple[str, str]] = []
    for found in rule.check(subject):
        waiver = next((w for w in subject.waivers if w.rule == rule.id and w.what in found), None)
        if waiver is None:
            findings.append(found)
        else:
            used.add(waiver)
            allowed.append((found, waiver.because))
    return Result(rule, "broken" if findings else "kept", tuple(findings), tuple(allowed))
