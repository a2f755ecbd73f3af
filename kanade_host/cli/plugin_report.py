"""How `kanade-host plugin check` shows what it found."""

from __future__ import annotations

from collections.abc import Iterable

import click

from kanade_host.authoring.grading import Report, Result
from kanade_host.authoring.rule import Grade, Rule
from kanade_host.cli.output import print_json, printable

_MARKS = {"kept": ("✓", "green"), "broken": ("✗", "red"), "skipped": ("-", "bright_black")}


def show(report: Report) -> None:
    """Grade by grade, with reason and repair for what is broken; the grade comes last."""
    click.secho(f"{report.plugin} ({report.distribution})", bold=True)
    for grade in (Grade.BRONZE, Grade.SILVER, Grade.GOLD):
        results = [one for one in report.results if one.rule.grade == grade]
        if results:
            click.echo(f"\n{grade.word}")
        for one in results:
            _show(one)
    for waiver in report.unused:
        click.secho(f"\nallowed for nothing: {waiver.rule}, {waiver.what!r}: take it out", fg="yellow")
    click.echo(f"\ngrade: {report.grade.word}")


def _show(result: Result) -> None:
    mark, colour = _MARKS[result.outcome]
    left_out = f" ({result.skipped})" if result.skipped else ""
    click.secho(f"  {mark} {result.rule.id}: {result.rule.title}{left_out}", fg=colour)
    for finding in result.findings:
        click.echo(f"      {printable(finding)}")
    for finding, because in result.allowed:
        click.echo(f"      allowed: {printable(finding)} ({printable(because)})")
    if result.findings:
        click.echo(f"      why: {result.rule.reason}")
        click.echo(f"      repair: {result.rule.repair}")


def show_rules(rules: Iterable[Rule], as_json: bool) -> None:
    """Every rule with its reason and repair."""
    if as_json:
        keys = ("id", "title", "reason", "repair", "needs")
        print_json([{"grade": one.grade.word, **{key: getattr(one, key) for key in keys}} for one in rules])
        return
    for one in rules:
        click.secho(f"{one.id} ({one.grade.word}): {one.title}", bold=True)
        click.echo(f"  why: {one.reason}\n  repair: {one.repair}\n")
