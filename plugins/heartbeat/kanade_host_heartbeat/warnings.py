"""What is odd about a PC, shown wherever it is listed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from kanade_host.plugin import Context, Instant, decode, encode
from kanade_host_heartbeat import doubles

CLOCK_SECONDS = 120
"""An agent's clock that is further off than this decides wrongly who counts as active."""

DOUBLED = (
    "SELECT pc_id, reason, sources FROM heartbeat_doubles"
    " WHERE pc_id IN (SELECT value FROM json_each(?)) AND last_at >= ?"
)
RETURNED = (
    "SELECT pc_id, kind, successor, retired_at FROM heartbeat_retired"
    " WHERE pc_id IN (SELECT value FROM json_each(?))"
)
_WORDS = {"retire": "was retired", "rename": "was renamed to", "merge": "was merged into"}


class AgentWarning(msgspec.Struct, frozen=True):
    """`code`: `doubled`, `returned` or `clock`; `text` is for people."""

    code: str
    text: str


async def of(ctx: Context, rows: Sequence[sqlite3.Row], now: Instant) -> dict[str, list[AgentWarning]]:
    """The warnings of these rows of `agents`, by pc_id."""
    pc_ids = [row["pc_id"] for row in rows]
    found: dict[str, list[AgentWarning]] = {pc_id: [] for pc_id in pc_ids}
    asked = (encode(pc_ids).decode(), doubles.current_since(now))
    for pc_id, reason, sources in await ctx.query(DOUBLED, asked):
        found[pc_id].append(AgentWarning("doubled", doubled_text(reason, sources)))
    for pc_id, kind, successor, at in await ctx.query(RETURNED, asked[:1]):
        found[pc_id].append(AgentWarning("returned", _returned_text(kind, successor, at)))
    for row in rows:
        off = _clock(row)
        if off is not None:
            found[row["pc_id"]].append(off)
    return found


def doubled_text(reason: str, sources: str) -> str:
    """What the evidence is."""
    if reason == "counters":
        return "two PCs seem to use this id: their heartbeats alternate between two sets of counters"
    told = decode(list[dict[str, str | None]], sources.encode())
    senders = " and ".join(
        f"{one.get('hostname') or 'no host name'} ({one.get('agent_version')})" for one in told
    )
    return f"two PCs seem to use this id: heartbeats come in turn from {senders}"


def _returned_text(kind: str, successor: str | None, at: str) -> str:
    whom = f" `{successor}`" if successor else ""
    return f"{_WORDS[kind]}{whom} on {at[:10]}, and sends heartbeats under this id again"


def _clock(row: sqlite3.Row) -> AgentWarning | None:
    agent, host = Instant.from_stored(row["last_heartbeat"]), Instant.from_stored(row["updated_at"])
    if agent is None or host is None:
        return None
    off = float(agent - host)
    if abs(off) <= CLOCK_SECONDS:
        return None
    way = "ahead of" if off > 0 else "behind"
    return AgentWarning("clock", f"the PC's clock is {round(abs(off))} seconds {way} the host's")
