"""Each PC's newest success of a job, kept as results come (`contract/scheduler.md` 7)."""

from __future__ import annotations

from collections.abc import Iterable

from kanade_host.plugin import Context, Instant, Tx, insert_rows
from kanade_host_results.messages import ExecResult

LAST_SUCCESS = "SELECT pc_id, finished_at FROM result_successes WHERE job_id = ?"
_NOTE = (
    "INSERT INTO result_successes (job_id, pc_id, finished_at) VALUES (?, ?, ?)"
    " ON CONFLICT (job_id, pc_id) DO UPDATE SET finished_at = excluded.finished_at"
    " WHERE excluded.finished_at > finished_at"
)


def note_successes(tx: Tx, bodies: Iterable[ExecResult]) -> None:
    """Keep the newest success of each job on each PC; whoever fired it, whichever version."""
    newest: dict[tuple[str, str], str] = {}
    for body in bodies:
        if body.exit_code == 0 and body.manifest_id is not None and body.pc_id:
            key = (body.manifest_id, body.pc_id)
            newest[key] = max(newest.get(key, ""), body.finished_at.stored)
    if newest:
        insert_rows(tx, _NOTE, [(*key, finished_at) for key, finished_at in newest.items()])


async def last_success(ctx: Context, job_id: str) -> dict[str, Instant]:
    """pc_id -> its newest success by the agent's clock; unreadable times (of other hands) do not count."""
    found = {}
    for pc_id, finished_at in await ctx.query(LAST_SUCCESS, (job_id,)):
        at = Instant.from_stored(finished_at)
        if at is not None:
            found[pc_id] = at
    return found
