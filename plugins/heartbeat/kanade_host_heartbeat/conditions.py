"""A filter as an SQL condition over `agents a LEFT JOIN heartbeat_intervals i`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kanade_host.plugin import Context, HttpError, Instant, encode
from kanade_host_heartbeat import doubles
from kanade_host_heartbeat.attributes import NUMBER
from kanade_host_heartbeat.filters import AgentFilter, AttributeTest, InventoryTest
from kanade_host_heartbeat.names import Resolved, resolve
from kanade_host_heartbeat.online import ONLINE, cutoffs

if TYPE_CHECKING:
    from kanade_host_fleet.api import Groups
    from kanade_host_inventory.api import Columns

ACTIVE_SECONDS = 120
FROM = "FROM agents a LEFT JOIN heartbeat_intervals i ON i.pc_id = a.pc_id"
ACTIVE = "(a.last_heartbeat IS NOT NULL AND a.last_heartbeat >= ?)"
_COMPARE = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_LIKE = {"contains": ("%", "%"), "prefix": ("", "%"), "suffix": ("%", "")}
_AMONG = "IN (SELECT value FROM json_each(?))"


@dataclass(slots=True)
class Where:
    """A condition with its parameters, and what its names resolved to."""

    terms: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    named: Resolved = field(default_factory=Resolved)

    def add(self, term: str, *values: Any) -> None:
        """One more condition that has to hold."""
        self.terms.append(term)
        self.values += values

    def among(self, column: str, values: Iterable[str], *, negated: bool = False) -> None:
        """The column holds one of the values, or none of them."""
        self.add(f"{column} {'NOT ' if negated else ''}{_AMONG}", encode(list(values)).decode())

    @property
    def sql(self) -> str:
        return f"WHERE {' AND '.join(self.terms)}" if self.terms else ""


async def where(ctx: Context, asked: AgentFilter) -> Where:
    """The condition. Raises `HttpError` 400 for what cannot be asked here, `StoreUnavailable`."""
    now = ctx.clock.now()
    found = Where()
    if asked.pcs is not None:
        found.named = await resolve(ctx, asked.pcs)
        found.among("a.pc_id", found.named.pc_ids)
    _columns(found, asked, now)
    _groups(ctx, found, asked)
    for attribute in asked.attributes:
        _attribute(found, attribute)
    for column in asked.inventory:
        found.among("a.pc_id", await _inventory(ctx, column))
    return found


def _columns(found: Where, asked: AgentFilter, now: Instant) -> None:
    text = (asked.q or "").strip()
    if text:
        pattern = _pattern("contains", text)
        found.add(r"(a.pc_id LIKE ? ESCAPE '\' OR a.hostname LIKE ? ESCAPE '\')", pattern, pattern)
    if asked.version:
        found.among("ifnull(a.agent_version, '')", asked.version)
    if asked.not_version:
        found.among("ifnull(a.agent_version, '')", asked.not_version, negated=True)
    if asked.os:
        found.among("ifnull(a.os_family, '')", asked.os)
    if asked.online is not None:
        found.add(ONLINE if asked.online else f"NOT {ONLINE}", *cutoffs(now))
    if asked.state is not None:
        since = (now - ACTIVE_SECONDS).stored
        found.add(ACTIVE if asked.state == "active" else f"NOT {ACTIVE}", since)
    if asked.doubled is not None:
        since = doubles.current_since(now)
        found.add(f"a.pc_id {'' if asked.doubled else 'NOT '}IN ({doubles.CURRENT})", since)


def _groups(ctx: Context, found: Where, asked: AgentFilter) -> None:
    if not asked.group and not asked.not_group:
        return
    groups: Groups | None = ctx.find("fleet.groups")
    if groups is None:
        raise HttpError(400, "filter by group: the fleet plugin, which knows the groups, is not running")
    for names, negated in ((asked.group, False), (asked.not_group, True)):
        if names:
            wanted = set(names)
            members = [pc for pc, own in groups.snapshot().items() if not wanted.isdisjoint(own)]
            found.among("a.pc_id", members, negated=negated)


def _attribute(found: Where, test: AttributeTest) -> None:
    of = "SELECT pc_id FROM heartbeat_attributes WHERE name = ?"
    if test.op == "exists":
        if test.value not in ("true", "false"):
            raise HttpError(400, f"attribute `{test.name}`: `exists` takes `true` or `false`")
        found.add(f"a.pc_id {'' if test.value == 'true' else 'NOT '}IN ({of})", test.name)
    elif test.op in _LIKE:
        term = f"a.pc_id IN ({of} AND value LIKE ? ESCAPE '\\')"
        found.add(term, test.name, _pattern(test.op, test.value))
    else:
        number, sign = _number(test.value), _COMPARE[test.op]
        if number is None:
            found.add(f"a.pc_id IN ({of} AND value {sign} ?)", test.name, test.value)
        else:
            term = f"{of} AND CASE type WHEN 'number' THEN number {sign} ? ELSE value {sign} ? END"
            if test.op == "eq":  # so that the index finds the rows
                term = f"{of} AND (value = ? OR number = ?)"
                found.add(f"a.pc_id IN ({term})", test.name, test.value, number)
            else:
                found.add(f"a.pc_id IN ({term})", test.name, number, test.value)


async def _inventory(ctx: Context, test: InventoryTest) -> list[str]:
    columns: Columns | None = ctx.find("inventory.columns")
    if columns is None:
        raise HttpError(400, "filter by inventory: the inventory plugin is not running")
    return await columns.pcs(test.manifest, test.table, test.column, test.op, test.value)


def _pattern(op: str, text: str) -> str:
    before, after = _LIKE[op]
    text = text.replace("\0", "\ufffd")  # where LIKE would stop reading
    return before + text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + after


def _number(text: str) -> float | None:
    return float(text) if NUMBER(text) else None
