"""Explode specs that could not become a table, or would touch one that is not theirs.

Order and texts of `contract/database.md` 4. Upstream finds out at the first result; here it is a 400
when the job is saved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kanade_host.plugin import Context, HttpError
from kanade_host_jobs.api import ExplodeSpec

_BASE = frozenset(
    {
        "agents",
        "audit_log",
        "execution_results",
        "execution_targets",
        "executions",
        "host_perf_samples",
        "inventory_facts",
        "inventory_history",
        "obs_events",
        "process_perf_samples",
        "users",
    }
)
_RESERVED = ("sqlite_", "_sqlx_", "host_", "yoyo_", "_yoyo_", "jobs_")
_FIXED = ("pc_id", "job_id", "collected_at")
_KINDS = (None, "text", "integer", "real")
_START = re.compile(r"[A-Za-z_]", re.ASCII)
_DERIVED = re.compile(r"""\(\s*"?pc_id"?\s[^,]*,\s*"?job_id"?\s[^,]*,\s*"?collected_at"?\s""", re.IGNORECASE)
_BAD = re.compile(r"[^A-Za-z0-9_]", re.ASCII)


def check_explode(specs: Sequence[ExplodeSpec]) -> None:
    """Raises `HttpError` 400 with a text that names the key."""
    tables: dict[str, int] = {}
    for i, spec in enumerate(specs):
        fault = _spec_fault(spec)
        if fault is None and spec.table.lower() in tables:
            fault = f'table "{spec.table}" is that of inventory.explode[{tables[spec.table.lower()]}] already'
        if fault is not None:
            raise HttpError(400, f"inventory.explode[{i}]: {fault}")
        tables[spec.table.lower()] = i


def _spec_fault(spec: ExplodeSpec) -> str | None:
    table, columns = spec.table, [column.field for column in spec.columns]
    fault = _identifier_fault(table)
    if fault is None and (table.lower() in _BASE or table.lower().startswith(_RESERVED)):
        fault = f'table "{table}" belongs to the backend; choose another name'
    if fault is None and not spec.primary_key:
        fault = f'explode spec for table "{table}" needs at least one primary_key column'
    for entry in spec.primary_key:
        fault = fault or _identifier_fault(entry)
        if fault is None and entry not in columns:
            fault = f'primary_key entry "{entry}" for table "{table}" is not in columns'
    seen = set(_FIXED)
    for column in spec.columns:
        fault = fault or _identifier_fault(column.field)
        if fault is None and column.type not in _KINDS:
            fault = f'unsupported explode column kind "{column.type}"; expected text|integer|real'
        if fault is None and column.field.lower() in seen:
            fault = f"create table {table}: duplicate column name: {column.field}"
        seen.add(column.field.lower())
    keys = [entry.lower() for entry in spec.primary_key]
    if fault is None and len(set(keys)) < len(keys):
        fault = f'primary_key of table "{table}" names a column twice'
    return fault


def _identifier_fault(text: str) -> str | None:
    if not 1 <= len(text.encode()) <= 64:
        return f'identifier "{text}" must be 1..=64 chars'
    if not _START.match(text):
        return f'identifier "{text}" must start with a letter or underscore'
    bad = _BAD.search(text)
    return f"identifier \"{text}\" contains invalid character '{bad[0]}'" if bad else None


async def check_tables(ctx: Context, specs: Sequence[ExplodeSpec]) -> None:
    """Refuse tables that exist and were not made for inventory, whoever made them. Raises `HttpError` 400.

    A derived table is known by its first three columns (`contract/database.md` 4).
    """
    for i, spec in enumerate(specs):
        rows = await ctx.query("SELECT sql FROM sqlite_master WHERE name = ? COLLATE NOCASE", (spec.table,))
        if rows and not _DERIVED.search(rows[0]["sql"] or ""):
            raise HttpError(
                400,
                f'inventory.explode[{i}]: table "{spec.table}" exists and is no table of an inventory; '
                "choose another name",
            )
