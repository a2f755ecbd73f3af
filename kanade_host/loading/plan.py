"""From what is installed to what will run: one plan, made before anything starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pluggy

from kanade_host.loading.check import check
from kanade_host.loading.collect import Loaded, adopt, load, manager
from kanade_host.loading.find import choose, find
from kanade_host.loading.order import leave_out_unmet, order
from kanade_host.loading.state import Manifest, PluginState
from kanade_host.plugin.errors import OperatorError
from kanade_host.plugin.routes import Route


@dataclass(frozen=True, slots=True)
class Extra:
    """A plugin that is handed over as a module; it stands for an installed one of its name."""

    manifest: Manifest
    module: ModuleType


@dataclass(slots=True)
class Plan:
    """Every plugin's state, and those that take part in starting order."""

    states: list[PluginState]
    loaded: list[Loaded]
    plugins: pluggy.PluginManager
    warnings: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[PluginState]:
        """Plugins that were meant to run and cannot."""
        return [state for state in self.states if state.phase in ("failed", "incompatible")]

    def plugin_of(self, module: str) -> str | None:
        """Which plugin a module belongs to, by its top-level package."""
        top = module.partition(".")[0]
        for one in self.loaded:
            if one.module.__name__.partition(".")[0] == top:
                return one.name
        return None

    def fail(self, name: str, phase: str, reason: str) -> None:
        """Take a plugin out of the plan, with whoever requires it."""
        for state in self.states:
            if state.name == name and not state.out:
                state.fail(phase, reason)
        self.drop_out()

    def drop_out(self) -> None:
        """Take out whoever requires a plugin that is out, and forget those that are out."""
        leave_out_unmet([one.state for one in self.loaded], {state.name: state for state in self.states})
        self.loaded = [one for one in self.loaded if not one.state.out]


def make_plan(
    *,
    disabled: Sequence[str] = (),
    only: Sequence[str] | None = None,
    tables: Mapping[str, Mapping[str, Any]] | None = None,
    left_out: Mapping[str, str] | None = None,
    extra: Sequence[Extra] = (),
    host_routes: Sequence[Route] = (),
    safe: bool = False,
    importing: Callable[[str | None], None] = lambda _: None,
) -> Plan:
    """Find, choose, order, import, collect and check. Never raises for what a plugin does.

    `tables` are the raw `[plugins.NAME]`; `left_out` maps names to the reason why the last start
    showed that they must stay out. `safe` lets essential ones take part alone. `importing` hears whose
    code runs from now on, and None when that of nobody does.
    """
    tables = tables or {}
    modules = {one.manifest.name: one.module for one in extra}
    states = [state for state in find() if state.name not in modules]
    warnings = choose(states, disabled, only, safe)
    states += [PluginState(one.manifest) for one in extra]
    for state in states:
        reason = (left_out or {}).get(state.name)
        if reason and not state.out:
            state.fail("last start", reason)
    plugins = manager()
    plan = Plan(states, [], plugins, warnings)
    for state in order(states):
        importing(state.name)
        table = dict(tables.get(state.name, {}))
        if state.name in modules:
            loaded = adopt(state, modules[state.name], plugins, table)
        else:
            loaded = load(state, plugins, table)
        if loaded is not None:
            plan.loaded.append(loaded)
    importing(None)
    plan.drop_out()
    for conflict in check(plan.loaded, host_routes):
        plan.fail(conflict.plugin, "checked", conflict.reason)
    for one in plan.loaded:
        one.state.enter("checked")
    plan.warnings += _tables_without_plugin(tables, states)
    return plan


def _tables_without_plugin(tables: Mapping[str, Any], states: Sequence[PluginState]) -> list[str]:
    known = {state.name for state in states}
    return [
        f"[plugins.{name}] is there, but no such plugin is installed" for name in tables if name not in known
    ]


def refuse(plan: Plan, *, strict: bool) -> None:
    """Raise one `OperatorError` that names every failed plugin, where they are essential or all must run."""
    fatal = [state for state in plan.failed if strict or state.manifest.essential]
    if not fatal:
        return
    lines = [
        f"  {state.name} ({state.manifest.distribution} {state.manifest.version}):"
        f" {state.phase} in {state.failed_in or state.phase}: {state.reason}"
        for state in fatal
    ]
    why = "[plugins] strict = true" if strict else "a plugin that the rest cannot do without"
    raise OperatorError(
        f"the start is refused ({why}); mend or switch off with [plugins] disabled:\n" + "\n".join(lines)
    )
