"""The projection of AUDIT: one row for each message, whatever is redelivered or replayed.

Equal messages are different events: only the place in the stream tells them from a repetition. That place
is the sequence together with the broker's time, since a stream that is made anew begins at 1 again.
"""

from __future__ import annotations

from collections.abc import Iterable

from kanade_host.plugin import Batch, Message, Tx, canonical, insert_rows
from kanade_host_audit.messages import AuditEvent

_AT_MOST = 100
_SOURCE = "INSERT INTO audit_sources (sequence, time_ns, id) VALUES (?, ?, ?)"
Row = tuple[str, str, str | None, str, str]


def apply_audit(tx: Tx, batch: Batch) -> None:
    """Append what is not there yet."""
    fresh = _fresh(tx, batch)
    if not fresh:
        return
    following = _following_id(tx)
    last_foreign = _last_foreign(tx, following - 1)
    rows, sources = [], []
    for message in fresh:
        row = _row(message.body)
        at = (message.meta.sequence, message.meta.time.ns)
        claimed = _claim(tx, row, last_foreign) if last_foreign else None
        if claimed is not None:
            tx.execute(_SOURCE, (*at, claimed))  # at once: the next message may be equal
            continue
        rows.append((following, *row))
        sources.append((*at, following))
        following += 1
    insert_rows(
        tx,
        "INSERT INTO audit_log (id, actor, action, target, payload, occurred_at) VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )
    insert_rows(tx, _SOURCE, sources)
    tx.execute("UPDATE audit_bounds SET last_foreign = ?, last_ours = ?", (last_foreign, following - 1))
    if rows:
        tx.changed("audit", *_few(row[2] for row in rows))


def _fresh(tx: Tx, batch: Batch) -> list[Message[AuditEvent]]:
    """The messages that have no row yet."""
    sequences = [message.meta.sequence for message in batch]
    found = tx.execute(
        "SELECT sequence, time_ns FROM audit_sources WHERE sequence BETWEEN ? AND ?",
        (min(sequences), max(sequences)),
    )
    known = {(row[0], row[1]) for row in found}
    if not known:
        return list(batch)
    return [message for message in batch if (message.meta.sequence, message.meta.time.ns) not in known]


def _following_id(tx: Tx) -> int:
    """The id that AUTOINCREMENT would give: above all that ever were."""
    row = tx.execute(
        "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'audit_log'), 0),"
        " coalesce((SELECT max(id) FROM audit_log), 0))"
    ).fetchone()
    return int(row[0]) + 1


def _last_foreign(tx: Tx, newest: int) -> int:
    """Up to which id there may be rows that are not ours."""
    bounds = tx.execute("SELECT last_foreign, last_ours FROM audit_bounds").fetchone()
    return newest if newest > bounds[1] else int(bounds[0])


def _row(body: AuditEvent) -> Row:
    return body.actor, body.action, body.target, canonical(body.payload), body.occurred_at.stored


def _claim(tx: Tx, row: Row, last_foreign: int) -> int | None:
    """The row that kanade-backend made of this message, if it did; each is claimed once."""
    found = tx.execute(
        "SELECT id FROM audit_log AS a WHERE id <= ? AND occurred_at = ? AND actor = ? AND action = ?"
        " AND target IS ? AND payload IS ? AND NOT EXISTS"
        " (SELECT 1 FROM audit_sources AS s WHERE s.id = a.id) ORDER BY id LIMIT 1",
        (last_foreign, row[4], row[0], row[1], row[2], row[3]),
    ).fetchone()
    return None if found is None else int(found[0])


def _few(keys: Iterable[str]) -> set[str]:
    found = set(keys)
    return found if len(found) <= _AT_MOST else set()
