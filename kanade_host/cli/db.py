"""`kanade-host db status|migrate|check|set-aside`: the database file, without starting the host."""

from __future__ import annotations

import click

from kanade_host.cli.options import config_option, read_config
from kanade_host.cli.output import json_option, print_json, table
from kanade_host.cli.planning import migrations_of, plan_of
from kanade_host.loading.migrating import open_database
from kanade_host.observe.logs import setup_console
from kanade_host.platform.exits import Exit
from kanade_host.plugin.clock import SystemClock
from kanade_host.plugin.errors import OperatorError
from kanade_host.store.check import check_database
from kanade_host.store.copies import escaped
from kanade_host.store.location import Location, parse_location
from kanade_host.store.migrate import status
from kanade_host.store.ownership import HOST_MIGRATIONS
from kanade_host.store.setaside import set_aside


@click.group("db")
def command() -> None:
    """Look at the database, and bring it up to date."""


def _location(path: str) -> Location:
    location = parse_location(path)
    if location.temporary or not location.path.exists():
        raise OperatorError(
            f"the database {location.path} does not exist yet: kanade-host serve, or kanade-host db migrate,"
            " makes it"
        )
    return location


@command.command("status")
@config_option
@json_option
def status_command(config: str | None, demo: str | None, as_json: bool) -> int:
    """Which migrations are applied, pending or not as they were."""
    setup_console("error")
    read = read_config(config, demo)
    location = _location(read.db.sqlite_path)
    files = status(location, [HOST_MIGRATIONS, *migrations_of(plan_of(read))])
    rows = [[one.plugin, one.name, one.state, one.applied_at or ""] for one in files]
    if as_json:
        keys = ("plugin", "name", "state", "applied_at")
        print_json({"file": str(location.path), "migrations": [dict(zip(keys, row)) for row in rows]})
    else:
        click.echo(f"{location.path}\n")
        table(["plugin", "migration", "state", "applied at"], rows, colour=2)
    return Exit.FAILED if any(one.state in ("edited", "unknown") for one in files) else Exit.OK


@command.command("migrate")
@config_option
@json_option
def migrate_command(config: str | None, demo: str | None, as_json: bool) -> int:
    """Make the database, or bring it up to date. The host does the same at each start."""
    setup_console("warn")
    read = read_config(config, demo)
    plan = plan_of(read)
    if not as_json:
        click.echo(f"migrating {parse_location(read.db.sqlite_path).path} …")
    database, _ = open_database(read.db.sqlite_path, plan)
    location = database.location
    try:
        files = status(location, [HOST_MIGRATIONS, *migrations_of(plan)])
    finally:
        database.close()
    failed = {state.name: state.reason for state in plan.failed}
    if as_json:
        print_json({"file": str(location.path), "applied": len(files), "failed": failed})
    else:
        click.echo(f"{len([one for one in files if one.state == 'applied'])} migrations are applied")
        for name, reason in failed.items():
            click.secho(f"{name}: {reason}", fg="red")
    return Exit.FAILED if failed else Exit.OK


@command.command("check", epilog="\b\nExit status: 0 sound, 1 with problems. The host may run meanwhile.")
@config_option
@click.option("--deep", is_flag=True, help="Also compare every index with its table (slow).")
@json_option
def check_command(config: str | None, demo: str | None, deep: bool, as_json: bool) -> int:
    """Is the file sound, and are the host's own rows?"""
    setup_console("error")
    read = read_config(config, demo)
    report = check_database(_location(read.db.sqlite_path), deep=deep)
    if as_json:
        print_json({"problems": report.problems, "facts": report.facts})
    else:
        for name, fact in report.facts.items():
            click.echo(f"{name:20} {fact}")
        for problem in report.problems:
            click.secho(f"problem: {problem}", fg="red")
        if not report.problems:
            click.secho("sound", fg="green")
    return Exit.FAILED if report.problems else Exit.OK


@command.command(
    "set-aside",
    epilog="\b\nThe file is kept, under another name. Accounts, and rows that the streams no longer hold, are"
    "\nin it alone: if there is an earlier copy (PATH.before-….sqlite), put that back instead.",
)
@config_option
@json_option
def set_aside_command(config: str | None, demo: str | None, as_json: bool) -> int:
    """Move a damaged database out of the way; the next start makes a new one from the streams."""
    setup_console("error")
    location = _location(read_config(config, demo).db.sqlite_path)
    moved = set_aside(location, SystemClock().now())
    if as_json:
        print_json({"moved": [str(path) for path in moved]})
        return Exit.OK
    for path in moved:
        click.echo(f"moved to {path}")
    copies = sorted(location.path.parent.glob(f"{escaped(location.path.name)}.before-*.sqlite"))
    if copies:
        click.echo(f"earlier copies: {', '.join(map(str, copies))}")
    click.echo("Start the host: it makes a new database and reads the streams from their first messages.")
    return Exit.OK
