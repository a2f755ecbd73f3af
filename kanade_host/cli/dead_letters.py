"""`kanade-host dead-letters`: messages that could not be projected: look, try again, or discard."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import click

from kanade_host.cli import letters
from kanade_host.cli.options import config_option, read_config
from kanade_host.cli.output import json_option, print_json, printable, table
from kanade_host.cli.reading import reading
from kanade_host.cli.running import RunFile, Wish, Wishes
from kanade_host.config import Config
from kanade_host.observe.logs import setup_console
from kanade_host.platform.exits import Exit
from kanade_host.plugin.instants import Instant
from kanade_host.store.connections import open_writer
from kanade_host.store.location import parse_location
from kanade_host.store.lockfile import LockFile

WAIT_SECONDS = 10.0

EPILOG = """\b
Examples:
  kanade-host dead-letters list
  kanade-host dead-letters show 12              the message and what it met
  kanade-host dead-letters replay 12 13         apply them again
  kanade-host dead-letters replay --all results.results
"""


@click.group("dead-letters", epilog=EPILOG)
def command() -> None:
    """Messages that were set aside because no projection could apply them."""
    setup_console("error")


@command.command("list")
@click.option("--projection", help="Only those of this projection.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@config_option
@json_option
def list_command(
    projection: str | None, limit: int, config: str | None, demo: str | None, as_json: bool
) -> None:
    """The newest first."""
    with contextlib.closing(reading(read_config(config, demo))) as connection:
        found = letters.listed(connection, projection, limit)
    if as_json:
        print_json({"dead_letters": found})
    elif found:
        rows = [
            [
                one["id"],
                one["projection"],
                one["status"],
                Instant.from_ns(one["time_ns"]).wire,
                one["subject"],
                one["error"][:80],
            ]
            for one in found
        ]
        table(["id", "projection", "status", "time", "subject", "error"], rows, colour=2)
    else:
        click.echo("There are none.")


@command.command("show")
@click.argument("letter_id", metavar="ID", type=int)
@config_option
@json_option
def show_command(letter_id: int, config: str | None, demo: str | None, as_json: bool) -> None:
    """One message, and what went wrong with it."""
    with contextlib.closing(reading(read_config(config, demo))) as connection:
        found = letters.shown(connection, letter_id)
    if found is None:
        raise click.ClickException(f"there is no dead letter {letter_id}")
    if as_json:
        print_json(found)
        return
    body, trace = found.pop("body"), found.pop("traceback")
    for name, value in found.items():
        click.echo(f"{name:12} {printable(str(value))}")
    click.echo("\nmessage:")
    print_json(body)
    if trace:
        click.echo(f"\n{printable(trace)}")


def _choose(ids: tuple[int, ...], everything: str | None, config: Config) -> list[int]:
    if everything is not None:
        with contextlib.closing(reading(config)) as connection:
            return letters.ids_of(connection, everything)
    if not ids:
        raise click.UsageError("name the ids of dead letters, or a projection with --all")
    there = _left(config, list(ids))
    missing = [str(one) for one in ids if one not in there]
    if missing:  # a slip of the pen would otherwise be told as done
        raise click.ClickException(
            f"there is no dead letter {', '.join(missing)}; nothing was done"
            " (kanade-host dead-letters list shows all)"
        )
    return there


def _changing(action: str, text: str) -> click.Command:
    """`replay` and `discard` differ in what they mark."""

    @click.argument("ids", nargs=-1, type=int)
    @click.option("--all", "everything", metavar="PROJECTION", help="All that wait, of one projection.")
    @config_option
    @json_option
    def change(
        ids: tuple[int, ...], everything: str | None, config: str | None, demo: str | None, as_json: bool
    ) -> int:
        read = read_config(config, demo)
        chosen = _choose(ids, everything, read)
        outcome = _ask(read, action, chosen) if chosen else {"ids": [], "done": 0, "left": []}
        if as_json:
            print_json(outcome)
        elif not chosen:
            click.echo(f"No dead letter of {everything} waits (kanade-host dead-letters list shows all).")
        else:
            click.echo(_words(action, outcome))
        return Exit.FAILED if outcome["left"] else Exit.OK

    return click.command(action, help=text)(change)


def _ask(config: Config, action: str, ids: list[int]) -> dict[str, Any]:
    """Through the running host if there is one, because it alone may write; else in the file itself."""
    if RunFile(config.data_dir).read() is None:
        return {"ids": ids, **_by_myself(config, action, ids)}
    path = Wishes(config.data_dir).leave(Wish(action="replay" if action == "replay" else "discard", ids=ids))
    ends = time.monotonic() + WAIT_SECONDS
    left = ids
    while left and time.monotonic() < ends:
        time.sleep(0.1)
        if not path.exists():
            left = _left(config, ids)
            if action == "replay" and left and not _marked(config, left):
                break
    return {"ids": ids, "done": len(ids) - len(left), "left": left}


def _left(config: Config, ids: list[int]) -> list[int]:
    with contextlib.closing(reading(config)) as connection:
        return [one for one in ids if letters.shown(connection, one) is not None]


def _marked(config: Config, ids: list[int]) -> bool:
    with contextlib.closing(reading(config)) as connection:
        found = [letters.shown(connection, one) for one in ids]
    return any(one is not None and one["status"] == "replay" for one in found)


def _by_myself(config: Config, action: str, ids: list[int]) -> dict[str, Any]:
    location = parse_location(config.db.sqlite_path)
    lock = LockFile(location.path)
    lock.take()
    try:
        with contextlib.closing(open_writer(location)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            count = letters.mark(connection, action, ids)
            connection.execute("COMMIT")
    finally:
        lock.release()
    return {"done": count, "left": [], "at_next_start": action == "replay"}


def _words(action: str, outcome: dict[str, Any]) -> str:
    done, left = outcome["done"], outcome["left"]
    if outcome.get("at_next_start"):
        return f"{done} marked; the host tries them again at its next start."
    verb = "applied" if action == "replay" else "discarded"
    if not left:
        return f"{done} {verb}."
    return (
        f"{done} {verb}; still there: {', '.join(map(str, left))} (kanade-host dead-letters show ID says why)"
    )


command.add_command(_changing("replay", "Apply messages again, after the cause is mended."))
command.add_command(_changing("discard", "Delete messages for good."))
