"""Events of kind `battery` become the newest level of each PC."""

from __future__ import annotations

from kanade_battery.messages import Event
from kanade_host.plugin import Batch, Projection, Tx

# An old message may come again (a dead letter that is replayed): it must not replace a newer one.
NEWEST = """
INSERT INTO battery_levels (pc_id, percent, health, at, received_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (pc_id) DO UPDATE SET
    percent = excluded.percent, health = excluded.health,
    at = excluded.at, received_at = excluded.received_at
WHERE excluded.received_at >= battery_levels.received_at
"""


def apply(tx: Tx, batch: Batch) -> None:
    """Write one batch: of each PC the newest level stays."""
    for message in batch:
        event: Event = message.body
        if event.kind != "battery":
            continue
        battery = event.battery()
        row = (event.pc_id, battery.percent, battery.health, event.at.stored, message.meta.time.stored)
        tx.execute(NEWEST, row)
        tx.changed("battery", event.pc_id)


LEVELS = Projection(
    name="battery.levels",
    stream="OBS_EVENTS",
    durable="battery_levels",
    filter="obs.>",
    message=Event,
    apply=apply,
)
