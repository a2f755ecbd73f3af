"""Find installed plugins by their entry points, reading static files only: nothing is imported here."""

from __future__ import annotations

import difflib
import importlib.util
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import importlib_metadata
import msgspec
import structlog

from kanade_host import __version__
from kanade_host.loading.state import Manifest, PluginState
from kanade_host.plugin.versions import refusal

GROUP = "kanade_host.plugins"
RESERVED = ("host", "kit")
"""Owners of the host's own rows, and of the test kit."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
log = structlog.get_logger("kanade_host.loading")


class _Static(msgspec.Struct, forbid_unknown_fields=True):
    """`kanade-plugin.toml`."""

    name: str
    title: str
    api: str
    requires: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    essential: bool = False


def is_name(text: str) -> bool:
    """Whether a plugin may be called so."""
    return _NAME.fullmatch(text) is not None


def find() -> list[PluginState]:
    """Every installed plugin, sorted by name; those that cannot even be read are there as failed."""
    states: dict[str, PluginState] = {}
    points = importlib_metadata.entry_points(group=GROUP)
    for point in sorted(points, key=lambda p: (p.name, _distribution(p)[0])):
        state = _read(point)
        if state.name in states:
            _name_both(states, state)
            continue
        states[state.name] = state
    return sorted(states.values(), key=lambda state: state.name)


def _distribution(point: importlib_metadata.EntryPoint) -> tuple[str, str]:
    found = getattr(point, "dist", None)
    return (found.name, found.version) if found is not None else ("unknown", "0")


def _read(point: importlib_metadata.EntryPoint) -> PluginState:
    distribution, version = _distribution(point)
    module = point.value.partition(":")[0].strip()
    bare = Manifest(point.name, point.name, module, distribution, version)
    try:
        folder = _folder(module)
        static = msgspec.convert(tomllib.loads((folder / "kanade-plugin.toml").read_text("utf-8")), _Static)
    except Exception as error:
        state = PluginState(bare)
        state.fail("found", f"kanade-plugin.toml of {distribution} cannot be read: {error}")
        return state
    manifest = Manifest(
        static.name,
        static.title,
        module,
        distribution,
        version,
        static.api,
        static.requires,
        static.after,
        static.essential,
        foreign=not distribution.replace("_", "-").startswith("kanade-host-"),
    )
    state = PluginState(manifest)
    if static.name in RESERVED or not is_name(static.name):
        state.fail("found", f"{static.name!r} cannot be a plugin's name: a-z, 0-9, _ and -, not {RESERVED}")
    elif static.name != point.name:
        state.fail(
            "found", f"the entry point is called {point.name!r}, kanade-plugin.toml says {static.name!r}"
        )
    elif (refused := refusal(static.api, __version__)) is not None:
        state.leave_out("incompatible", refused)
    return state


def _folder(module: str) -> Path:
    """Where the top-level package lies; finding a top-level package imports nothing."""
    top = module.partition(".")[0]
    spec = importlib.util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"package {top} is not installed")
    return Path(next(iter(spec.submodule_search_locations)))


def _name_both(states: dict[str, PluginState], second: PluginState) -> None:
    """Two distributions claim one name: the first by name of distribution stays, both are named."""
    first = states[second.name]
    reason = (
        f"the name {second.name!r} is taken by {first.manifest.distribution};"
        f" uninstall one of {first.manifest.distribution} and {second.manifest.distribution}"
    )
    second.fail("found", reason)
    states[f"{second.name}@{second.manifest.distribution}"] = second


def choose(
    states: Iterable[PluginState], disabled: Iterable[str], only: Iterable[str] | None, safe: bool = False
) -> list[str]:
    """Mark what the configuration switches off; answers warnings about names that nobody has.

    `safe`: whatever is not essential is switched off too.
    """
    states = list(states)
    names = {state.name for state in states}
    wanted = None if only is None else set(only)
    unwanted = set(disabled)
    for state in states:
        if state.out:
            continue
        if state.name in unwanted:
            state.leave_out("disabled", "[plugins] disabled names it")
        elif safe and not state.manifest.essential:
            state.leave_out("disabled", "the host was started with --safe: essential plugins alone")
        elif wanted is not None and state.name not in wanted:
            state.leave_out("disabled", "[plugins] only does not name it")
    missing = sorted((unwanted | (wanted or set())) - names)
    return [f"[plugins] names {name!r}, which is not installed{_near(name, names)}" for name in missing]


def _near(name: str, names: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, sorted(names), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
