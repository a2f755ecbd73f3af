"""Rows of `agents` become answers.

SQLite writes the JSON: the dashboard asks for the whole fleet, and a hundred thousand rows that become
Python objects first would hold the event loop for a second. This way the reading thread does it.
"""

from __future__ import annotations

from collections.abc import Sequence

from kanade_host.plugin import Context, Instant
from kanade_host.plugin.json import encode
from kanade_host_heartbeat.conditions import FROM
from kanade_host_heartbeat.online import ONLINE, cutoffs

# Form R is what we write; anything else that a column may hold (database.md 2.1) loses its fraction.
_HEARTBEAT = """CASE WHEN last_heartbeat GLOB '????-??-??T??:??:??*+00:00'
    THEN substr(last_heartbeat, 1, length(last_heartbeat) - 6) || 'Z'
    ELSE strftime('%Y-%m-%dT%H:%M:%SZ', last_heartbeat, 'auto') END"""

_ROW = f"""json_object(
    'pc_id', a.pc_id, 'hostname', hostname, 'os_family', os_family, 'agent_version', agent_version,
    'last_heartbeat', {_HEARTBEAT},
    'updated_at', strftime('%Y-%m-%dT%H:%M:%SZ', updated_at, 'auto'),
    'agent_cpu_pct', agent_cpu_pct, 'agent_rss_bytes', agent_rss_bytes,
    'agent_disk_read_bytes', agent_disk_read_bytes,
    'agent_disk_written_bytes', agent_disk_written_bytes,
    'online', json(CASE WHEN {ONLINE} THEN 'true' ELSE 'false' END))"""

_MATCHES = r"(a.pc_id LIKE ? ESCAPE '\' OR a.hostname LIKE ? ESCAPE '\')"
_NEWEST = "ORDER BY a.updated_at DESC, a.rowid"

LIST = f"SELECT {_ROW} {FROM} {_NEWEST} LIMIT ?"
SEARCH = f"SELECT {_ROW} {FROM} WHERE {_MATCHES} {_NEWEST} LIMIT ?"
COUNT = "SELECT count(*) FROM agents a"
COUNT_MATCHES = f"SELECT count(*) FROM agents a WHERE {_MATCHES}"
ONE = f"SELECT {_ROW} {FROM} WHERE a.pc_id = ?"
ONLINE_PCS = f"SELECT a.pc_id {FROM} WHERE a.pc_id IS NOT NULL AND {ONLINE} ORDER BY a.pc_id"


async def list_agents(ctx: Context, q: str | None, limit: int | None) -> tuple[bytes, int]:
    """The rows as a JSON array, newest first, and how many there are without the limit."""
    rows_at_most = -1 if limit is None else limit
    text = (q or "").strip()
    now = cutoffs(ctx.clock.now())
    if text:
        pattern = "%" + text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
        rows = await ctx.query(SEARCH, (*now, pattern, pattern, rows_at_most))
        total, parameters = COUNT_MATCHES, [pattern, pattern]
    else:
        rows = await ctx.query(LIST, (*now, rows_at_most))
        total, parameters = COUNT, []
    body = "[" + ",".join([row[0] for row in rows]) + "]"
    if limit is None or 0 < len(rows) < limit:
        return body.encode(), len(rows)
    return body.encode(), (await ctx.query(total, parameters))[0][0]


async def one_agent(ctx: Context, pc_id: str) -> bytes | None:
    """One row as JSON, or None when that PC is not known."""
    rows = await ctx.query(ONE, (*cutoffs(ctx.clock.now()), pc_id))
    return rows[0][0].encode() if rows else None


class StoredAgents:
    """The service `heartbeat.agents`, from the table."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def known(self) -> list[str]:
        rows = await self._ctx.query("SELECT pc_id FROM agents WHERE pc_id IS NOT NULL ORDER BY pc_id")
        return [row[0] for row in rows]

    async def alive(self, since: Instant) -> list[str]:
        rows = await self._ctx.query(
            "SELECT pc_id FROM agents WHERE last_heartbeat >= ? AND pc_id IS NOT NULL ORDER BY pc_id",
            (since.stored,),
        )
        return [row[0] for row in rows]

    async def online(self) -> list[str]:
        rows = await self._ctx.query(ONLINE_PCS, cutoffs(self._ctx.clock.now()))
        return [row[0] for row in rows]

    async def counts(self, since: Instant) -> tuple[int, int]:
        rows = await self._ctx.query(
            "SELECT (SELECT count(*) FROM agents), (SELECT count(*) FROM agents WHERE last_heartbeat >= ?)",
            (since.stored,),
        )
        return rows[0][0], rows[0][1]

    async def hostnames(self, pc_ids: Sequence[str]) -> dict[str, str | None]:
        rows = await self._ctx.query(
            "SELECT pc_id, hostname FROM agents WHERE pc_id IN (SELECT value FROM json_each(?))",
            (encode(list(pc_ids)).decode(),),
        )
        return {row[0]: row[1] for row in rows}
