"""Heartbeats become rows of `agents` (`contract/projections.md` 8).

The newest beat by the agent's clock wins. An older one only fills what is still unknown: beats may
overtake each other, and `last_heartbeat` decides who counts as alive.
"""

from __future__ import annotations

import logging
from typing import Any

from kanade_host.plugin import Batch, Message, Samples, Tx
from kanade_host.plugin.json import encode
from kanade_host_heartbeat.doubles import Doubles
from kanade_host_heartbeat.messages import Heartbeat

log = logging.getLogger(__name__)
AHEAD_SECONDS = 120
"""A stored beat further ahead of our clock than this came from a wrong clock, and counts as older."""

_LAST = """
SELECT pc_id, last_heartbeat FROM agents
WHERE pc_id IN (SELECT value FROM json_each(?)) AND last_heartbeat IS NOT NULL
"""

_NEWER = """
INSERT INTO agents (
    pc_id, hostname, last_heartbeat, agent_version, os_family, updated_at,
    agent_cpu_pct, agent_rss_bytes, agent_disk_read_bytes, agent_disk_written_bytes
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (pc_id) DO UPDATE SET
    hostname = coalesce(excluded.hostname, hostname),
    last_heartbeat = excluded.last_heartbeat,
    agent_version = excluded.agent_version,
    os_family = coalesce(os_family, excluded.os_family),
    updated_at = excluded.updated_at,
    agent_cpu_pct = excluded.agent_cpu_pct,
    agent_rss_bytes = excluded.agent_rss_bytes,
    agent_disk_read_bytes = excluded.agent_disk_read_bytes,
    agent_disk_written_bytes = excluded.agent_disk_written_bytes
"""

_OLDER = """
UPDATE agents SET
    hostname = coalesce(hostname, ?),
    agent_version = coalesce(agent_version, ?),
    os_family = coalesce(os_family, ?),
    updated_at = ?,
    agent_cpu_pct = coalesce(agent_cpu_pct, ?),
    agent_rss_bytes = coalesce(agent_rss_bytes, ?),
    agent_disk_read_bytes = coalesce(agent_disk_read_bytes, ?),
    agent_disk_written_bytes = coalesce(agent_disk_written_bytes, ?)
WHERE pc_id = ? AND last_heartbeat > ?
"""


def apply(tx: Tx, batch: Batch, doubles: Doubles | None = None) -> None:
    """Write one batch; it holds a pc_id once at most. `doubles` looks at each beat, older ones too."""
    pc_ids = [message.body.pc_id for message in batch]
    stored: dict[str, str] = dict(tx.execute(_LAST, (encode(pc_ids).decode(),)).fetchall())
    newer: list[tuple[Any, ...]] = []
    older: list[tuple[Any, ...]] = []
    for message in batch:
        last = stored.get(message.body.pc_id)
        row = _row(message)
        if last is not None and _is_older(message, last):
            pc_id, hostname, at, *others = row
            older.append((hostname, *others, pc_id, at))
        else:
            newer.append(row)
    if newer:
        tx.executemany(_NEWER, newer)
    if older:
        tx.executemany(_OLDER, older)
    if doubles is not None:
        for message in batch:
            doubles.watch(tx, message)
    for message in batch:
        _compare(message)
    tx.changed("agents", *pc_ids)


def _compare(message: Message[Heartbeat]) -> None:
    """The body decides which PC a beat is of; a subject of another PC is worth a look."""
    subject, pc_id = message.meta.subject, message.body.pc_id
    if subject != f"heartbeat.{pc_id}":
        log.warning("a heartbeat of %r came under the subject %r", pc_id[:200], subject[:200])


def _is_older(message: Message[Heartbeat], last: str) -> bool:
    if message.body.at.stored >= last:
        return False
    return last <= (message.meta.time + AHEAD_SECONDS).stored


def _row(message: Message[Heartbeat]) -> tuple[Any, ...]:
    beat = message.body
    return (
        beat.pc_id,
        beat.hostname,
        beat.at.stored,
        beat.agent_version,
        beat.os_family,
        message.meta.time.sql,
        beat.agent_cpu_pct,
        beat.agent_rss_bytes,
        beat.agent_disk_read_bytes,
        beat.agent_disk_written_bytes,
    )


def heartbeats(doubles: Doubles) -> Samples:
    """The subscription."""
    return Samples(
        name="heartbeat.agents",
        subject="heartbeat.>",
        message=Heartbeat,
        apply=lambda tx, batch: apply(tx, batch, doubles),
        key=lambda beat: beat.pc_id,
        order=lambda beat: beat.at.stored,
        limit=50_000,
    )
