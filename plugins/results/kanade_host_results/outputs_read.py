"""Equal outputs of one execution, told by their digests alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from kanade_host.plugin import Context
from kanade_host_results.answers import OutputGroup, Outputs

PCS_SHOWN = 20
SUMMARY = (
    "SELECT count(DISTINCT output), count(*) - count(output) FROM execution_targets"
    " WHERE exec_id = (SELECT exec_id FROM executions WHERE exec_id = ?)"
)
GROUPS = (
    "SELECT output, max(exit_code) AS exit_code, count(*) AS number, min(pc_id) AS first"
    " FROM execution_targets WHERE exec_id = ? AND output IS NOT NULL"
    " GROUP BY output ORDER BY number DESC, first LIMIT ?"
)
MEMBERS = (
    "SELECT output, pc_id, result_id FROM (SELECT output, pc_id, result_id,"
    " row_number() OVER (PARTITION BY output ORDER BY pc_id) AS place FROM execution_targets"
    " WHERE exec_id = ? AND output IN ({})) WHERE place <= ? ORDER BY output, place"
)
TEXTS = (
    "SELECT result_id, substr(stdout, 1, ?), substr(stderr, 1, ?) FROM execution_results"
    " WHERE result_id IN ({})"
)


async def outputs(ctx: Context, exec_id: str, limit: int, characters: int) -> Outputs | None:
    """The largest groups with their first PCs and one text each. None: there is no such execution."""
    if not await ctx.query("SELECT 1 FROM executions WHERE exec_id = ?", (exec_id,)):
        return None
    total, without = (await ctx.query(SUMMARY, (exec_id,)))[0]
    groups = await ctx.query(GROUPS, (exec_id, limit))
    members = await _members(ctx, exec_id, [row["output"] for row in groups])
    texts = await _texts(ctx, [members[row["output"]][0][1] for row in groups], characters)
    listed = []
    for row in groups:
        own = members[row["output"]]
        result_id = own[0][1]
        stdout, stderr = texts.get(result_id, (None, None))
        listed.append(
            OutputGroup(
                output=bytes(row["output"]).hex(),
                exit_code=row["exit_code"],
                count=row["number"],
                pcs=[pc_id for pc_id, _ in own],
                result_id=result_id,
                stdout=stdout,
                stderr=stderr,
            )
        )
    return Outputs(groups_total=total, without=without, groups=listed)


async def _members(
    ctx: Context, exec_id: str, digests: Sequence[bytes]
) -> dict[bytes, list[tuple[str, str | None]]]:
    found: dict[bytes, list[tuple[str, str | None]]] = {}
    if digests:
        sql = MEMBERS.format(",".join("?" * len(digests)))
        for row in await ctx.query(sql, (exec_id, *digests, PCS_SHOWN)):
            found.setdefault(row[0], []).append((row[1], row[2]))
    return found


async def _texts(
    ctx: Context, result_ids: Sequence[str | None], characters: int
) -> dict[str | None, tuple[str, str]]:
    ids = [one for one in result_ids if one is not None]
    if not ids:
        return {}
    rows: list[sqlite3.Row] = await ctx.query(
        TEXTS.format(",".join("?" * len(ids))), (characters, characters, *ids)
    )
    return {row[0]: (row[1], row[2]) for row in rows}
