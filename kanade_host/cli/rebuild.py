"""`kanade-host projection rebuild PLUGIN`: asked of the running host, watched here, Ctrl-C cancels it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from kanade_host.cli.options import config_option, read_config
from kanade_host.cli.output import json_option, print_json
from kanade_host.cli.running import Refused, RunFile, Wish, Wishes
from kanade_host.observe.logs import setup_console
from kanade_host.platform.exits import Exit
from kanade_host.plugin.errors import OperatorError

LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 15.0

EPILOG = """\b
Examples:
  kanade-host projection rebuild obs           replay the events into new tables, then replace the old ones
  kanade-host projection rebuild obs --yes     do not ask when rows would be lost
  kanade-host projection rebuild obs --detach  begin, and do not wait (projection list shows the host at work)

\b
The host goes on serving; its rows stay as they are until the last moment. Nothing is sent again.
Exit status: 0 done, 1 failed or refused, 130 cancelled.
"""


@click.command("rebuild", epilog=EPILOG)
@click.argument("plugin")
@click.option("--yes", "-y", is_flag=True, help="Rows that no stream gives again may go: do not ask.")
@click.option("--detach", is_flag=True, help="Begin it and return; Ctrl-C of later calls cancels it.")
@click.option("--cancel", is_flag=True, help="Cancel one that runs.")
@config_option
@json_option
def rebuild_command(
    plugin: str, yes: bool, detach: bool, cancel: bool, config: str | None, demo: str | None, as_json: bool
) -> int:
    """Make the tables of PLUGIN anew from its streams, while the host runs."""
    setup_console("error")
    watched = _Watched(read_config(config, demo).data_dir, plugin, quiet=as_json)
    if cancel:
        watched.cancel()
        return Exit.OK
    number = watched.begin(lose=yes)
    if detach:
        click.echo(f"The host rebuilds {plugin} (number {number}).")
        return Exit.OK
    try:
        found = watched.follow(number)
    except KeyboardInterrupt:
        watched.cancel()
        found = watched.follow(number)
    if as_json:
        print_json(found)
    else:
        _print(found)
    return {"done": Exit.OK, "cancelled": Exit.INTERRUPTED}.get(found["state"], Exit.FAILED)


class _Watched:
    """One plugin's rebuild, seen through the running host's file."""

    def __init__(self, data_dir: Path, plugin: str, *, quiet: bool) -> None:
        self._file, self._wishes = RunFile(data_dir), Wishes(data_dir)
        self._plugin, self._quiet = plugin, quiet

    def begin(self, *, lose: bool) -> int:
        """Its number. One that runs already is watched as well. Asks before rows are lost."""
        before = self._last()
        if before is not None and before["state"] == "running":
            click.echo(f"{self._plugin} is being rebuilt already; watching.", err=True)
            return int(before["number"])
        refused = self._wish(Wish(action="rebuild", plugin=self._plugin, lose=lose))
        if refused is not None and refused.losses:
            for loss in refused.losses:
                click.echo(loss, err=True)
            click.confirm("Rebuild all the same?", abort=True, err=True)
            refused = self._wish(Wish(action="rebuild", plugin=self._plugin, lose=True))
        if refused is not None:
            raise OperatorError(refused.reason)
        known = 0 if before is None else int(before["number"])
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            found = self._last()
            if found is not None and found["number"] > known:
                return int(found["number"])
            time.sleep(LOOK_SECONDS)
        raise OperatorError("the host has taken the order, but does not say what it does: look at its log")

    def cancel(self) -> None:
        """Ask for the end; the host answers when it has ended."""
        self._wish(Wish(action="cancel-rebuild", plugin=self._plugin))

    def follow(self, number: int) -> dict[str, Any]:
        """Wait until it has ended."""
        shown = ""
        while True:
            found = self._numbered(number)
            line = _line(found)
            if line != shown and not self._quiet and found["state"] == "running":
                click.echo(line, err=True)
                shown = line
            if found["state"] != "running":
                return found
            time.sleep(LOOK_SECONDS)

    def _wish(self, wish: Wish) -> Refused | None:
        self._rebuilds()
        path = self._wishes.leave(wish)
        ends = time.monotonic() + PATIENCE_SECONDS
        while path.exists():
            if time.monotonic() > ends:
                path.unlink(missing_ok=True)
                raise OperatorError("the host does not answer: look at its log")
            time.sleep(LOOK_SECONDS)
        return self._wishes.refused(path)

    def _rebuilds(self) -> list[dict[str, Any]]:
        running = self._file.read()
        if running is None:
            raise OperatorError(
                "no host runs on this database: start it (kanade-host serve), which reads the streams, and"
                " then rebuild"
            )
        return [one for one in running.rebuilds if one["plugin"] == self._plugin]

    def _last(self) -> dict[str, Any] | None:
        found = self._rebuilds()
        return found[-1] if found else None

    def _numbered(self, number: int) -> dict[str, Any]:
        for one in self._rebuilds():
            if one["number"] == number:
                return one
        raise OperatorError(
            "the host was started anew meanwhile: nothing was rebuilt, everything is as it was"
        )


def _line(found: dict[str, Any]) -> str:
    text = str(found["phase"])
    if found["messages"]:
        text += f": {found['messages']:,} of {max(found['expected'], found['messages']):,} messages"
        text += f", {found['rate']:,.0f} a second"
    return f"{text}; waiting: {found['waiting']}" if found["waiting"] else text


def _print(found: dict[str, Any]) -> None:
    if found["state"] == "done":
        for table, (before, after) in sorted(found["rows"].items()):
            click.echo(f"{table:30} {before:>12,} rows before {after:>12,} now")
        letters = found["dead_letters"]
        more = f"; {letters} are dead letters" if letters else ""
        click.secho(f"done: {found['messages']:,} messages replayed{more}", fg="green")
    elif found["state"] == "cancelled":
        click.echo("cancelled: everything is as it was")
    else:
        click.secho(f"failed: {found['reason']}; everything is as it was", fg="red")
