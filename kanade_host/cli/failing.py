"""How a command fails: what happened, why, and an exit status that a script can use (host.md 2)."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from kanade_host.config.errors import ConfigError
from kanade_host.platform.exits import Exit


def chain(text: str, causes: Sequence[str]) -> str:
    """`Error: …`, and below it `Caused by:` with the causes, numbered when there are several."""
    lines = [f"Error: {text}"]
    if causes:
        lines += ["", "Caused by:"]
    for number, cause in enumerate(causes):
        head = f"    {number}: " if len(causes) > 1 else "    "
        lines.append(head + cause.replace("\n", "\n" + " " * len(head)))
    return "\n".join(lines)


def report(error: BaseException, hint: str = "") -> int:
    """Say on standard error what ended the program; answers the exit status."""
    if isinstance(error, ConfigError):
        text = chain(error.text, error.causes)
    else:
        text = chain(str(error) or type(error).__name__, [])
    click.echo(text, err=True)
    if hint:
        click.echo(f"\n{hint}", err=True)
    sys.stderr.flush()
    return Exit.FAILED
