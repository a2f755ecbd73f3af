"""The layers of one PC's configuration side by side, so that one sees which of them a value comes from."""

from __future__ import annotations

import msgspec

from kanade_host.plugin import BadJson, BadShape, LiveMap, Request, decode
from kanade_host_fleet.buckets import told
from kanade_host_fleet.effective import groups_of, resolve
from kanade_host_fleet.memberships import BUCKET as MEMBERSHIPS
from kanade_host_fleet.messages import ConfigScope, EffectiveConfig
from kanade_host_fleet.scopes import BUCKET, GLOBAL, GROUP_PREFIX, PC_PREFIX


class Layer(msgspec.Struct, frozen=True):
    """One scope. `kind`: global, group or pc; `revision`: null where the scope is not set.

    `error`: why it is ignored (it does not decode).
    """

    kind: str
    name: str
    revision: int | None
    scope: ConfigScope
    error: str | None


class Layers(msgspec.Struct, frozen=True):
    """From the weakest to the strongest; of two that set a key the later one wins."""

    pc_id: str
    defaults: EffectiveConfig
    layers: list[Layer]
    effective: EffectiveConfig
    warnings: list[str]


async def config_layers(request: Request) -> Layers:
    """All layers that count for one PC, and what comes out; works for PCs that nobody knows."""
    pc_id = request.path["pc_id"]
    scopes, rows = request.ctx.watch(BUCKET), request.ctx.watch(MEMBERSHIPS)
    with told(BUCKET, f"read ConfigScope at {PC_PREFIX}{pc_id}"):
        await scopes.synced()
    with told(MEMBERSHIPS, f"read agent_groups for {pc_id}"):
        await rows.synced()
    problems: list[str] = []
    groups = [_layer(scopes, "group", name, GROUP_PREFIX + name) for name in groups_of(rows, pc_id, problems)]
    everywhere = _layer(scopes, "global", "", GLOBAL)
    own = _layer(scopes, "pc", pc_id, PC_PREFIX + pc_id)
    effective, warnings = resolve(everywhere.scope, [(one.name, one.scope) for one in groups], own.scope)
    return Layers(pc_id, EffectiveConfig(), [everywhere, *groups, own], effective, warnings + problems)


def _layer(scopes: LiveMap, kind: str, name: str, key: str) -> Layer:
    entry = scopes.get(key)
    if entry is None or entry.value is None:
        return Layer(kind, name, None, ConfigScope(), None)
    try:
        return Layer(kind, name, entry.revision, decode(ConfigScope, entry.value), None)
    except (BadJson, BadShape) as error:
        return Layer(kind, name, entry.revision, ConfigScope(), error.message)
