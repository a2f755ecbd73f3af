"""The order of a list of PCs, and the place in it where the next page begins."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from kanade_host.plugin import I64, HttpError, Instant
from kanade_host_heartbeat.conditions import ACTIVE, ACTIVE_SECONDS
from kanade_host_heartbeat.online import ONLINE, cutoffs

Sort = Literal[
    "pc_id",
    "hostname",
    "os",
    "version",
    "last_heartbeat",
    "received_at",
    "online",
    "state",
    "cpu",
    "rss",
]
Order = Literal["asc", "desc"]
VERSIONS_AT_MOST = 500

_COLUMNS = {
    "pc_id": "a.pc_id",
    "hostname": "ifnull(a.hostname, '') COLLATE NOCASE",
    "os": "ifnull(a.os_family, '')",
    "last_heartbeat": "ifnull(a.last_heartbeat, '')",
    "received_at": "a.updated_at",
    "cpu": "ifnull(a.agent_cpu_pct, -1)",
    "rss": "ifnull(a.agent_rss_bytes, -1)",
}
_PART = re.compile(r"\d+|[^\d.]+")


@dataclass(frozen=True, slots=True)
class Ordering:
    """`expression` with its parameters; equal values come by pc_id, in the same direction."""

    sort: str
    order: Order
    expression: str
    values: tuple[Any, ...] = ()

    @property
    def sql(self) -> str:
        """The ORDER BY; its parameters are `values`."""
        down = " DESC" if self.order == "desc" else ""
        if self.sort == "pc_id":
            return f"ORDER BY a.pc_id{down}"
        return f"ORDER BY {self.expression}{down}, a.pc_id{down}"

    def after(self, cursor: str) -> tuple[str, tuple[Any, ...]]:
        """The condition of the rows that follow a cursor. 400 for one of another list."""
        sort, order, value, pc_id = _read(cursor)
        if (sort, order) != (self.sort, self.order):
            raise HttpError(400, f"cursor: it belongs to a list by {sort} {order}; begin again without one")
        sign = "<" if order == "desc" else ">"
        if sort == "pc_id":
            return f"a.pc_id {sign} ?", (pc_id,)
        one = self.expression
        term = f"({one} {sign} ? OR ({one} = ? AND a.pc_id {sign} ?))"
        return term, (*self.values, value, *self.values, value, pc_id)

    def cursor(self, value: Any, pc_id: str) -> str:
        """Where the next page begins: after this row."""
        text = msgspec.json.encode([self.sort, self.order, value, pc_id])
        return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _read(cursor: str) -> tuple[str, str, str | int | float | None, str]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True)
        return msgspec.json.decode(text, type=tuple[str, str, str | I64 | float | None, str])
    except (ValueError, msgspec.MsgspecError):
        raise HttpError(400, "cursor: not one that this list gave out; begin again without one") from None


def ordering(sort: str, order: Order, now: Instant, versions: Sequence[str] = ()) -> Ordering:
    """How to sort. `versions`: all there are, for a sort by version, which is not by text."""
    if sort == "online":
        return Ordering(sort, order, ONLINE, cutoffs(now))
    if sort == "state":
        return Ordering(sort, order, ACTIVE, ((now - ACTIVE_SECONDS).stored,))
    if sort == "version":
        return _by_version(order, versions)
    return Ordering(sort, order, _COLUMNS[sort])


def _by_version(order: Order, versions: Sequence[str]) -> Ordering:
    """0.43.9 before 0.43.25. Of a fleet with a great many versions only the greatest are told apart."""
    ranked = sorted(versions, key=version_key)[-VERSIONS_AT_MOST:]
    if not ranked:
        return Ordering("version", order, "ifnull(a.agent_version, '')")
    whens = " ".join(f"WHEN ? THEN {rank}" for rank, _ in enumerate(ranked, start=1))
    return Ordering("version", order, f"CASE a.agent_version {whens} ELSE 0 END", tuple(ranked))


def version_key(version: str) -> list[tuple[int, int, str]]:
    """Numbers as numbers; a pre-release (`1.0.0-rc1`) before its release."""
    parts = _PART.findall(version)
    key = [(2, int(part[:30]), "") if part.isdecimal() else (0, 0, part) for part in parts]
    return [*key, (1, 0, "")]
