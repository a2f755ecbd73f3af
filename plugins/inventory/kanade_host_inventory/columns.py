"""Inventory as conditions on PCs: service `inventory.columns`."""

from __future__ import annotations

from kanade_host.plugin import Context, HttpError
from kanade_host_inventory.hints import hints_of
from kanade_host_inventory.selecting import condition
from kanade_host_inventory.tables import Source, derived_source, facts_source

FACTS = "facts"
PCS_AT_MOST = 100_000
_AWAY = 503


class InventoryColumns:
    """Implements `Columns`."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def pcs(self, manifest: str, table: str, column: str, op: str, value: str) -> list[str]:
        try:
            source = await self._source(manifest, table)
            sql, values = statement(source, column, op, value)
        except HttpError as error:
            status = _AWAY if error.status == _AWAY else 400
            raise HttpError(status, f"inventory filter: {error.text}") from None
        rows = await self._ctx.query(sql, values)
        if len(rows) > PCS_AT_MOST:
            raise HttpError(400, f"inventory filter: more than {PCS_AT_MOST} PCs have that; narrow it")
        return [row[0] for row in rows]

    async def _source(self, manifest: str, table: str) -> Source:
        if table == FACTS:
            return await facts_source(self._ctx, manifest)
        held = hints_of(self._ctx).known(manifest)
        hint = None if held is None or held.search is None else held.search.inventory
        named = {one.table: one.field for one in (hint.explode or () if hint else ())}
        return await derived_source(self._ctx, manifest, named.get(table, table))


def statement(source: Source, column: str, op: str, value: str) -> tuple[str, list[str]]:
    """The SELECT of the PCs; an index on the column is used where the spec asks for one."""
    term, bound = condition(source, column, op, value)
    distinct = "" if source.one_per_pc else "DISTINCT "
    sql = f'SELECT {distinct}pc_id FROM "{source.table}" WHERE job_id = ? AND {term} LIMIT {PCS_AT_MOST + 1}'
    return sql, [source.job_id, *bound]
