"""Stored documents, bodies and answers of the fleet plugin (`contract/wire.md` 7.4, 9, 10)."""

from __future__ import annotations

import msgspec

from kanade_host.plugin import I64, U32, U64, Instant


class AgentGroups(msgspec.Struct, frozen=True):
    """A row of the bucket `agent_groups`, a body and an answer; stored sorted, each name once."""

    groups: list[str]


class AddToGroup(msgspec.Struct, frozen=True):
    """The body that puts a PC into one group."""

    group: str


class GroupRow(msgspec.Struct, frozen=True):
    """One group with its members; `has_config` when it has a scope of its own."""

    name: str
    members: list[str]
    has_config: bool


class GroupList(msgspec.Struct, frozen=True):
    groups: list[GroupRow]


class ConfigScope(msgspec.Struct, frozen=True, omit_defaults=True):
    """One layer of configuration, as stored and as HTTP body; what is not set is left out."""

    target_version: str | None = None
    target_version_jitter: str | None = None
    heartbeat_interval: str | None = None
    host_perf_interval: str | None = None
    process_perf_enabled: bool | None = None
    process_perf_expires_at: Instant | None = None
    process_perf_top_n: U32 | None = None


class EffectiveConfig(msgspec.Struct, frozen=True):
    """All layers together; the defaults are what agents have built in."""

    target_version: str | None = None
    target_version_jitter: str = "0s"
    heartbeat_interval: str = "30s"
    host_perf_interval: str = "60s"
    process_perf_enabled: bool = False
    process_perf_expires_at: Instant | None = None
    process_perf_top_n: int = 20


class EffectiveAnswer(msgspec.Struct, frozen=True):
    pc_id: str
    effective: EffectiveConfig
    warnings: list[str]


class LogsQuery(msgspec.Struct, frozen=True):
    """`tail`: lines at most; the agent caps its reply at 800 KiB."""

    tail: U32 = 500


class PingQuery(msgspec.Struct, frozen=True):
    """`wait_secs`: how long to wait for the reply, at least 1."""

    wait_secs: U64 = 5


class Heartbeat(msgspec.Struct, frozen=True, omit_defaults=True):
    """An agent's reply to a ping."""

    pc_id: str
    at: Instant
    agent_version: str
    hostname: str | None = None
    os_family: str | None = None
    agent_cpu_pct: float | None = None
    agent_rss_bytes: I64 | None = None
    agent_disk_read_bytes: I64 | None = None
    agent_disk_written_bytes: I64 | None = None


class PingAnswer(msgspec.Struct, frozen=True):
    heartbeat: Heartbeat


class Presence(msgspec.Struct, frozen=True):
    """Whether a stream, bucket or object store is there."""

    name: str
    exists: bool


class JetStreamStatus(msgspec.Struct, frozen=True):
    """The twelve resources that clients know, and all others of the wire contract."""

    streams: list[Presence]
    kv_buckets: list[Presence]
    object_stores: list[Presence]
    others: list[Presence]


class AgentCounts(msgspec.Struct, frozen=True):
    known: int
    active: int
    stale: int


class JetStreamHealth(msgspec.Struct, frozen=True):
    all_ok: bool
    healthy: int
    total: int
    missing: list[str]


class RecentResults(msgspec.Struct, frozen=True):
    window_hours: int
    total: int
    failed: int


class FleetHealth(msgspec.Struct, frozen=True):
    """`status`: ok, degraded (with 503) or unknown (nobody there yet)."""

    status: str
    agents: AgentCounts
    jetstream: JetStreamHealth
    recent_results: RecentResults
    observed_at: Instant
    others: list[Presence]
