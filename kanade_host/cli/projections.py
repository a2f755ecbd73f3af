"""`kanade-host projection list`: how far each projection has come. `projection rebuild` stands beside."""

from __future__ import annotations

import contextlib
from typing import Any

import click

from kanade_host.cli.options import config_option, read_config
from kanade_host.cli.output import json_option, print_json, table
from kanade_host.cli.reading import reading
from kanade_host.cli.rebuild import rebuild_command
from kanade_host.cli.running import RunFile
from kanade_host.observe.logs import setup_console
from kanade_host.plugin.instants import Instant


@click.group("projection")
def command() -> None:
    """Look at the projections, which turn streams into tables; make tables anew from their streams."""


command.add_command(rebuild_command)


@command.command("list")
@config_option
@json_option
def list_command(config: str | None, demo: str | None, as_json: bool) -> None:
    """Position, backlog and state of each. While the host runs, its live figures."""
    setup_console("error")
    read = read_config(config, demo)
    running = RunFile(read.data_dir).read()
    with contextlib.closing(reading(read)) as connection:
        stored = {row["projection"]: dict(row) for row in connection.execute(_SQL)}
    live = {one["name"]: one for one in running.projections if one["kind"] == "projection"} if running else {}
    found = [_merged(name, stored.get(name), live.get(name)) for name in sorted(stored.keys() | live.keys())]
    if as_json:
        print_json({"running": running is not None, "projections": found})
        return
    headings = [
        "projection",
        "state",
        "stream",
        "sequence",
        "lag",
        "per second",
        "last message",
        "dead",
        "reason",
    ]
    rows = [
        [one["name"], one["state"], one["stream"], one["sequence"], _lag(one), one["rate"],
         one["time"] or "", one["dead_letters"], one["reason"]]
        for one in found
    ]  # fmt: skip
    if rows:
        table(headings, rows, colour=1)
    else:
        click.echo("No projection has run on this database yet.")
    if running is None:
        click.echo("\n(no host runs here; these are the stored positions)")


def _lag(one: dict[str, Any]) -> str | int | None:
    lag: int | None = one["lag"]
    return f"at most {lag}" if one["lag_at_most"] else lag


_SQL = """
SELECT p.projection, p.plugin, p.stream, p.sequence, p.time_ns,
       (SELECT count(*) FROM host_dead_letters d WHERE d.projection = p.projection) AS dead_letters,
       (SELECT count(*) FROM host_gaps g WHERE g.projection = p.projection) AS gaps
FROM host_positions p
"""


def _merged(name: str, stored: dict[str, Any] | None, live: dict[str, Any] | None) -> dict[str, Any]:
    one, now = stored or {}, live or {}
    return {
        "name": name,
        "plugin": now.get("plugin") or one.get("plugin"),
        "stream": now.get("stream") or one.get("stream"),
        "state": now.get("state", "stored"),
        "reason": now.get("reason") or "",
        "sequence": max(one.get("sequence", 0), now.get("sequence", 0)),
        "time": Instant.from_ns(one["time_ns"]).wire if one.get("time_ns") else None,
        "lag": now.get("lag"),
        "lag_at_most": now.get("lag_at_most", False),
        "rate": now.get("rate"),
        "dead_letters": one.get("dead_letters", 0),
        "gaps": one.get("gaps", 0),
    }
