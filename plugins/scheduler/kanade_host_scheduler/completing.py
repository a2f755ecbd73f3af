"""Disabling a schedule that has done its work (`contract/scheduler.md` 8.3)."""

from __future__ import annotations

import msgspec

from kanade_host.plugin import Context, KanadeError, RevisionConflict, audit
from kanade_host_scheduler.schedule import Schedule, stored

BUCKET, MIRROR = "schedules", "schedules_yaml"
MODES = {"once_per_pc": "OncePerPc", "once_per_target": "OncePerTarget"}


async def complete(ctx: Context, schedule: Schedule, revision: int) -> bool:
    """Disable it, unless somebody has written it since; False where that did not happen."""
    done = msgspec.structs.replace(schedule, enabled=False)
    try:
        await ctx.bus.kv(BUCKET).update(schedule.id, stored(done), revision)
    except RevisionConflict:
        ctx.log.info("a schedule was changed while it completed; it stays as it is", schedule=schedule.id)
        return False
    except KanadeError as error:
        ctx.log.warning("a completed schedule stays enabled", schedule=schedule.id, reason=str(error))
        return False
    await drop_mirror(ctx, schedule.id)
    at = ctx.clock.now()
    payload = {"job_id": schedule.job_id, "mode": MODES[schedule.mode]}
    await ctx.write(
        lambda tx: audit(
            tx,
            at,
            "schedule_completed",
            schedule.id,
            payload,
            actor="scheduler",
            id=f"schedule-completed-{schedule.id}-{revision}",
        )
    )
    return True


async def drop_mirror(ctx: Context, id: str) -> None:
    """What the mirror says of `enabled` is not true any more: the dump answers instead. Best effort."""
    try:
        await ctx.bus.kv(MIRROR).delete(id)
    except KanadeError as error:
        ctx.log.warning("an old YAML mirror may be left", schedule=id, reason=str(error))
