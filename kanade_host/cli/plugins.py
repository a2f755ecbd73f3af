"""`kanade-host plugins`: which plugins there are, in which state, and why."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from kanade_host.cli.options import config_option, read_config
from kanade_host.cli.output import json_option, print_json, table
from kanade_host.cli.planning import plan_of, with_tables
from kanade_host.cli.reading import reading
from kanade_host.cli.running import RunFile
from kanade_host.config import Config, ConfigError
from kanade_host.loading.seen import gone
from kanade_host.observe.logs import setup_console
from kanade_host.plugin.errors import KanadeError

EPILOG = """\b
Examples:
  kanade-host plugins                  all of them, with states and reasons
  kanade-host plugins results          what one contributes
  kanade-host plugins --json           for scripts
  kanade-host plugins --demo           those of the demo

\b
While a host runs on this computer, its live states are shown; otherwise what it would do.
Plugins are installed with pip, and switched off in backend.toml: [plugins] disabled = ["audit"]
"""


@click.command("plugins", epilog=EPILOG)
@click.argument("name", required=False)
@config_option
@json_option
def command(name: str | None, config: str | None, demo: str | None, as_json: bool) -> None:
    """Show the plugins, their states and reasons."""
    setup_console("off" if as_json else "error")
    found, source = _states(config, demo)
    left = _gone(config, demo, found)
    if name is not None:
        found = [one for one in found if one["name"] == name]
        if not found:
            raise click.ClickException(f"no plugin {name!r} is installed; kanade-host plugins lists them")
    if as_json:
        print_json({"source": source, "plugins": found, "uninstalled": left})
    elif name is not None:
        _one(found[0])
    else:
        _all(found, source)
        _uninstalled(left)


def _states(config: str | None, demo: str | None) -> tuple[list[dict[str, Any]], str]:
    try:
        read: Config | None = read_config(config, demo)
    except ConfigError as error:
        if not error.text.startswith("config not found"):
            raise
        read = None  # nothing is configured yet: show what is installed
    if read is not None:
        running = RunFile(read.data_dir).read()
        if running is not None:
            return running.plugins, f"the running host, process {running.process.pid}"
    plan = plan_of(read)
    with_tables(plan)
    why = "no host runs here; this is what would be loaded"
    if read is None:
        why = "no backend.toml was found; this is what is installed. --config FILE, or --demo, shows a host"
    return [state.as_json() for state in plan.states], why


def _gone(config: str | None, demo: str | None, found: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Plugins that ran on this database and are not installed any more."""
    try:
        connection = reading(read_config(config, demo))
    except KanadeError:
        return []  # nothing is configured, or there is no database yet
    with contextlib.closing(connection):
        there = [one["name"] for one in found]
        return [
            {"name": one.name, "distribution": one.distribution, "version": one.version}
            for one in gone(connection, there)
        ]


def _uninstalled(left: list[dict[str, str]]) -> None:
    if left:
        click.echo(
            "\nRan here, and not installed any more (kanade-host plugin purge NAME removes what they kept):"
        )
        for one in left:
            click.echo(f"  {one['name']}  {one['distribution']} {one['version']}")


def _all(found: list[dict[str, Any]], source: str) -> None:
    rows = [
        [
            one["name"],
            one["state"],
            one["version"],
            one["distribution"],
            f"{sum(one['seconds'].values()):.2f} s",
            one["title"],
            one["reason"] or "",
        ]
        for one in sorted(found, key=lambda one: one["name"])
    ]
    if rows:
        table(["plugin", "state", "version", "distribution", "start", "title", "reason"], rows, colour=1)
    else:
        click.echo('No plugin is installed. Ours come with: pip install "kanade-host[standard]"')
    click.echo(f"\n({source})")


def _one(one: dict[str, Any]) -> None:
    click.secho(f"{one['name']}: {one['title']}", bold=True)
    click.echo(f"  {one['distribution']} {one['version']}, {one['state']}")
    if one["reason"]:
        click.echo(f"  because: {one['reason']}")
    if one["seconds"]:
        steps = ", ".join(f"{phase} {seconds:.3f}" for phase, seconds in one["seconds"].items())
        click.echo(f"  seconds: {steps}")
    for text in one["deprecations"]:
        click.secho(f"  deprecated: {text}", fg="yellow")
    for key in ("requires", "after"):
        if one[key]:
            click.echo(f"  {key}: {', '.join(one[key])}")
    for kind, names in sorted(one["contributes"].items()):
        if names:
            click.echo(f"  {kind}:")
            for each in names:
                click.echo(f"    {each}")
