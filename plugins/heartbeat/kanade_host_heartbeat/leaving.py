"""Taking a PC out of `agents`: retired, renamed, or merged into another one.

The row goes aside in the transaction that asks every plugin for its part (`moves.py`). A PC that sends a
heartbeat again is back in `agents` by that alone, and shows that it was gone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from kanade_host.plugin import Caller, Context, HttpError, Instant, Tx, audit, encode
from kanade_host_heartbeat.conditions import FROM
from kanade_host_heartbeat.online import ONLINE, cutoffs

Kind = Literal["retire", "rename", "merge"]
ACTIONS: dict[Kind, str] = {"retire": "agent_retire", "rename": "agent_rename", "merge": "agent_merge"}
ID_BYTES = 255
_UNUSABLE = re.compile(r"[^-/_=.a-zA-Z0-9]|^\.|\.$|\.\.")

_ONE = "SELECT * FROM agents WHERE pc_id = ?"
_ONLINE = f"SELECT {ONLINE} {FROM} WHERE a.pc_id = ?"
_BUSY = (
    "SELECT id FROM heartbeat_moves WHERE finished_at IS NULL AND (pc_id IN (?, ?) OR successor IN (?, ?))"
)
_ASIDE = (
    "INSERT OR REPLACE INTO heartbeat_retired (pc_id, kind, successor, hostname, os_family, agent_version,"
    " last_heartbeat, reason, retired_by, retired_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ASK = (
    "INSERT INTO heartbeat_moves (kind, pc_id, successor, asked_at, asked_by, done, failed)"
    " VALUES (?, ?, ?, ?, ?, ?, '{}')"
)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What was asked for. `successor`: the id that gets the rows; None when the PC is retired.

    `even_online`: whoever asks knows that its agent runs. Such a PC is back with its next heartbeat, and
    its new durable begins with the last command of each subject: what an agent that was restarted since
    no longer knows, it does again.
    """

    kind: Kind
    pc_id: str
    successor: str | None
    reason: str | None
    caller: Caller
    even_online: bool = False


def check_new_id(pc_id: str) -> None:
    """An id that a PC can be renamed to: one that buckets and subjects take. `HttpError` 400."""
    if not pc_id or len(pc_id.encode()) > ID_BYTES or _UNUSABLE.search(pc_id):
        raise HttpError(
            400,
            f"`{pc_id[:80]}` cannot be a pc_id: 1 to {ID_BYTES} ASCII letters, digits and `-/_=.`, without"
            " dots at either end or next to each other",
        )


async def leave(ctx: Context, asked: Leaving) -> int:
    """Do this plugin's part and ask the others for theirs; answers the number of the move.

    Raises `HttpError`: 404 for a PC that nobody knows, 409 where the ids do not fit or are in a move.
    """
    at = ctx.clock.now()
    return await ctx.write(lambda tx: _leave(tx, at, asked))


def _leave(tx: Tx, at: Instant, asked: Leaving) -> int:
    row = tx.execute(_ONE, (asked.pc_id,)).fetchone()
    if row is None:
        raise HttpError(404, f"no PC `{asked.pc_id}` is known")
    _check(tx, asked)
    if not asked.even_online and tx.execute(_ONLINE, (*cutoffs(at), asked.pc_id)).fetchone()[0]:
        raise HttpError(
            409,
            f"`{asked.pc_id}` is online: it would be back with its next heartbeat, without its groups, and"
            " may do commands of the past days again. Stop its agent first and wait for three of its"
            " heartbeats, or send `even_online`",
        )
    by = asked.caller.sub
    told = (row["hostname"], row["os_family"], row["agent_version"], row["last_heartbeat"])
    tx.execute(_ASIDE, (asked.pc_id, asked.kind, asked.successor, *told, asked.reason, by, at.stored))
    rows = _own_part(tx, asked)
    done = encode({"heartbeat": {"rows": rows, "notes": []}}).decode()
    cursor = tx.execute(_ASK, (asked.kind, asked.pc_id, asked.successor, at.stored, by, done))
    payload = {"hostname": row["hostname"], "reason": asked.reason}
    if asked.successor is not None:
        payload["successor"] = asked.successor
    audit(tx, at, ACTIONS[asked.kind], asked.pc_id, payload, caller=asked.caller)
    tx.changed("agents")
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _check(tx: Tx, asked: Leaving) -> None:
    old, new = asked.pc_id, asked.successor
    if new == old:
        raise HttpError(409, f"`{old}` has that id already")
    busy = tx.execute(_BUSY, (old, new, old, new)).fetchone()
    if busy is not None:
        raise HttpError(409, f"move {busy[0]} of this PC is not finished: see /api/fleet/moves/{busy[0]}")
    known = new is not None and tx.execute(_ONE, (new,)).fetchone() is not None
    if asked.kind == "rename" and known:
        raise HttpError(409, f"there is a PC `{new}` already: merge them, if they are one")
    if asked.kind == "merge" and not known:
        raise HttpError(404, f"no PC `{new}` is known to merge into")


def _own_part(tx: Tx, asked: Leaving) -> int:
    """The tables of this plugin; answers how many rows changed."""
    old, new = asked.pc_id, asked.successor
    rows = 1
    if asked.kind == "rename":
        tx.execute("UPDATE agents SET pc_id = ? WHERE pc_id = ?", (new, old))
        tx.execute("DELETE FROM heartbeat_retired WHERE pc_id = ?", (new,))
    else:
        tx.execute("DELETE FROM agents WHERE pc_id = ?", (old,))
    if new is not None:
        sql = "UPDATE OR IGNORE heartbeat_attributes SET pc_id = ? WHERE pc_id = ?"
        rows += tx.execute(sql, (new, old)).rowcount
        tx.execute("DELETE FROM heartbeat_attributes WHERE pc_id = ?", (old,))
    tx.execute("DELETE FROM heartbeat_doubles WHERE pc_id = ?", (old,))
    tx.execute("DELETE FROM heartbeat_intervals WHERE pc_id = ?", (old,))
    return rows
