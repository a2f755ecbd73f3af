"""Own attributes of a PC: what operators note and agents cannot know (site, owner, asset number)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Sequence
from datetime import date
from typing import Annotated, Literal

import msgspec

from kanade_host.plugin import Context, HttpError, Instant, Tx, encode

OF_PC_AT_MOST, NAMES_AT_MOST = 50, 500
NAME_AT_MOST, VALUE_AT_MOST = 64, 1_000
NUMBER = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?", re.ASCII).fullmatch
_NAME = re.compile(r"[^\W_](?:[\w.-]*[^\W_])?").fullmatch

Type = Literal["text", "number", "date", "boolean"]
Value = Annotated[str, msgspec.Meta(min_length=1, max_length=VALUE_AT_MOST)]


Row = tuple[str, str, str, float | None]
"""Name, type, value, number."""


class Attribute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value, as text; `type` says how it is checked and compared. A date is `2026-11-23`."""

    value: Value
    type: Type = "text"


class Noted(msgspec.Struct, frozen=True):
    """An attribute as it is stored."""

    name: str
    type: str
    value: str
    updated_at: Instant


class NameInUse(msgspec.Struct, frozen=True):
    """A name that some PC has. `types`: all that its values have; `pcs`: how many PCs."""

    name: str
    types: list[str]
    pcs: int
    values: int


OF_PC = "SELECT name, type, value, updated_at FROM heartbeat_attributes WHERE pc_id = ? ORDER BY name"
IN_USE = (
    "SELECT name, group_concat(DISTINCT type), count(*), count(DISTINCT value)"
    " FROM heartbeat_attributes GROUP BY name ORDER BY name LIMIT ?"
)
_SET = """
INSERT INTO heartbeat_attributes (pc_id, name, type, value, number, updated_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (pc_id, name) DO UPDATE SET
    type = excluded.type, value = excluded.value, number = excluded.number, updated_at = excluded.updated_at
WHERE type <> excluded.type OR value <> excluded.value
"""
_DELETE = "DELETE FROM heartbeat_attributes WHERE pc_id = ? AND name = ?"
_ONE = "SELECT type, value FROM heartbeat_attributes WHERE pc_id = ? AND name = ?"
_FULL = (
    "SELECT pc_id FROM heartbeat_attributes WHERE pc_id IN (SELECT value FROM json_each(?))"
    f" GROUP BY pc_id HAVING count(*) > {OF_PC_AT_MOST} LIMIT 1"
)
_NAMES = f"SELECT count(DISTINCT name) > {NAMES_AT_MOST} FROM heartbeat_attributes"
_KNOWN = "SELECT count(*) FROM agents WHERE pc_id = ?"


def checked_name(name: str) -> str:
    """A name that can be set. Raises `HttpError` 400."""
    if len(name) > NAME_AT_MOST or not _NAME(name) or "__" in name:
        raise HttpError(
            400,
            f"attribute name `{name[:NAME_AT_MOST]}`: 1 to {NAME_AT_MOST} letters, digits, `-`, `_` and `.`,"
            " with a letter or digit at both ends and no `__`, which separates operators",
        )
    return name


def checked(name: str, attribute: Attribute) -> Row:
    """An attribute that can be stored. Raises `HttpError` 400."""
    checked_name(name)
    value, number = attribute.value.strip(), None
    if not value or "\0" in value:
        raise HttpError(400, f"attribute `{name}`: the value must not be blank; delete the attribute instead")
    match attribute.type:
        case "number":
            if not NUMBER(value):
                raise HttpError(
                    400, f"attribute `{name}`: `{value[:40]}` is no number, such as `12` or `-0.5`"
                )
            number = float(value)
        case "date":
            _check_date(name, value)
        case "boolean" if value not in ("true", "false"):
            raise HttpError(400, f"attribute `{name}`: a boolean is `true` or `false`, not `{value[:40]}`")
        case _:
            pass
    return name, attribute.type, value, number


def _check_date(name: str, value: str) -> None:
    try:
        good = date.fromisoformat(value).isoformat() == value
    except ValueError:
        good = False
    if not good:
        raise HttpError(400, f"attribute `{name}`: `{value[:40]}` is no date; write it as `2026-11-23`")


async def of_pc(ctx: Context, pc_id: str) -> list[Noted]:
    """The attributes of one PC, by name. Raises `HttpError` 404 for a PC that nobody knows."""
    await require(ctx, pc_id)
    return [Noted(row[0], row[1], row[2], Instant(row[3])) for row in await ctx.query(OF_PC, (pc_id,))]


async def require(ctx: Context, pc_id: str) -> None:
    """404 when that PC never sent a heartbeat."""
    if not (await ctx.query(_KNOWN, (pc_id,)))[0][0]:
        raise HttpError(404, f"no PC `{pc_id}` is known: its first heartbeat makes it so")


async def in_use(ctx: Context, limit: int) -> list[NameInUse]:
    """The names that there are, with how many PCs have each."""
    rows = await ctx.query(IN_USE, (limit,))
    return [NameInUse(row[0], sorted(row[1].split(",")), row[2], row[3]) for row in rows]


def change(
    tx: Tx,
    at: Instant,
    pc_ids: Collection[str],
    wanted: Sequence[Row],
    unwanted: Sequence[str],
) -> int:
    """Set and delete on all of these PCs, or on none; answers how many rows changed. `HttpError` 400."""
    before = _changes(tx)
    tx.executemany(_DELETE, ((pc_id, name) for pc_id in pc_ids for name in unwanted))
    tx.executemany(_SET, ((pc_id, *row, at.stored) for pc_id in pc_ids for row in wanted))
    changed = _changes(tx) - before
    if wanted:
        full = tx.execute(_FULL, (encode(list(pc_ids)).decode(),)).fetchone()
        if full is not None:
            raise HttpError(400, f"`{full[0]}` would have more than {OF_PC_AT_MOST} attributes")
        if tx.execute(_NAMES).fetchone()[0]:
            raise HttpError(400, f"there would be more than {NAMES_AT_MOST} names of attributes")
    if changed:
        tx.changed("agents", *pc_ids)
    return changed


def _changes(tx: Tx) -> int:
    found: int = tx.execute("SELECT total_changes()").fetchone()[0]
    return found


def stored(tx: Tx, pc_id: str, name: str) -> sqlite3.Row | None:
    """Type and value as they are, for the record of a change."""
    row: sqlite3.Row | None = tx.execute(_ONE, (pc_id, name)).fetchone()
    return row
