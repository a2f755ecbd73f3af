"""An execution looked back at: who ended how, for whoever repeats it."""

from __future__ import annotations

import sqlite3

from kanade_host.plugin import Context
from kanade_host_results.api import Past
from kanade_host_results.outcome import ENDED, outcome

NOT_STARTED = "not_started"
EXECUTION = (
    "SELECT e.job_id, e.version, e.status, p.expected, p.waiting + p.running AS open FROM executions AS e"
    " LEFT JOIN execution_plans AS p ON p.exec_id = e.exec_id WHERE e.exec_id = ?"
)
TARGETS = "SELECT pc_id, state, result_id FROM execution_targets WHERE exec_id = ? ORDER BY pc_id"
# Of error outputs only those are read that may say more than the code.
RESULTS = (
    "SELECT pc_id, exit_code, CASE WHEN exit_code IN (-1, 124, 125, 126, 127) THEN stderr ELSE '' END"
    " FROM execution_results WHERE exec_id = ? AND finished_at IS NOT NULL ORDER BY pc_id, rowid"
)


async def past(ctx: Context, exec_id: str) -> Past | None:
    """None: there is no such execution."""
    found = await ctx.query(EXECUTION, (exec_id,))
    if not found:
        return None
    row = found[0]
    if row["expected"]:
        ended = row["open"] == 0
        pcs = _by_target(await ctx.query(TARGETS, (exec_id,)))
    else:
        ended = row["status"] in ("completed", "expired")
        pcs = _by_result(await ctx.query(RESULTS, (exec_id,)))
    return Past(exec_id, row["job_id"], row["version"], ended, pcs)


def _by_target(rows: list[sqlite3.Row]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pc_id, state, result_id in rows:
        found.setdefault(state, []).append(pc_id)
        if result_id is None and state in ENDED:
            found.setdefault(NOT_STARTED, []).append(pc_id)
    return found


def _by_result(rows: list[sqlite3.Row]) -> dict[str, list[str]]:
    """By the last result of each PC."""
    last = {pc_id: outcome(exit_code, stderr)[0] for pc_id, exit_code, stderr in rows}
    found: dict[str, list[str]] = {}
    for pc_id, state in last.items():
        found.setdefault(state, []).append(pc_id)
    return found
