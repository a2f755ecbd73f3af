"""What a rebuild of events adds to the replay: events older than the stream, after those that it gave."""

from __future__ import annotations

from kanade_host.plugin import Reach, Rebuild, Tx

_EVENT = "pc_id, at, kind, source, event_record_id, payload"


def complete(tx: Tx, reach: Reach) -> None:
    """An event may be told late, so some of these have been replayed: they are known as in the projector."""
    tx.execute(
        f"INSERT INTO obs_events ({_EVENT}) SELECT {_EVENT} FROM live.obs_events AS l WHERE at < ?"
        " AND (event_record_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM obs_events AS o"
        " WHERE o.pc_id = l.pc_id AND o.at = l.at AND o.kind = l.kind AND o.source = l.source"
        " AND o.event_record_id IS NULL AND o.payload IS l.payload)) ORDER BY id ON CONFLICT DO NOTHING",
        (reach.begins["obs.events"].stored,),
    )


REBUILD = Rebuild(complete=complete)
