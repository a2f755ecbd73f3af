"""The simulator plugin: two commands, nothing in the running host."""

from __future__ import annotations

from collections.abc import Sequence

import click

from kanade_host.plugin import hookimpl
from kanade_host_simulator.command import simulate
from kanade_host_simulator.furnish import furnish


@hookimpl
def kanade_commands() -> Sequence[click.Command]:
    return [simulate, furnish]
