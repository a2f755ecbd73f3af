"""`kanade-host plugin new|check|purge`: what authors of plugins, and those who had one, need."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from kanade_host.cli.options import config_option, read_config
from kanade_host.cli.output import json_option, print_json
from kanade_host.observe.logs import setup_console
from kanade_host.platform.exits import Exit


@click.group("plugin")
def command() -> None:
    """Write a plugin, check one, or remove the data of one that is gone."""


@command.command(
    "new",
    epilog="""\b
Examples:
  kanade-host plugin new battery
  kanade-host plugin new disk-wear --title "Disk wear" --into ../plugins

\b
Afterwards, in the new folder:
  pip install -e .              so that the host finds it
  pytest                        its own tests: a real host, broker and file
  kanade-host plugin check .    rules, with reasons and repairs
""",
)
@click.argument("name")
@click.option("--title", metavar="TEXT", help="What people are shown. Default: made from the name.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where the folder kanade-NAME is made. Default: here.",
)
def new_command(name: str, title: str | None, into: Path) -> None:
    """Write a plugin that runs: table, route, page, settings, tests, CI."""
    from kanade_host.authoring.new import write_plugin

    folder = write_plugin(name, into, title)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    click.echo(f"{folder}: {len(files)} files\n")
    for file in files:
        click.echo(f"  {file}")
    click.echo(f"\nNext:\n  cd {folder}\n  pip install -e .\n  pytest\n  kanade-host plugin check .")


@command.command(
    "check",
    epilog="""\b
Examples:
  kanade-host plugin check .                        all rules; takes some seconds, as hosts are run
  kanade-host plugin check --quick .                without running a host
  kanade-host plugin check --at-least gold .        for CI: fails below gold
  kanade-host plugin check --only clock --only kill .
  kanade-host plugin check --rules                  every rule, why it is one, and how to repair it

\b
Exit status: 0 the grade is reached, 1 it is not.
What is wanted so is allowed in pyproject.toml, with the reason:
  [[tool.kanade-plugin.allow]]
  rule = "permissions"
  what = "POST /api/mine/login"
  because = "whoever logs in has no token yet"
""",
)
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
@click.option("--quick", is_flag=True, help="Leave out the rules that run hosts.")
@click.option("--only", multiple=True, metavar="RULE", help="This rule alone. May be repeated.")
@click.option(
    "--at-least",
    type=click.Choice(["bronze", "silver", "gold"]),
    default="bronze",
    show_default=True,
    help="The grade that has to be reached.",
)
@click.option("--rules", "list_rules", is_flag=True, help="List the rules and end.")
@json_option
def check_command(
    path: Path | None, quick: bool, only: tuple[str, ...], at_least: str, list_rules: bool, as_json: bool
) -> int:
    """Grade the plugin whose distribution is in the folder PATH: bronze, silver or gold."""
    from kanade_host.authoring.grading import grade, rules
    from kanade_host.authoring.rule import Grade
    from kanade_host.cli.plugin_report import show, show_rules

    setup_console("off")
    if list_rules:
        show_rules(rules().values(), as_json)
        return Exit.OK
    if path is None:
        raise click.UsageError("Missing argument 'PATH': the folder with the plugin's pyproject.toml.")
    report = grade(path, quick=quick, only=only)
    if as_json:
        print_json(report.as_json())
    else:
        show(report)
    if only:
        return Exit.FAILED if any(one.outcome == "broken" for one in report.results) else Exit.OK
    return Exit.OK if report.grade >= Grade[at_least.upper()] else Exit.FAILED


@command.command(
    "purge",
    epilog="""\b
Examples:
  kanade-host plugin purge battery          what would go
  kanade-host plugin purge battery --yes    remove it; no host may run meanwhile

\b
Tables that kanade-backend has too are emptied, not dropped. Its consumers at the broker stay: they hold
nothing but a bookmark. A copy of the database, made before, is the way back.
""",
)
@click.argument("name")
@click.option("--yes", is_flag=True, help="Remove it. Without this, only show what would go.")
@config_option
@json_option
def purge_command(name: str, yes: bool, config: str | None, demo: str | None, as_json: bool) -> int:
    """Remove what a plugin that is not installed any more left in the database and on disk."""
    from kanade_host.cli.purging import left_of, purge
    from kanade_host.cli.reading import reading
    from kanade_host.loading.find import RESERVED, find
    from kanade_host.store.location import parse_location

    setup_console("error")
    read = read_config(config, demo)
    for state in find():
        if name in (state.name, *RESERVED):
            raise click.ClickException(
                f"plugin {name!r} is installed ({state.manifest.distribution}): uninstall it with pip; to"
                f' switch it off and keep its data: [plugins] disabled = ["{name}"]'
            )
    with contextlib.closing(reading(read)) as connection:
        left = left_of(connection, name, read.data_dir)
    if left.nothing:
        raise click.ClickException(f"there is nothing of a plugin {name!r} in {read.db.sqlite_path}")
    if yes:
        purge(parse_location(read.db.sqlite_path), left)
    if as_json:
        print_json(left.as_json() | {"removed": yes})
        return Exit.OK
    for table, rows in left.tables.items():
        what = "is emptied (kanade-backend has it too)" if table in left.emptied else "is dropped"
        click.echo(f"table {table}: {rows} rows; it {what}")
    for table, rows in left.host.items():
        click.echo(f"{table}: {rows} rows about it are deleted")
    if left.folder is not None:
        click.echo(f"{left.folder}: {left.files} files, {left.bytes} bytes are deleted")
    click.echo(
        "\nRemoved." if yes else f"\nNothing was removed. To remove it: kanade-host plugin purge {name} --yes"
    )
    return Exit.OK
