"""What commands print: tables for people, JSON for scripts, never both."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")

_COLOURS = {
    "running": "green",
    "applied": "green",
    "checked": "green",
    "degraded": "yellow",
    "waiting": "yellow",
    "paused": "red",
    "pending": "yellow",
    "failed": "red",
    "incompatible": "red",
    "edited": "red",
    "unknown": "red",
    "disabled": "bright_black",
}


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def printable(text: str) -> str:
    """Text from elsewhere: control characters are shown, not sent to the terminal."""
    return "".join(
        c if unicodedata.category(c) not in ("Cc", "Cf") or c in "\n\t" else repr(c)[1:-1] for c in text
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[Any]], *, colour: int | None = None) -> None:
    """Columns as wide as they need; the column `colour` is coloured by its word."""
    texts = [
        [printable(str("" if cell is None else cell)).replace("\n", " ") for cell in row] for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(headings, *texts, strict=True)]
    click.secho("  ".join(h.ljust(w) for h, w in zip(headings, widths)).rstrip(), bold=True)
    for row in texts:
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        if colour is not None:
            cells[colour] = click.style(cells[colour], fg=_COLOURS.get(row[colour]))
        click.echo("  ".join(cells).rstrip())
