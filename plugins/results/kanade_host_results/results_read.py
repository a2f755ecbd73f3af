"""Results as answers: one of them, and lists whose filters need no look at the text."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kanade_host.plugin import Context, Instant, encode
from kanade_host_results.answers import Result, ResultDetail, wire

_ROW = (
    "result_id, request_id, exec_id, pc_id, exit_code, {stdout}, {stderr},"
    " started_at, finished_at, job_id, version"
)
_WHOLE = _ROW.format(stdout="stdout", stderr="stderr")
_SHORT = _ROW.format(stdout="substr(stdout, 1, ?)", stderr="substr(stderr, 1, ?)")
_AT_ONCE = 1_000
_NAMES = Result.__struct_fields__
NEWEST = "ORDER BY recorded_at DESC, rowid"
"""Newest first by second; within one, the order in which the rows were made (`http-jobs.md` 4.1)."""

ONE = (
    f"SELECT {_WHOLE.replace('result_id', 'r.result_id', 1)}, stdout_object, stderr_object"
    " FROM execution_results AS r LEFT JOIN result_objects AS o ON o.result_id = r.result_id"
    " WHERE r.result_id = ?"
)
_TIME = "CASE WHEN r.{0} GLOB '{1}' THEN substr(r.{0}, 1, length(r.{0}) - 6) || 'Z' END"
_FORM_R = "??????????T*+00:00"
"""What is written here and by kanade-backend; `wire` knows the other forms that a column may hold."""
_OTHER = f"r.{{0}} NOT GLOB '{_FORM_R}'"
_STARTED, _FINISHED = (_TIME.format(name, _FORM_R) for name in ("started_at", "finished_at"))
_INFINITE = "abs(r.exit_code) = 9e999"
"""Of which SQLite makes `Inf`; only this column can hold one."""
JSON = f"""
    SELECT CAST(json_group_array(json_object(
        'result_id', r.result_id, 'request_id', r.request_id, 'exec_id', r.exec_id, 'pc_id', r.pc_id,
        'exit_code', r.exit_code, 'stdout', substr(r.stdout, 1, ?), 'stderr', substr(r.stderr, 1, ?),
        'started_at', {_STARTED}, 'finished_at', {_FINISHED}, 'job_id', r.job_id, 'version', r.version
    )) AS BLOB), total({_INFINITE} OR {_OTHER.format("started_at")} OR {_OTHER.format("finished_at")})
    FROM json_each(?) AS n CROSS JOIN execution_results AS r ON r.rowid = n.value"""
STATUS = {
    "success": "exit_code = 0",
    "failure": "exit_code <> 0",  # never true of NULL, and what the partial index says
    "running": "finished_at IS NULL",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A row in the order of `NEWEST`: the last one of a page, or of a window of a search."""

    recorded_at: str
    rowid: int


def beyond(place: Place | None) -> tuple[list[str], list[object]]:
    """The conditions of what comes after that row, and their values."""
    if place is None:
        return [], []
    return (
        ["recorded_at <= ?", "(recorded_at < ? OR rowid > ?)"],
        [place.recorded_at, place.recorded_at, place.rowid],
    )


def conditions(
    status: str | None, since: Instant | None, after: Place | None = None
) -> tuple[list[str], list[object]]:
    """What SQL decides of the filters: conditions to be joined by AND, and their values."""
    found, values = beyond(after)
    if status is not None:
        found.append(STATUS[status])
    if since is not None:
        found.append("recorded_at >= ?")
        values.append(since.sql_ceiling)
    return found, values


def listing(
    status: str | None, since: Instant | None, limit: int, after: Place | None = None
) -> tuple[str, list[object]]:
    """The row numbers of the newest results that pass, beyond that row."""
    found, values = conditions(status, since, after)
    where = f" WHERE {' AND '.join(found)}" if found else ""
    return f"SELECT rowid FROM execution_results{where} {NEWEST} LIMIT ?", [*values, limit]


async def newest(ctx: Context, status: str | None, since: Instant | None, limit: int) -> list[int]:
    """The row numbers of the newest results that pass."""
    return [row[0] for row in await ctx.query(*listing(status, since, limit))]


async def as_json(ctx: Context, numbers: Sequence[int], characters: int) -> bytes:
    """Results by row number, in the order given, as a JSON array; each stream cut to `characters`.

    SQLite writes it on the reading thread, which holds up nobody else meanwhile.
    """
    try:
        rows = await ctx.query(JSON, (characters, characters, encode(numbers).decode()))
    except sqlite3.OperationalError:  # a BLOB, of which it makes no JSON, or abs(-2**63)
        return encode(await by_number(ctx, numbers, characters))
    body, others = bytes(rows[0][0]), rows[0][1]
    if others:
        return encode(await by_number(ctx, numbers, characters))
    try:
        body.decode()
    except UnicodeDecodeError:  # it copies the bytes of a text as they are
        return body.decode(errors="replace").encode()
    return body


async def by_number(ctx: Context, numbers: Sequence[int], characters: int) -> list[Result]:
    """Results by row number, in the order given."""
    found: dict[int, Result] = {}
    for start in range(0, len(numbers), _AT_ONCE):
        part = numbers[start : start + _AT_ONCE]
        places = ",".join("?" * len(part))
        rows = await ctx.query(
            f"SELECT {_SHORT}, rowid FROM execution_results WHERE rowid IN ({places})",
            (characters, characters, *part),
        )
        found |= {row[11]: Result(**_fields(row)) for row in rows}
    return [found[number] for number in numbers if number in found]


async def place_of(ctx: Context, number: int) -> Place | None:
    """Where a row stands in the order of lists; None: it is gone."""
    rows = await ctx.query("SELECT recorded_at FROM execution_results WHERE rowid = ?", (number,))
    return Place(rows[0][0], number) if rows else None


async def counted(ctx: Context, status: str | None, since: Instant | None, most: int) -> int:
    """How many pass, counted to `most`."""
    sql, values = listing(status, since, most)
    return int((await ctx.query(f"SELECT count(*) FROM ({sql})", values))[0][0])


async def one(ctx: Context, result_id: str) -> ResultDetail | None:
    """A result with its output whole; None: there is none of that id."""
    rows = await ctx.query(ONE, (result_id,))
    if not rows:
        return None
    return ResultDetail(**_fields(rows[0]), stdout_object=rows[0][11], stderr_object=rows[0][12])


def _fields(row: sqlite3.Row) -> dict[str, Any]:
    found: dict[str, Any] = dict(zip(_NAMES, row))
    found["started_at"], found["finished_at"] = wire(row[7]), wire(row[8])
    return found
