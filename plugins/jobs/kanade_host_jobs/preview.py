"""What a fire would do, without firing: exactly which PCs, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec

from kanade_host.plugin import U32, BrokerUnavailable, Context, Request
from kanade_host_jobs.addressing import Fleet
from kanade_host_jobs.approval_rows import UNKNOWN_AUTHOR
from kanade_host_jobs.broker_limits import away
from kanade_host_jobs.firing import Order
from kanade_host_jobs.work import work_of

MOST = 100_000
NO_EXEC = "00000000-0000-0000-0000-000000000000"


class PreviewQuery(msgspec.Struct, frozen=True):
    """How many names are listed, of each kind."""

    limit: Annotated[U32, msgspec.Meta(description=f"At most {MOST} are given.")] = 10_000


class Named(msgspec.Struct, frozen=True):
    """PCs by name; `count` is of all, `pcs` may be fewer."""

    count: int
    pcs: list[str]


class GroupMembers(msgspec.Struct, frozen=True):
    """A group of the plan, as it is now."""

    name: str
    members: int


class WavePreview(msgspec.Struct, frozen=True):
    """What goes out together. `delay_secs` counts from the fire."""

    delay_secs: float
    pcs: int


class Obstacle(msgspec.Struct, frozen=True):
    """Why the fire would not go out at once. `why`: paused, frozen, approval, author.

    `author` comes beside `approval`, where nobody can give that before the job is saved once more.
    """

    why: str
    text: str


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a fire would do now.

    `expected`: the PCs that it waits for · `unknown`: those among them that never sent a heartbeat ·
    `offline`: known, and not heard for two minutes · `duplicates`: how often a PC was named once more ·
    `batches`: how many PCs each has · `commands`: messages, with `bytes` of each · `obstacles`: what stands
    against firing.
    """

    job_id: str
    version: str
    expected: Named
    unknown: Named
    offline: Named
    duplicates: int
    groups: list[GroupMembers]
    waves: list[WavePreview]
    batches: list[int]
    commands: int
    bytes: int
    obstacles: list[Obstacle]
    warnings: list[str]


async def preview(request: Request) -> Preview:
    """POST /api/exec/{job_id}/preview: all checks of a fire; writes and sends nothing."""
    ctx, plan = request.ctx, request.body
    limit = min(request.query.limit, MOST)
    firing = work_of(ctx).catalog.firing
    try:
        order = await firing.prepare(request.path["job_id"], plan, NO_EXEC)
    except BrokerUnavailable as error:
        raise away(error) from None
    return await _preview(ctx, order, firing.fleet(), limit)


async def _preview(ctx: Context, order: Order, fleet: Fleet, limit: int) -> Preview:
    addressing = order.addressing
    known = set(await fleet.known())
    online = await _online(ctx)
    unknown = [pc_id for pc_id in addressing.expected if pc_id not in known]
    offline = [pc_id for pc_id in addressing.expected if pc_id in known and pc_id not in online]
    return Preview(
        job_id=order.manifest.id,
        version=order.manifest.version,
        expected=_named(addressing.expected, limit),
        unknown=_named(unknown, limit),
        offline=_named(offline, limit),
        duplicates=max(addressing.named - len(addressing.expected), 0),
        groups=[GroupMembers(name, members) for name, members in addressing.groups.items()],
        waves=[WavePreview(delay / 10**9, pcs) for pcs, delay in addressing.waves],
        batches=[] if order.batching is None else [batch.commands for batch in order.batches()],
        commands=len(addressing.messages),
        bytes=order.form.size,
        obstacles=await _obstacles(ctx, order),
        warnings=order.warnings,
    )


async def _obstacles(ctx: Context, order: Order) -> list[Obstacle]:
    firing = work_of(ctx).catalog.firing
    found = [Obstacle(why, text) for why, text in await firing.gate.obstacles(order.reached)]
    if firing.approvals.needed(order.manifest):
        found.append(Obstacle("approval", "it waits until somebody else approves it"))
        if await firing.approvals.author(order) is None:
            found.append(Obstacle("author", UNKNOWN_AUTHOR))
    return found


async def _online(ctx: Context) -> set[str]:
    agents: Any = ctx.find("heartbeat.agents")
    return set() if agents is None else set(await agents.online())


def _named(pcs: Iterable[str], limit: int) -> Named:
    listed = list(pcs)
    return Named(len(listed), listed[:limit])
