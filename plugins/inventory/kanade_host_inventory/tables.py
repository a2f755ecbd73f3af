"""What the lists of the web interface ask of inventory: one table of columns, wherever the values lie.

A job's facts are one row of a PC, their columns the manifest's `display`; a derived table has a row for
each element. Both become a `Source`: SQL expressions by column name, so that filters, sort, counts and
export are written once (`selecting.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from kanade_host.plugin import Context, HttpError, InvalidKey, Unavailable
from kanade_host.plugin.errors import ResourceMissing
from kanade_host_inventory.derived import find
from kanade_host_inventory.hints import hints_of
from kanade_host_inventory.manifest import DisplayField
from kanade_host_inventory.search import spec_of
from kanade_host_inventory.spec import BadSpec

LONGEST_FIELD = 200


class Column(msgspec.Struct, frozen=True):
    """A column as the list shows it. `type`: text, integer, real, bytes, number, timestamp, table or null."""

    field: str
    label: str
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows come from. `expressions`: column -> SQL; `typed`: the columns have an affinity, so that
    a bound text is compared as a number where the column is one; `number`: the name of a row's number.
    """

    table: str
    job_id: str
    columns: tuple[Column, ...]
    expressions: dict[str, str]
    typed: bool
    one_per_pc: bool
    number: str = "rowid"

    def expression(self, column: str) -> str:
        """The SQL of a column. Raises `HttpError` 400."""
        found = self.expressions.get(column)
        if found is None:
            raise HttpError(400, f'unknown column: "{column}"')
        return found


FIXED = {"pc_id": "pc_id", "collected_at": "collected_at"}


async def derived_source(ctx: Context, manifest_id: str, field: str) -> Source:
    """A derived table. Raises `HttpError` with the texts of the search."""
    spec = await spec_of(ctx, manifest_id, field)
    try:
        table = await find(ctx, spec)
    except BadSpec as error:
        raise HttpError(500, f"ensure derived table: {error}") from None
    columns = tuple(Column(one.field, one.field, one.type or "text") for one in spec.columns)
    expressions = FIXED | {one.field: f'"{one.field}"' for one in spec.columns}
    return Source(
        table.name, manifest_id, columns, expressions, typed=True, one_per_pc=False, number=table.number
    )


async def facts_source(ctx: Context, manifest_id: str) -> Source:
    """The facts of a job. Raises `HttpError`: 404 when it is no job with inventory, 503 without a broker."""
    try:
        held = await hints_of(ctx).find(manifest_id)
    except InvalidKey as error:
        raise HttpError(400, str(error)) from None
    except (Unavailable, ResourceMissing) as error:
        raise HttpError(503, f"jobs KV: {error}") from None
    manifest = None if held is None else held.search
    if manifest is None or manifest.inventory is None:
        raise HttpError(404, f'manifest "{manifest_id}" has no inventory')
    fields = [one for one in manifest.inventory.display if addressable(one.field)]
    columns = tuple(Column(one.field, one.label, one.type) for one in fields)
    expressions = FIXED | {one.field: _fact(one) for one in fields if one.field not in FIXED}
    return Source("inventory_facts", manifest_id, columns, expressions, typed=False, one_per_pc=True)


def addressable(field: str) -> bool:
    """Whether SQLite's JSON paths can name the key: they know no escape for a quote."""
    return 0 < len(field) <= LONGEST_FIELD and not set(field) & set("\"'\\\0")


def _fact(column: DisplayField) -> str:
    """What a row is sorted, filtered and counted by: of a table, its number of rows."""
    path = f"'$.\"{column.field}\"'"
    value = f"json_array_length(facts_json, {path})" if column.type == "table" else _value(path)
    # One row that is no JSON (of another program, in a database taken over) must not end every list.
    return f"CASE WHEN json_valid(facts_json) THEN {value} END"


def _value(path: str) -> str:
    kind = f"json_type(facts_json, {path})"
    return (
        f"CASE {kind} WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
        f" ELSE json_extract(facts_json, {path}) END"
    )
