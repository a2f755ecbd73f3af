"""Conflicts between plugins, found before anything starts; one report names both owners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kanade_host.loading.collect import Loaded
from kanade_host.plugin.errors import PluginError
from kanade_host.plugin.routes import Route
from kanade_host.plugin.subscriptions import Projection, Samples
from kanade_host.web.endpoint import checked
from kanade_host.web.matching import conflicts


@dataclass(frozen=True, slots=True)
class Conflict:
    """`plugin` cannot run because `owner` has what it claims."""

    plugin: str
    owner: str
    reason: str


HOST = "host"


def check(loaded: Sequence[Loaded], host_routes: Sequence[Route] = ()) -> list[Conflict]:
    """All conflicts. What two claim stays with the one that comes first in order, the host before all."""
    bad = [*unservable(loaded), *_unreachable(loaded, host_routes)]
    refused = {one.plugin for one in bad}
    sound = [one for one in loaded if one.name not in refused]
    found = [*bad, *_names(sound), *clashing(sound, host_routes), *misnamed(sound), *_after(sound)]
    first: dict[str, Conflict] = {}
    for one in found:
        first.setdefault(one.plugin, one)
    return list(first.values())


def unservable(loaded: Sequence[Loaded]) -> list[Conflict]:
    """Routes that cannot be served at all."""
    found = []
    for one in loaded:
        for route in one.routes:
            try:
                checked(route)
            except PluginError as error:
                found.append(Conflict(one.name, one.name, f"route {route.method} {route.path}: {error}"))
    return found


def _unreachable(loaded: Sequence[Loaded], host_routes: Sequence[Route]) -> list[Conflict]:
    """Pages that need a permission which neither the plugin's routes have nor the host's."""
    hosts = _permissions(host_routes)
    return [
        Conflict(
            one.name, one.name, f"page {page.id!r} needs {page.permission!r}, which none of its routes has"
        )
        for one in loaded
        for page in one.pages
        if page.permission is not None and page.permission not in hosts | _permissions(one.routes)
    ]


def _permissions(routes: Sequence[Route]) -> set[str]:
    return {route.permission.name for route in routes if route.permission}


def _claims(one: Loaded) -> list[tuple[str, str]]:
    claims = [("page", page.id) for page in one.pages]
    if one.site is not None:
        claims.append(("site", "/"))
    for sub in one.subscriptions:
        if isinstance(sub, Projection):
            claims += [("projection", sub.name), ("durable", f"{sub.durable} on {sub.stream}")]
        elif isinstance(sub, Samples):
            claims.append(("projection", sub.name))
    claims += [("resource", f"{type(resource).__name__} {resource.name}") for resource in one.resources]
    return claims


def _names(loaded: Sequence[Loaded]) -> list[Conflict]:
    owners: dict[tuple[str, str], str] = {}
    permissions: dict[str, tuple[str, int]] = {}
    found = []
    for one in loaded:
        for claim in _claims(one):
            owner = owners.setdefault(claim, one.name)
            if owner != one.name:
                found.append(
                    Conflict(one.name, owner, f"{claim[0]} {claim[1]!r} belongs to plugin {owner!r}")
                )
        for route in one.routes:
            permission = route.permission
            if permission is None:
                continue
            owner, role = permissions.setdefault(permission.name, (one.name, int(permission.role)))
            if owner != one.name:
                found.append(
                    Conflict(one.name, owner, f"permission {permission.name!r} belongs to plugin {owner!r}")
                )
            elif role != permission.role:
                found.append(
                    Conflict(
                        one.name, one.name, f"permission {permission.name!r} is given two different roles"
                    )
                )
    return found


def clashing(loaded: Sequence[Loaded], host_routes: Sequence[Route] = ()) -> list[Conflict]:
    """Routes that match what another route matches already."""
    owned = [(HOST, route) for route in host_routes]
    owned += [(one.name, route) for one in loaded for route in one.routes]
    found = []
    for (owner, first), (plugin, second) in conflicts(owned):
        found.append(
            Conflict(
                plugin,
                owner,
                f"route {second.method} {second.path} clashes with {first.method} {first.path} of {owner!r}",
            )
        )
    return found


def misnamed(loaded: Sequence[Loaded]) -> list[Conflict]:
    """A plugin from outside lives under its own name."""
    return [
        Conflict(one.name, one.name, f"{what} of a plugin from outside must begin with {prefix!r}")
        for one in loaded
        if one.state.manifest.foreign
        for what, given, prefix in _named(one)
        if not (given.lower().startswith(prefix) or given.lower() == prefix[:-1])
    ]


def _named(one: Loaded) -> list[tuple[str, str, str]]:
    """Everything that a plugin gives a name: what it is, its name, and how that has to begin."""
    dotted, scored = f"{one.name}.", f"{one.name.replace('-', '_')}_"
    named = [(f"route {route.path}", route.path, f"/api/{one.name}/") for route in one.routes]
    permissions = {route.permission.name for route in one.routes if route.permission}
    named += [(f"permission {permission!r}", permission, dotted) for permission in sorted(permissions)]
    for sub in one.subscriptions:
        if isinstance(sub, Projection | Samples):
            named.append((f"projection {sub.name!r}", sub.name, dotted))
        if isinstance(sub, Projection):
            named.append((f"durable {sub.durable!r}", sub.durable, scored))
    named += [(f"page {page.id!r}", page.id, dotted) for page in one.pages]
    named += [(f"{type(made).__name__.lower()} {made.name!r}", made.name, scored) for made in one.resources]
    return named


def _after(loaded: Sequence[Loaded]) -> list[Conflict]:
    """A projection comes after one of the same stream, or waits for ever; and never after itself."""
    all = {
        sub.name: (one.name, sub)
        for one in loaded
        for sub in one.subscriptions
        if isinstance(sub, Projection)
    }
    found = []
    for plugin, sub in all.values():
        seen = [sub.name]
        while (name := all[seen[-1]][1].after) in all:
            owner, ahead = all[name]
            if ahead.stream != sub.stream:
                reason = f"reads {sub.stream}, and comes after {name!r}, which reads {ahead.stream}"
                found.append(Conflict(plugin, owner, f"projection {sub.name!r} {reason}"))
                break
            if name in seen:
                found.append(Conflict(plugin, owner, f"projection {sub.name!r} comes after itself: {seen}"))
                break
            seen.append(name)
    return found
