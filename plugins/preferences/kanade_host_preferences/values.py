"""Preferences: a JSON value under a key, of whoever asks. The web interface decides what they mean."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from kanade_host.plugin import HttpError, Request, Tx, encode
from kanade_host_preferences.messages import Value

KEYS = 200
VALUE_BYTES = 16 * 1024
DEPTH = 16
_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}", re.ASCII)


async def own_values(request: Request) -> dict[str, Any]:
    """All of the caller's, by key."""
    rows = await request.ctx.query(
        "SELECT key, value FROM preferences_values WHERE username = ? ORDER BY key",
        (request.principal.subject,),
    )
    return {key: msgspec.json.decode(value) for key, value in rows}


async def set_value(request: Request) -> None:
    """Make or replace one."""
    given, key, username = request.body, _key(request), request.principal.subject
    assert isinstance(given, Value)
    if _depth(given.value) > DEPTH:
        raise HttpError(400, f"a preference may be {DEPTH} levels deep at most")
    value = encode(given.value)
    if len(value) > VALUE_BYTES:
        raise HttpError(400, f"a preference may be {VALUE_BYTES} bytes at most, this one is {len(value)}")
    at = request.ctx.clock.now().ns // 1_000_000_000

    def work(tx: Tx) -> None:
        counted = tx.execute(
            "SELECT count(*) FROM preferences_values WHERE username = ? AND key <> ?", (username, key)
        )
        if counted.fetchone()[0] >= KEYS:
            raise HttpError(409, f"{KEYS} preferences are the most for one user: delete some")
        tx.execute(
            "INSERT INTO preferences_values (username, key, value, updated_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
            (username, key, value.decode(), at),
        )
        tx.changed("preferences", username)

    await request.ctx.write(work)


async def delete_value(request: Request) -> None:
    """Back to whatever the web interface does without it; deleting what is not there is no error."""
    key, username = _key(request), request.principal.subject

    def work(tx: Tx) -> None:
        tx.execute("DELETE FROM preferences_values WHERE username = ? AND key = ?", (username, key))
        tx.changed("preferences", username)

    await request.ctx.write(work)


def _key(request: Request) -> str:
    key = request.path["key"]
    if _KEY.fullmatch(key) is None:
        raise HttpError(400, "a key is of a-z, 0-9, `.`, `_`, `-`, and 100 characters at most")
    return key


def _depth(value: Any) -> int:
    """How many containers stand in each other."""
    level, deep = [value], 0
    while level := [one for one in level if isinstance(one, (dict, list))]:
        deep += 1
        level = [inner for one in level for inner in (one.values() if isinstance(one, dict) else one)]
    return deep
