"""The projection of OBS_EVENTS: an event is there once (`contract/projections.md` 11).

An event with a record id is known by PC, source and that id; one without by all that it says.
"""

from __future__ import annotations

from kanade_host.plugin import Batch, Tx, canonical, insert_rows
from kanade_host_obs.messages import ObsEvent

_AT_MOST = 100
_KNOWN_BY_ID = (
    "INSERT INTO obs_events (pc_id, at, kind, source, event_record_id, payload) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)
_KNOWN_BY_CONTENT = (
    "INSERT INTO obs_events (pc_id, at, kind, source, event_record_id, payload)"
    " SELECT ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM obs_events WHERE pc_id = ? AND at = ?"
    " AND kind = ? AND source = ? AND event_record_id IS NULL AND payload = ?)"
)
Row = tuple[str, str, str, str, str | None, str]


def apply_events(tx: Tx, batch: Batch) -> None:
    """Add what is not there yet, in stream order."""
    rows: list[Row] = []
    with_id: bool | None = None
    for message in batch:
        event: ObsEvent = message.body
        if with_id is not None and with_id != (event.event_record_id is not None):
            _insert(tx, rows, with_id=with_id)
            rows = []
        with_id = event.event_record_id is not None
        rows.append(_row(event))
    _insert(tx, rows, with_id=bool(with_id))
    pcs = {message.body.pc_id for message in batch}
    tx.changed("obs", *(pcs if len(pcs) <= _AT_MOST else ()))


def _insert(tx: Tx, rows: list[Row], *, with_id: bool) -> None:
    if with_id:
        insert_rows(tx, _KNOWN_BY_ID, rows)
    else:
        tx.executemany(_KNOWN_BY_CONTENT, [(*row, *row[:4], row[5]) for row in rows])


def _row(event: ObsEvent) -> Row:
    return (
        event.pc_id,
        event.at.stored,
        event.kind,
        event.source,
        event.event_record_id,
        canonical(event.payload),
    )
