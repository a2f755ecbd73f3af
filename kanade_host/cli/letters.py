"""Dead letters in the database file: reading them, and marking them for another try or for the bin."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

_COLUMNS = "id, projection, plugin, stream, sequence, subject, time_ns, length(body) AS bytes, error, status"


def listed(connection: sqlite3.Connection, projection: str | None, limit: int) -> list[dict[str, Any]]:
    """The newest ones, newest first, without bodies."""
    where, values = ("WHERE projection = ?", [projection]) if projection else ("", [])
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM host_dead_letters {where} ORDER BY id DESC LIMIT ?", [*values, limit]
    )
    return [dict(row) for row in rows]


def shown(connection: sqlite3.Connection, letter_id: int) -> dict[str, Any] | None:
    """One with its body (JSON where it is, else text) and traceback."""
    row = connection.execute(
        f"SELECT {_COLUMNS}, body, traceback FROM host_dead_letters WHERE id = ?", [letter_id]
    ).fetchone()
    if row is None:
        return None
    found = dict(row)
    text = bytes(found["body"]).decode("utf-8", "backslashreplace")
    try:
        found["body"] = json.loads(text)
    except ValueError:
        found["body"] = text
    return found


def ids_of(connection: sqlite3.Connection, projection: str) -> list[int]:
    """All of one projection that wait, oldest first."""
    rows = connection.execute(
        "SELECT id FROM host_dead_letters WHERE projection = ? AND status = 'waiting' ORDER BY id",
        [projection],
    )
    return [row[0] for row in rows]


def mark(connection: Any, action: str, ids: Sequence[int]) -> int:
    """In a transaction: mark for a replay, or delete; answers how many there were."""
    sql = {
        "replay": "UPDATE host_dead_letters SET status = 'replay' WHERE id = ?",
        "discard": "DELETE FROM host_dead_letters WHERE id = ?",
    }[action]
    return sum(connection.execute(sql, (letter_id,)).rowcount for letter_id in _unique(ids))


def _unique(ids: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(ids))
