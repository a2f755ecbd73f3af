"""Facts and their columns as answers (`contract/http-jobs.md` 9.2 to 9.4)."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from kanade_host.plugin import Context, Instant, encode
from kanade_host_inventory.hints import hints_of
from kanade_host_inventory.manifest import DisplayField

PAGE = 20
_NULL = msgspec.Raw(b"null")
OF_PC = (
    "SELECT job_id, facts_json, display_json, summary_json, collected_at, recorded_at"
    " FROM inventory_facts WHERE pc_id = ? ORDER BY job_id LIMIT 10000"
)
OF_JOB = (
    "SELECT pc_id, facts_json, collected_at FROM inventory_facts"
    " WHERE job_id = ? AND pc_id >= ? ORDER BY pc_id LIMIT ?"
)
FIRST_COLUMNS = (
    "SELECT display_json, summary_json FROM inventory_facts WHERE job_id = ? ORDER BY pc_id LIMIT ?"
)


class Facts(msgspec.Struct, frozen=True):
    """What one job found on a PC; `display` and `summary` as the manifest had them then."""

    job_id: str
    facts: msgspec.Raw
    display: list[DisplayField]
    summary: list[DisplayField] | None
    collected_at: str | None
    recorded_at: str | None


class FactsOfPc(msgspec.Struct, frozen=True):
    """One line of a fleet's table."""

    pc_id: str
    facts: msgspec.Raw
    collected_at: str | None


class JobInventory(msgspec.Struct, frozen=True):
    """All PCs' facts of one job."""

    manifest_id: str
    display: list[DisplayField]
    summary: list[DisplayField] | None
    rows: list[FactsOfPc]


class InventoryJob(msgspec.Struct, frozen=True):
    """A job that brings inventory. `explode`: specs of derived tables."""

    manifest_id: str
    description: str | None
    display: list[DisplayField]
    summary: list[DisplayField] | None
    explode: list[dict[str, Any]] | None


async def of_pc(ctx: Context, pc_id: str) -> list[Facts]:
    """Everything that is known of a PC, by job."""
    return [
        Facts(row[0], _json(row[1]), _fields(row[2]) or [], _fields(row[3]), _wire(row[4]), _wire(row[5]))
        for row in await ctx.query(OF_PC, (pc_id,))
    ]


async def of_job(ctx: Context, job_id: str) -> AsyncIterator[bytes]:
    """All facts of a job as the chunks of one JSON object: a fleet's facts may be larger than memory.

    The first page is read before this returns, so that a database that cannot be read is an error.
    """
    display, summary = await _columns(ctx, job_id)
    head = b'{"manifest_id":%b,"display":%b,"summary":%b,"rows":[' % (
        encode(job_id),
        encode(display),
        encode(summary),
    )
    first = await _page(ctx, job_id, "")
    return _chunks(ctx, job_id, head, first)


async def _chunks(ctx: Context, job_id: str, head: bytes, page: list[sqlite3.Row]) -> AsyncIterator[bytes]:
    yield head
    comma = b""
    while page:
        parts = [encode(FactsOfPc(row[0], _json(row[1]), _wire(row[2]))) for row in page]
        yield comma + b",".join(parts)
        comma = b","
        page = [] if len(page) < PAGE else await _page(ctx, job_id, page[-1][0] + "\0")
    yield b"]}"


async def _page(ctx: Context, job_id: str, begin: str) -> list[sqlite3.Row]:
    return await ctx.query(OF_JOB, (job_id, begin, PAGE))


async def _columns(ctx: Context, job_id: str) -> tuple[Any, Any]:
    """Display and summary, each from the first PC where it decodes."""
    display: Any = None
    summary: Any = None
    for limit in (1, -1):
        for row in await ctx.query(FIRST_COLUMNS, (job_id, limit)):
            display = _fields(row[0]) if display is None else display
            summary = _fields(row[1]) if summary is None else summary
            if display is not None and summary is not None:
                return display, summary
    return display or [], summary


async def jobs(ctx: Context) -> list[InventoryJob]:
    """Jobs with an inventory hint, by id, with everything that was written before the call.

    Raises `BrokerUnavailable` and `ResourceMissing`.
    """
    await ctx.watch("jobs").synced()
    found = []
    for held in hints_of(ctx).all():
        manifest = held.manifest
        if manifest is None or manifest.inventory is None:
            continue
        hint = manifest.inventory
        explode = None if hint.explode is None else [_without_nulls(spec) for spec in hint.explode]
        found.append(InventoryJob(manifest.id, manifest.description, hint.display, hint.summary, explode))
    return sorted(found, key=lambda one: one.manifest_id.encode())


def _without_nulls(value: Any) -> Any:
    tree = msgspec.to_builtins(value)
    tree["columns"] = [
        {key: item for key, item in column.items() if item is not None} for column in tree["columns"]
    ]
    return tree


def _json(text: Any) -> msgspec.Raw:
    """A stored document as it is; null where it is none."""
    raw = text.encode() if isinstance(text, str) else b""
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except (msgspec.MsgspecError, RecursionError):
        return _NULL
    return msgspec.Raw(raw)


def _fields(text: Any) -> Any:
    """A stored list of columns; None where it does not decode."""
    if not isinstance(text, str):
        return None
    try:
        return msgspec.json.decode(text.encode(), type=list[DisplayField])
    except (msgspec.MsgspecError, RecursionError):
        return None


def _wire(value: Any) -> str | None:
    at = Instant.from_stored(value)
    return None if at is None else at.wire
