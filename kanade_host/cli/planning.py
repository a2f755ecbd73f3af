"""What would run with a configuration, worked out without starting anything."""

from __future__ import annotations

from collections.abc import Iterable

from kanade_host.config import Config
from kanade_host.config.model import Plugins
from kanade_host.loading.find import find
from kanade_host.loading.plan import Plan, make_plan
from kanade_host.store.errors import MigrationFailed
from kanade_host.store.ownership import inspect
from kanade_host.store.scripts import PluginMigrations


def plan_of(config: Config | None) -> Plan:
    """The plan; plugins are imported, nothing is started. Without configuration: all that is installed."""
    chosen = config.plugins if config is not None else Plugins()
    return make_plan(disabled=chosen.disabled, only=chosen.only, tables=chosen.tables)


def migrations_of(plan: Plan) -> list[PluginMigrations]:
    """The migrations of all plugins that take part, as the store wants them."""
    return [
        PluginMigrations(one.name, one.migrations.folder, one.migrations.kept, one.state.manifest.foreign)
        for one in plan.loaded
        if one.migrations is not None
    ]


def with_tables(plan: Plan) -> None:
    """Try all migrations in a scratch database, as a start does; those that fail are out of the plan."""
    for name, found in inspect(migrations_of(plan)).items():
        if isinstance(found, MigrationFailed):
            plan.fail(name, "migrated", found.reason)
            continue
        for one in plan.loaded:
            if one.name == name:
                one.state.contributes["tables"] = list(found.tables)


def goes_too(name: str, switched_off: Iterable[str] = ()) -> list[str]:
    """Which other plugins cannot run when that one is switched off, directly or through others."""
    gone = {name, *switched_off}
    states = [state for state in find() if state.name not in gone]
    lost: list[str] = []
    changed = True
    while changed:
        changed = False
        for state in states:
            if state.name not in lost and any(one in (name, *lost) for one in state.manifest.requires):
                lost.append(state.name)
                changed = True
    return sorted(lost)
