"""What agents measure (`contract/wire.md` 7.5 and 7.6)."""

from __future__ import annotations

import msgspec

from kanade_host.plugin import I64, U32, Instant


class HostPerf(msgspec.Struct, frozen=True):
    """One sample of a host, on `host_perf.<pc_id>`. `cpu_pct` is 0 to 100 over all cores."""

    pc_id: str
    at: Instant
    cpu_pct: float | None = None
    cpu_count: U32 | None = None
    mem_used_bytes: I64 | None = None
    mem_total_bytes: I64 | None = None
    swap_used_bytes: I64 | None = None
    swap_total_bytes: I64 | None = None
    disk_read_bytes_per_sec: float | None = None
    disk_written_bytes_per_sec: float | None = None
    net_rx_bytes_per_sec: float | None = None
    net_tx_bytes_per_sec: float | None = None


class Process(msgspec.Struct, frozen=True):
    """One process of a snapshot. `cpu_pct` is of one core (200 = two cores)."""

    pid: U32
    name: str
    cpu_pct: float
    rss_bytes: I64
    disk_read_bytes_per_sec: float | None = None
    disk_written_bytes_per_sec: float | None = None


class ProcessPerf(msgspec.Struct, frozen=True):
    """One snapshot of a PC's processes, on `process_perf.<pc_id>`. One bad process spoils it all."""

    pc_id: str
    at: Instant
    processes: list[Process]
