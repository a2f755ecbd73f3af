"""The wire and answer types of the heartbeat plugin."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kanade_host.plugin import I64, U32, Instant


class Heartbeat(msgspec.Struct, frozen=True, gc=False):
    """`heartbeat.<pc_id>` (`contract/wire.md` 7.4). `at` is the agent's clock.

    An empty pc_id is refused: upstream keeps one row for all agents that lack a name.
    """

    pc_id: Annotated[str, msgspec.Meta(min_length=1)]
    at: Instant
    agent_version: str
    hostname: str | None = None
    os_family: str | None = None
    agent_cpu_pct: float | None = None
    agent_rss_bytes: I64 | None = None
    agent_disk_read_bytes: I64 | None = None
    agent_disk_written_bytes: I64 | None = None


class AgentRow(msgspec.Struct, frozen=True):
    """One agent as clients see it (`contract/http-fleet.md` 6); what is not known is null.

    `online` is ours: heard within three of its own heartbeat intervals, by the time of receipt.
    """

    pc_id: str
    hostname: str | None
    os_family: str | None
    agent_version: str | None
    last_heartbeat: Instant | None
    updated_at: Instant
    agent_cpu_pct: float | None
    agent_rss_bytes: int | None
    agent_disk_read_bytes: int | None
    agent_disk_written_bytes: int | None
    online: bool


class AgentsQuery(msgspec.Struct, frozen=True):
    """`q`: part of the pc_id or host name; `limit`: rows at most, 0 for none, absent for all."""

    q: str | None = None
    limit: U32 | None = None
