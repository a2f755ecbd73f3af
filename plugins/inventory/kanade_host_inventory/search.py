"""Search in a derived table (`contract/http-jobs.md` 9.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kanade_host.plugin import Context, HttpError, InvalidKey, Unavailable
from kanade_host.plugin.errors import ResourceMissing
from kanade_host_inventory.cells import shown
from kanade_host_inventory.derived import Table, find
from kanade_host_inventory.hints import hints_of
from kanade_host_inventory.manifest import ExplodeSpec
from kanade_host_inventory.spec import BadSpec

DEFAULT, MOST = 1_000, 5_000
FILTERS_AT_MOST = 100
_COMPARE = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_LIKE = {"contains": ("%", "%"), "prefix": ("", "%"), "suffix": ("%", "")}
_WHOLE = re.compile(r"\+?[0-9]{1,30}", re.ASCII).fullmatch
_LARGEST = 2**63 - 1

Query = Mapping[str, Sequence[str]]


async def spec_of(ctx: Context, manifest_id: str, field: str) -> ExplodeSpec:
    """The explode spec of a job's field. Raises `HttpError` with the contract's texts."""
    try:
        held = await hints_of(ctx).find(manifest_id)
    except InvalidKey as error:  # upstream: 500, though it is the client's fault
        raise HttpError(400, str(error)) from None
    except (Unavailable, ResourceMissing) as error:
        raise HttpError(503, f"jobs KV: {error}") from None
    if held is None:
        raise HttpError(404, f'manifest "{manifest_id}" not registered')
    if held.search is None:
        raise HttpError(500, f"parse manifest: {held.error}")
    hint = held.search.inventory
    if hint is None:
        raise HttpError(404, f'manifest "{manifest_id}" has no inventory hint')
    if hint.explode is None:
        raise HttpError(404, f'manifest "{manifest_id}" has no explode specs')
    for spec in hint.explode:
        if spec.field == field:
            return spec
    raise HttpError(404, f'manifest "{manifest_id}" has no explode field "{field}"')


async def search(ctx: Context, manifest_id: str, spec: ExplodeSpec, query: Query) -> list[dict[str, Any]]:
    """The rows of that job that pass all filters; keys in alphabetical order."""
    try:
        table = await find(ctx, spec)
    except BadSpec as error:
        raise HttpError(500, f"ensure derived table: {error}") from None
    sql, values = statement(manifest_id, spec, table, query)
    columns = sorted((c.field, c.type, place) for place, c in enumerate(spec.columns, start=2))
    return [_row(row, columns) for row in await ctx.query(sql, values)]


def statement(job_id: str, spec: ExplodeSpec, table: Table, query: Query) -> tuple[str, list[object]]:
    """The SELECT for a query. Raises `HttpError` 400 for what cannot be asked.

    All rows of a PC and job are written together, so `collected_at` decides no order within them: what
    is left is the primary key's own order, which its index gives without sorting.
    """
    wanted = ", ".join(f'"{column.field}"' for column in spec.columns)
    # The plus: a constant column would keep SQLite from taking the order from the index.
    conditions, values = ["+job_id = ?"], [job_id]
    for key, texts in query.items():
        if key not in ("limit", "offset"):
            for text in texts:
                condition, value = _filter(spec, key, text)
                conditions.append(condition)
                values.append(value)
    if len(conditions) > FILTERS_AT_MOST:
        raise HttpError(400, f"more than {FILTERS_AT_MOST} filters")
    order = ", ".join(["pc_id", "job_id", *(f'"{name}"' for name in table.key), table.number])
    sql = (
        f'SELECT pc_id, collected_at, {wanted} FROM "{table.name}" WHERE {" AND ".join(conditions)}'
        f" ORDER BY {order} LIMIT ? OFFSET ?"
    )
    limit, offset = whole(query, "limit", DEFAULT), whole(query, "offset", 0)
    return sql, [*values, min(limit, MOST), offset]


def _filter(spec: ExplodeSpec, key: str, text: str) -> tuple[str, str]:
    column, _, operator = key.partition("__")
    if column not in {one.field for one in spec.columns}:
        raise HttpError(400, f'unknown column for filter: "{column}"')
    if "__" not in key:
        operator = "eq"
    if operator in _COMPARE:
        return f'"{column}" {_COMPARE[operator]} ?', text
    if operator in _LIKE:
        if "\0" in text:  # where LIKE stops reading
            return f'"{column}" = ? AND FALSE', text
        before, after = _LIKE[operator]
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"\"{column}\" LIKE ? ESCAPE '\\'", f"{before}{escaped}{after}"
    raise HttpError(400, f'unknown filter operator "{operator}"')


def whole(query: Query, key: str, default: int) -> int:
    """A number of an untyped query, the last one given; what is none becomes the default."""
    texts = query.get(key)
    if not texts or not _WHOLE(texts[-1]):
        return default
    value = int(texts[-1])
    return value if value <= _LARGEST else default


def _row(row: Any, columns: Sequence[tuple[str, str | None, int]]) -> dict[str, Any]:
    cells = [(name, shown(kind, row[place])) for name, kind, place in columns]
    cells.append(("pc_id", row[0]))
    if row[1] is not None:
        cells.append(("collected_at", row[1]))
    return dict(sorted(cells))
