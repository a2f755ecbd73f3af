"""The simulator plugin: one command, nothing in the running host."""

from __future__ import annotations

from collections.abc import Sequence

import click

from kanade_host.plugin import hookimpl
from kanade_host_simulator.command import simulate


@hookimpl
def kanade_commands() -> Sequence[click.Command]:
    return [simulate]
