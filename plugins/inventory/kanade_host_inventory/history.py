"""What changed: queries of history (`contract/http-jobs.md` 9.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from kanade_host.plugin import U32, BadInstant, Context, HttpError, Instant
from kanade_host_inventory.search import FILTERS_AT_MOST, Query, whole
from kanade_host_inventory.spec import BadSpec, check_identifier

DEFAULT, MOST = 500, 5_000
_IDENTITY = "identity."
_KINDS = ("added", "removed", "changed")
_NEWEST = "ORDER BY observed_at DESC, id DESC LIMIT ? OFFSET ?"
_ROW = "id, pc_id, job_id, field_path, identity_json, change_kind, before_json, after_json, observed_at"
# Text against text, so that a numeric member can be found too; one bad row must not end the query.
_MEMBER = (
    "CASE WHEN json_valid(identity_json) THEN CAST(json_extract(identity_json, ?) AS TEXT) = ? ELSE 0 END"
)


class Change(msgspec.Struct, frozen=True):
    """One change. The three `…_json` hold JSON as text."""

    id: int
    pc_id: str
    job_id: str
    field_path: str
    identity_json: str | None
    change_kind: str
    before_json: str | None
    after_json: str | None
    observed_at: str | None


_NAMES = Change.__struct_fields__


class FirstSeen(msgspec.Struct, frozen=True):
    """When something was first observed on a PC."""

    pc_id: str
    first_seen_at: str | None


class PcQuery(msgspec.Struct, frozen=True):
    """Filters of one PC's history; an empty `field` is none."""

    field: str | None = None
    since: Instant | None = None
    limit: U32 = DEFAULT


class Conditions:
    """Conditions joined by AND, and their values."""

    def __init__(self, text: str, value: object) -> None:
        self._texts = [text]
        self.values: list[object] = [value]

    def add(self, text: str, *values: object) -> None:
        if len(self._texts) > FILTERS_AT_MOST:
            raise HttpError(400, f"more than {FILTERS_AT_MOST} filters")
        self._texts.append(text)
        self.values += values

    @property
    def where(self) -> str:
        return " AND ".join(self._texts)


def of_pc(job_id: str, pc_id: str, query: PcQuery) -> tuple[str, list[object]]:
    """The SELECT for one PC's history."""
    found = Conditions("pc_id = ?", pc_id)
    found.add("+job_id = ?", job_id)  # the plus keeps the planner on the index of the PC: it has fewer rows
    if query.field:
        found.add("field_path = ?", query.field)
    if query.since is not None:
        found.add("observed_at >= ?", query.since.sql_ceiling)
    sql = f"SELECT {_ROW} FROM inventory_history WHERE {found.where} {_NEWEST}"
    return sql, [*found.values, min(query.limit, MOST), 0]


def of_fleet(job_id: str, query: Query) -> tuple[str, list[object]]:
    """The SELECT for all PCs' history. Raises `HttpError` 400."""
    found = Conditions("job_id = ?", job_id)
    if field := _last(query, "field"):
        found.add("field_path = ?", field)
    if kind := _last(query, "kind"):
        if kind not in _KINDS:
            raise HttpError(400, f'kind must be one of added / removed / changed (got "{kind}")')
        found.add("change_kind = ?", kind)
    _since(found, query)
    if (until := _instant(query, "until")) is not None:
        found.add("observed_at < ?", until.sql_ceiling)
    _identity(found, query)
    sql = f"SELECT {_ROW} FROM inventory_history WHERE {found.where} {_NEWEST}"
    return sql, [*found.values, min(whole(query, "limit", DEFAULT), MOST), whole(query, "offset", 0)]


def first_seen(job_id: str, query: Query) -> tuple[str, list[object]]:
    """The SELECT for the first observation on each PC. Raises `HttpError` 400."""
    found = Conditions("job_id = ?", job_id)
    if field := _last(query, "field"):
        found.add("field_path = ?", field)
    _since(found, query)
    _identity(found, query)
    sql = (
        f"SELECT pc_id, MIN(observed_at) AS first_seen_at FROM inventory_history WHERE {found.where}"
        " GROUP BY pc_id ORDER BY first_seen_at, pc_id LIMIT ? OFFSET ?"
    )
    return sql, [*found.values, min(whole(query, "limit", MOST), MOST), whole(query, "offset", 0)]


async def changes(ctx: Context, asked: tuple[str, Sequence[object]]) -> list[Change]:
    """Run `of_pc` or `of_fleet`."""
    rows = await ctx.query(*asked)
    return [Change(**dict(zip(_NAMES, row)) | {"observed_at": _wire(row[8])}) for row in rows]


async def firsts(ctx: Context, asked: tuple[str, Sequence[object]]) -> list[FirstSeen]:
    """Run `first_seen`."""
    return [FirstSeen(row[0], _wire(row[1])) for row in await ctx.query(*asked)]


def _last(query: Query, key: str) -> str:
    texts = query.get(key)
    return texts[-1] if texts else ""


def _since(found: Conditions, query: Query) -> None:
    if (since := _instant(query, "since")) is not None:
        found.add("observed_at >= ?", since.sql_ceiling)


def _instant(query: Query, key: str) -> Instant | None:
    text = _last(query, key)
    if not text:
        return None
    try:
        return Instant.parse(text)
    except BadInstant as error:
        raise HttpError(400, f"{key}: {error}") from None


def _identity(found: Conditions, query: Query) -> None:
    for name, texts in query.items():
        if not name.startswith(_IDENTITY):
            continue
        key = name.removeprefix(_IDENTITY)
        try:
            check_identifier(key)
        except BadSpec as error:
            raise HttpError(400, f"{name}: {error}") from None
        for text in texts:
            found.add(_MEMBER, f"$.{key}", text)


def _wire(value: Any) -> str | None:
    at = Instant.from_stored(value)
    return None if at is None else at.wire
