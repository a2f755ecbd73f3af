"""What an agent really does: all layers together (`contract/wire.md` 9)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kanade_host.plugin import BadJson, BadShape, LiveMap, Request, decode
from kanade_host_fleet.buckets import decoded, told
from kanade_host_fleet.memberships import BUCKET as MEMBERSHIPS
from kanade_host_fleet.memberships import normal
from kanade_host_fleet.messages import AgentGroups, ConfigScope, EffectiveAnswer, EffectiveConfig
from kanade_host_fleet.scopes import BUCKET, GLOBAL, GROUP_PREFIX, PC_PREFIX, stored_scope


def resolve(
    everywhere: ConfigScope, groups: Sequence[tuple[str, ConfigScope]], own: ConfigScope
) -> tuple[EffectiveConfig, list[str]]:
    """The effective configuration, and a warning for each key that several groups set.

    `groups` are in ascending byte order; of two layers that set a key the later one wins.
    """
    values = msgspec.structs.asdict(EffectiveConfig())
    setters: dict[str, list[str]] = {}
    for name, scope in [("", everywhere), *groups, ("", own)]:
        for key, value in msgspec.structs.asdict(scope).items():
            if value is not None:
                values[key] = value
                if name:
                    setters.setdefault(key, []).append(name)
    warnings = [
        f"multi-group conflict on `{key}` \u2014 set by [{', '.join(names)}];"
        f" alphabetical last wins (=> {names[-1]})"
        for key, names in sorted(setters.items())
        if len(names) > 1
    ]
    return EffectiveConfig(**values), warnings


async def effective_config(request: Request) -> EffectiveAnswer:
    """What one PC is configured to do, and by which conflicts; works for PCs that nobody knows."""
    pc_id = request.path["pc_id"]
    scopes, rows = request.ctx.watch(BUCKET), request.ctx.watch(MEMBERSHIPS)
    own, _ = await stored_scope(request, PC_PREFIX + pc_id)
    with told(BUCKET, "read ConfigScope"):
        await scopes.synced()
    with told(MEMBERSHIPS, f"read agent_groups for {pc_id}"):
        await rows.synced()
    everywhere = _scope(scopes, GLOBAL)
    problems: list[str] = []
    groups = [
        (name, scope)
        for name in groups_of(rows, pc_id, problems)
        if (scope := _group_scope(scopes, name, problems)) is not None
    ]
    effective, warnings = resolve(everywhere, groups, own)
    return EffectiveAnswer(pc_id, effective, warnings + problems)


def _scope(scopes: LiveMap, key: str) -> ConfigScope:
    entry = scopes.get(key)
    if entry is None or entry.value is None:
        return ConfigScope()
    return decoded(ConfigScope, entry.value, f"ConfigScope at {key}")


def _group_scope(scopes: LiveMap, group: str, problems: list[str]) -> ConfigScope | None:
    entry = scopes.get(GROUP_PREFIX + group)
    if entry is None or entry.value is None:
        return None
    try:
        return decode(ConfigScope, entry.value)
    except (BadJson, BadShape) as error:
        problems.append(f"scope `{GROUP_PREFIX}{group}` is ignored: it does not decode: {error.message}")
        return None


def groups_of(rows: LiveMap, pc_id: str, problems: list[str]) -> list[str]:
    """The groups of a PC by the live map; a row that does not decode becomes one of the problems."""
    entry = rows.get(pc_id)
    if entry is None or entry.value is None:
        return []
    try:
        return normal(decode(AgentGroups, entry.value).groups)
    except (BadJson, BadShape) as error:
        problems.append(f"the groups of `{pc_id}` are ignored: their row does not decode: {error.message}")
        return []
