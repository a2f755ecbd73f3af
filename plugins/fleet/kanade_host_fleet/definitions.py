"""What is stored of dynamic groups: their definitions, and whom we put into each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from kanade_host.plugin import Context, Instant, Tx, encode

GROUPS_AT_MOST = 200
DESCRIPTION_AT_MOST = 1_000

_ALL = (
    "SELECT name, description, filter, updated_at, updated_by, evaluated_at, problem, written"
    " FROM fleet_dynamic_groups ORDER BY name"
)
_PUT = """
INSERT INTO fleet_dynamic_groups (name, description, filter, updated_at, updated_by, written)
VALUES (?, ?, ?, ?, ?, '[]')
ON CONFLICT (name) DO UPDATE SET
    description = excluded.description, filter = excluded.filter,
    updated_at = excluded.updated_at, updated_by = excluded.updated_by
"""
_DELETE = "DELETE FROM fleet_dynamic_groups WHERE name = ?"
_EVALUATED = "UPDATE fleet_dynamic_groups SET evaluated_at = ?, problem = ?, written = ? WHERE name = ?"
_COUNT = "SELECT count(*) FROM fleet_dynamic_groups WHERE name <> ?"


@dataclass(frozen=True, slots=True)
class Definition:
    """One dynamic group. `written`: the PCs that we put into it and that nobody took out again."""

    name: str
    description: str | None
    filter: dict[str, Any]
    updated_at: Instant
    updated_by: str | None
    evaluated_at: Instant | None
    problem: str | None
    written: frozenset[str]


async def all_definitions(ctx: Context) -> dict[str, Definition]:
    """Every dynamic group, by name."""
    return {row["name"]: _definition(row) for row in await ctx.query(_ALL)}


def _definition(row: Any) -> Definition:
    evaluated = row["evaluated_at"]
    return Definition(
        name=row["name"],
        description=row["description"],
        filter=json.loads(row["filter"]),
        updated_at=Instant(row["updated_at"]),
        updated_by=row["updated_by"],
        evaluated_at=None if evaluated is None else Instant(evaluated),
        problem=row["problem"],
        written=frozenset(json.loads(row["written"])),
    )


def put(
    tx: Tx, at: Instant, name: str, description: str | None, filter: dict[str, Any], by: str | None
) -> None:
    """Make or replace a definition; whom it put into the group stays known."""
    tx.execute(_PUT, (name, description, encode(filter).decode(), at.stored, by))
    tx.changed("groups", name)


def others(tx: Tx, name: str) -> int:
    """How many dynamic groups there are beside this one."""
    found: int = tx.execute(_COUNT, (name,)).fetchone()[0]
    return found


def delete(tx: Tx, name: str) -> bool:
    """Delete a definition; answers whether there was one."""
    tx.changed("groups", name)
    return tx.execute(_DELETE, (name,)).rowcount > 0


def evaluated(tx: Tx, at: Instant, name: str, problem: str | None, written: frozenset[str]) -> None:
    """Note how a look at a group ended."""
    values = (at.stored, problem, encode(sorted(written)).decode(), name)
    if tx.execute(_EVALUATED, values).rowcount:
        tx.changed("groups", name)
