"""A new version of a job that agents fire by themselves (`contract/scheduler.md` 11).

Agents skip a version that is not the one in `script_current`, and only a fire of the host writes that bucket.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from kanade_host.plugin import BadJson, BadShape, Context, KanadeError, decode
from kanade_host_jobs.api import Manifest


class _Schedule(msgspec.Struct, frozen=True):
    """As little as says whether agents fire the job."""

    job_id: str
    enabled: bool = True
    runs_on: Literal["backend", "agent"] = "backend"


async def pin_saved(ctx: Context, manifest: Manifest) -> None:
    """Write the version that was just saved, where another one is pinned and agents fire the job.

    The job is saved already: what stands against it is logged.
    """
    try:
        pinned = await ctx.bus.kv("script_current").get(manifest.id)
        wanted = manifest.version.encode()
        if pinned is None or pinned.value == wanted or not await _fired_by_agents(ctx, manifest.id):
            return
        await ctx.bus.kv("script_current").put(manifest.id, wanted)
    except KanadeError as error:
        ctx.log.warning("the version pin was not written", job_id=manifest.id, reason=str(error))


async def _fired_by_agents(ctx: Context, job_id: str) -> bool:
    for entry in await ctx.bus.kv("schedules").entries():
        try:
            found = decode(_Schedule, entry.value or b"")
        except (BadJson, BadShape):
            continue
        if (found.job_id, found.enabled, found.runs_on) == (job_id, True, "agent"):
            return True
    return False
