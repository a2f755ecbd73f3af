"""What an explode spec must be to become a table (`contract/database.md` 4), with the contract's texts."""

from __future__ import annotations

import re

from kanade_host.plugin import KanadeError
from kanade_host_inventory.manifest import ExplodeSpec

FIXED = ("pc_id", "job_id", "collected_at")
TYPES = {None: "TEXT", "text": "TEXT", "integer": "INTEGER", "real": "REAL"}
_START = re.compile(r"[A-Za-z_]").match
_BAD = re.compile(r"[^A-Za-z0-9_]").search
_LONGEST = 64
_DATABASE = "error returned from database: (code: 1) "


class BadSpec(KanadeError):
    """The derived table cannot be made; the text is what clients are shown."""


def check_identifier(text: str) -> None:
    """Raises `BadSpec`. Only what passes may stand in SQL as a name, in double quotes."""
    if not 1 <= len(text.encode()) <= _LONGEST:
        raise BadSpec(f'identifier "{text}" must be 1..=64 chars')
    if not _START(text):
        raise BadSpec(f'identifier "{text}" must start with a letter or underscore')
    bad = _BAD(text)
    if bad:
        raise BadSpec(f"identifier \"{text}\" contains invalid character '{bad[0]}'")


def is_identifier(text: str) -> bool:
    """Whether `check_identifier` lets it pass."""
    try:
        check_identifier(text)
    except BadSpec:
        return False
    return True


def check_spec(spec: ExplodeSpec) -> None:
    """In the order of the contract. Raises `BadSpec`."""
    table = spec.table
    check_identifier(table)
    if not spec.primary_key:
        raise BadSpec(f'explode spec for table "{table}" needs at least one primary_key column')
    columns = {column.field for column in spec.columns}
    for entry in spec.primary_key:
        check_identifier(entry)
        if entry not in columns:
            raise BadSpec(f'primary_key entry "{entry}" for table "{table}" is not in columns')
    seen = set(FIXED)
    for column in spec.columns:
        check_identifier(column.field)
        if column.type not in TYPES:
            raise BadSpec(f'unsupported explode column kind "{column.type}"; expected text|integer|real')
    for column in spec.columns:
        if column.field.lower() in seen:
            raise BadSpec(f"create table {table}: {_DATABASE}duplicate column name: {column.field}")
        seen.add(column.field.lower())
