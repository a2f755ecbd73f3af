"""In which order plugins start, and who stays out because what it requires is not there."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from kanade_host.loading.state import PluginState


def order(states: Iterable[PluginState]) -> list[PluginState]:
    """Those that take part, in starting order: what one requires or comes after stands before it."""
    taking_part = {state.name: state for state in states if not state.out}
    leave_out_unmet(taking_part.values(), {state.name: state for state in states})
    taking_part = {name: state for name, state in taking_part.items() if not state.out}
    while True:
        graph = {
            name: [other for other in _before(state) if other in taking_part]
            for name, state in sorted(taking_part.items(), key=_ours_first)
        }
        try:
            return [taking_part[name] for name in TopologicalSorter(graph).static_order()]
        except CycleError as error:
            circle = list(dict.fromkeys(error.args[1]))
            for name in circle:
                taking_part.pop(name).fail(
                    "found", f"requirements go in a circle: {' -> '.join(error.args[1])}"
                )


def _ours_first(item: tuple[str, PluginState]) -> tuple[bool, str]:
    """Where two claim the same thing, a plugin from outside does not take it from one of ours."""
    name, state = item
    return state.manifest.foreign, name


def _before(state: PluginState) -> list[str]:
    return [*state.manifest.requires, *state.manifest.after]


def leave_out_unmet(candidates: Iterable[PluginState], everyone: dict[str, PluginState]) -> list[PluginState]:
    """Fail whoever requires a plugin that is absent or out, again until nothing changes."""
    candidates = list(candidates)
    failed = []
    changed = True
    while changed:
        changed = False
        for state in candidates:
            if state.out:
                continue
            reason = _unmet(state, everyone)
            if reason:
                state.fail("requires", reason)
                failed.append(state)
                changed = True
    return failed


def _unmet(state: PluginState, everyone: dict[str, PluginState]) -> str:
    for name in state.manifest.requires:
        other = everyone.get(name)
        if other is None:
            return f"it requires the plugin {name!r}, which is not installed"
        if other.out:
            return f"it requires the plugin {name!r}, which is {other.phase}: {other.reason}"
    return ""
