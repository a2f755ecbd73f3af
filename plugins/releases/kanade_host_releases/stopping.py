"""How far rollouts are meant to go, and stopping one: additions of ours beside the routes of the contract."""

from __future__ import annotations

from kanade_host.plugin import Context, HttpError, Request
from kanade_host_releases import scopes
from kanade_host_releases.messages import (
    Before,
    BeforeQuery,
    RolloutScope,
    Targets,
    TargetsQuery,
    Withdrawal,
    Withdrawn,
)
from kanade_host_releases.texts import looked_up, told

MOST_TARGETS = 1_000


async def targets(request: Request) -> Targets:
    """GET /api/releases/targets."""
    query: TargetsQuery = request.query
    with told():
        found = await scopes.targets(request.ctx)
    return Targets(len(found), found[: max(0, min(query.limit, MOST_TARGETS))])


async def before(request: Request) -> Before:
    """GET /api/releases/targets/before."""
    query: BeforeQuery = request.query
    kind, _, value = query.scope.partition(":")
    if kind not in ("global", "group", "pc") or (kind == "global") == bool(value):
        raise HttpError(400, "scope: `global`, `group:NAME` or `pc:NAME`")
    scope = RolloutScope(kind, value or None)  # type: ignore[arg-type]
    return Before(await version_before(request.ctx, scope.key, query.version))


async def version_before(ctx: Context, key: str, version: str) -> str | None:
    """The target that a scope had before that version, if its binary can still be fetched."""
    with told():
        found = await scopes.before(ctx, key, version)
    if found is None:
        return None
    stored = await looked_up(ctx.bus.objects(scopes.STORE), scopes.STORE, found)
    return None if stored is None else found


async def withdraw(request: Request, body: Withdrawal) -> Withdrawn:
    """Set a scope back. The caller sees to it that no release goes meanwhile."""
    scope = body.scope
    to = await version_before(request.ctx, scope.key, body.version)
    with told():
        await scopes.set_back(request.ctx, scope.key, body.version, to)
    return Withdrawn(to, body.version, scope.key, scope.label)
