"""What inventory keeps by pc_id, when a PC leaves (`kanade_host_heartbeat.api.PcRecords`).

Of each job, facts and the rows of its derived tables stay together: those of one scan. A PC that is
retired counts in no inventory any more; its history stays as long as that of others.
"""

from __future__ import annotations

from collections.abc import Callable

from kanade_host.plugin import Context, Tx, move_rows
from kanade_host_inventory.derived import find
from kanade_host_inventory.hints import hints_of
from kanade_host_inventory.projector import TOPIC
from kanade_host_inventory.spec import BadSpec

_JOBS = "SELECT job_id FROM inventory_facts WHERE pc_id = ? ORDER BY job_id"
_NEWER = (
    "SELECT 1 FROM inventory_facts WHERE pc_id = ? AND job_id = ? AND ifnull(collected_at, '') >="
    " (SELECT ifnull(collected_at, '') FROM inventory_facts WHERE pc_id = ? AND job_id = ?)"
)
_OWN = ("inventory_facts", "inventory_sources")


class InventoryRecords:
    """Facts, derived rows, history."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def retire(self, pc_id: str) -> tuple[int, list[str]]:
        return await self._each_job(pc_id, lambda tx, job_id, tables: _delete(tx, tables, pc_id, job_id)), []

    async def move(self, pc_id: str, successor: str) -> tuple[int, list[str]]:
        """Of two scans of one job the newer one stays."""

        def give(tx: Tx, job_id: str, tables: list[str]) -> int:
            if tx.execute(_NEWER, (successor, job_id, pc_id, job_id)).fetchone() is not None:
                return _delete(tx, tables, pc_id, job_id)
            _delete(tx, tables, successor, job_id)
            return sum(
                tx.execute(
                    f'UPDATE "{table}" SET pc_id = ? WHERE pc_id = ? AND job_id = ?',
                    (successor, pc_id, job_id),
                ).rowcount
                for table in tables
            )

        rows = await self._each_job(pc_id, give)
        return rows + await move_rows(self._ctx, "inventory_history", pc_id, successor, topic=TOPIC), []

    async def _each_job(self, pc_id: str, work: Callable[[Tx, str, list[str]], int]) -> int:
        """Job by job, each in a transaction of its own; answers how many rows changed."""
        rows = 0
        for (job_id,) in [tuple(row) for row in await self._ctx.query(_JOBS, (pc_id,))]:
            tables = [*_OWN, *await self._derived(job_id)]

            def of_job(tx: Tx, job_id: str = job_id, tables: list[str] = tables) -> int:
                tx.changed(TOPIC, pc_id)
                return work(tx, job_id, tables)

            rows += await self._ctx.write(of_job)
        return rows

    async def _derived(self, job_id: str) -> list[str]:
        """The derived tables that exist and are ours."""
        held = hints_of(self._ctx).known(job_id)
        hint = None if held is None or held.search is None else held.search.inventory
        tables = []
        for spec in hint.explode or () if hint else ():
            try:
                tables.append((await find(self._ctx, spec)).name)
            except BadSpec:
                continue  # it was refused: there are no rows of it
        return tables


def _delete(tx: Tx, tables: list[str], pc_id: str, job_id: str) -> int:
    return sum(
        tx.execute(f'DELETE FROM "{table}" WHERE pc_id = ? AND job_id = ?', (pc_id, job_id)).rowcount
        for table in tables
    )
