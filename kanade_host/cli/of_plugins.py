"""Sub-commands that plugins bring (`kanade_commands`)."""

from __future__ import annotations

from functools import cache

import click

from kanade_host.config import find, load
from kanade_host.config.model import Plugins
from kanade_host.loading.collect import Rejected, call
from kanade_host.loading.plan import make_plan
from kanade_host.observe.logs import setup_console
from kanade_host.plugin.errors import KanadeError


def _chosen() -> Plugins:
    """What the configuration switches off, if there is one that can be read."""
    try:
        return load(find()).plugins
    except KanadeError:
        return Plugins()


@cache
def plugin_commands() -> dict[str, click.Command]:
    """By name; what one plugin does wrong costs its own commands only."""
    setup_console("off")  # whoever asks for help does not want to read what plugins lack
    chosen = _chosen()
    plan = make_plan(disabled=chosen.disabled, only=chosen.only)
    found: dict[str, click.Command] = {}
    for loaded in plan.loaded:
        try:
            given = call(plan.plugins, loaded.name, "kanade_commands") or ()
        except Rejected as error:
            click.echo(f"Warning: commands of plugin {loaded.name}: {error}", err=True)
            continue
        for one in given:
            if isinstance(one, click.Command) and one.name:
                found.setdefault(one.name, one)
    return found
