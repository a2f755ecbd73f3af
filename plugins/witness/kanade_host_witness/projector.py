"""What was seen and what was said find each other; what nobody said in time is put on record elsewhere.

A message that this host sent is no news, and neither is one that was looked at before: a rebuild and a
broker that was restored deliver old ones again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from kanade_host.plugin import (
    BadJson,
    BadShape,
    Batch,
    Context,
    Decoder,
    Instant,
    Message,
    Tx,
    canonical,
    insert_rows,
)
from kanade_host_witness import changes
from kanade_host_witness.changes import Change
from kanade_host_witness.sources import AUDIT_STREAM, KILLS, Source

APART_NS = 120 * 1_000_000_000
"""A deed and its record belong together when the broker got them within that time."""
MOST_TOLD = 10_000
LONGEST_VALUE = 64 * 1024

SEEN = "INSERT OR REPLACE INTO witness_seen (stream, at_ns, sequence) VALUES (?, ?, ?)"
KEEP = "INSERT OR REPLACE INTO witness_values (stream, key, value) VALUES (?, ?, ?)"
CLAIM_TOLD = (
    "SELECT id FROM witness_told WHERE target = ? AND at_ns BETWEEN ? AND ?"
    " AND action IN (SELECT value FROM json_each(?)) ORDER BY at_ns LIMIT 1"
)
CLAIM_CHANGE = (
    "SELECT id FROM witness_changes WHERE target = ? AND at_ns BETWEEN ? AND ?"
    " AND EXISTS (SELECT 1 FROM json_each(alike) WHERE value = ?) ORDER BY at_ns LIMIT 1"
)


class _Glance(msgspec.Struct, gc=False):
    """What tells a record of something that is watched here from all others."""

    action: str


class _Record(msgspec.Struct, gc=False):
    """What the audit plugin takes for a record (`contract/wire.md` 7.9)."""

    actor: str
    action: str
    payload: Any
    occurred_at: Instant
    target: str | None = None


_glance = msgspec.json.Decoder(_Glance).decode
_record = Decoder(_Record)


async def pick_records(ctx: Context, bodies: Sequence[bytes]) -> Sequence[bool]:  # noqa: ARG001
    """Records of what is watched here. What is no record is the audit plugin's to set aside."""
    return [_is_watched(body) for body in bodies]


def _is_watched(body: bytes) -> bool:
    try:
        return _glance(body).action in changes.ACTIONS
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def watching(source: Source) -> Callable[[Tx, Batch], None]:
    """The `apply` of one bucket or store."""

    def apply(tx: Tx, batch: Batch) -> None:
        since = tx.execute("SELECT at_ns FROM witness_since").fetchone()[0]
        for message in _unseen(tx, source.stream, batch):
            key = source.key(message.meta.subject)
            before = _before(tx, source, key, message.body) if source.compares else None
            if message.meta.by_host or message.meta.time.ns <= since:
                continue
            change = source.describe(key, message.body, before)
            if change is not None:
                at = message.meta.time.ns
                saw(tx, f"{source.stream}-{at}-{message.meta.sequence}", at, change)

    return apply


def apply_kills(tx: Tx, batch: Batch) -> None:
    """Kills are on no stream: nothing tells of those that were sent while the host was down."""
    for message in batch:
        if message.meta.by_host:
            continue
        at = message.meta.time.ns
        saw(tx, f"kill-{uuid.uuid4()}", at, changes.kill(message.meta.subject[len(KILLS) - 1 :]))


def apply_audit(tx: Tx, batch: Batch) -> None:
    """What others say that they did."""
    since = tx.execute("SELECT at_ns FROM witness_since").fetchone()[0]
    heard = []
    for message in _unseen(tx, AUDIT_STREAM, batch):
        if not message.meta.by_host and message.meta.time.ns > since:
            said = _said(message.body)
            if said is not None:
                heard.append((message.meta.time.ns, *said))
    if heard:
        _hear(tx, heard)


def _unseen(tx: Tx, stream: str, batch: Batch) -> list[Message[bytes]]:
    """The messages that were never looked at; from now on they were."""
    row = tx.execute("SELECT at_ns, sequence FROM witness_seen WHERE stream = ?", (stream,)).fetchone()
    seen = (row[0], row[1]) if row else (0, 0)
    fresh = [one for one in batch if (one.meta.time.ns, one.meta.sequence) > seen]
    if fresh:
        last = max((one.meta.time.ns, one.meta.sequence) for one in fresh)
        tx.execute(SEEN, (stream, *last))
    return fresh


def _before(tx: Tx, source: Source, key: str, value: bytes) -> bytes | None:
    """The value that stood there; `value` stands there now."""
    where = (source.stream, key)
    row = tx.execute("SELECT value FROM witness_values WHERE stream = ? AND key = ?", where).fetchone()
    if value and len(value) <= LONGEST_VALUE:
        tx.execute(KEEP, (*where, value))
    elif row is not None:
        tx.execute("DELETE FROM witness_values WHERE stream = ? AND key = ?", where)
    return None if row is None else bytes(row[0])


def saw(tx: Tx, source: str, at_ns: int, change: Change) -> None:
    """A deed: its record is there already, or is awaited. `source` names it for ever: it counts once."""
    alike = canonical(sorted(change.alike))
    near = (change.target, at_ns - APART_NS, at_ns + APART_NS)
    told = tx.execute(CLAIM_TOLD, (*near, alike)).fetchone()
    if told is not None:
        tx.execute("DELETE FROM witness_told WHERE id = ?", (told[0],))
        return
    tx.execute(
        "INSERT OR IGNORE INTO witness_changes (source, at_ns, action, target, payload, alike)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (source, at_ns, change.action, change.target, canonical(dict(change.payload)), alike),
    )


def _hear(tx: Tx, heard: Sequence[tuple[int, str, str]]) -> None:
    """Records, each the time, action and target: their deeds were seen already, or will be."""
    awaited = {row[0] for row in tx.execute("SELECT DISTINCT target FROM witness_changes")}
    told = [one for one in heard if one[2] not in awaited or not _claimed(tx, *one)]
    insert_rows(tx, "INSERT INTO witness_told (at_ns, action, target) VALUES (?, ?, ?)", told[-MOST_TOLD:])
    tx.execute("DELETE FROM witness_told WHERE id <= (SELECT max(id) FROM witness_told) - ?", (MOST_TOLD,))


def _claimed(tx: Tx, at_ns: int, action: str, target: str) -> bool:
    """Whether a deed waited for this record; it does no more."""
    near = (target, at_ns - APART_NS, at_ns + APART_NS)
    change = tx.execute(CLAIM_CHANGE, (*near, action)).fetchone()
    if change is not None:
        tx.execute("DELETE FROM witness_changes WHERE id = ?", (change[0],))
    return change is not None


def _said(body: bytes) -> tuple[str, str] | None:
    """Action and target; what the audit plugin takes for no record says nothing."""
    try:
        record = _record.decode(body)
    except (BadJson, BadShape):
        return None
    return None if record.target is None else (record.action, record.target)
