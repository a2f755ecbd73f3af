"""`kanade-host plugin new|check|purge`: what authors of plugins, and those who had one, need."""

from __future__ import annotations

from pathlib import Path

import click


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
