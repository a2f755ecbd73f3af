"""Which columns may be asked for, by their names and short names (`contract/http-jobs.md` 10)."""

from __future__ import annotations

from collections.abc import Mapping

from kanade_host.plugin import HttpError

FLEET: Mapping[str, str] = {
    "cpu_pct": "cpu_pct",
    "cpu": "cpu_pct",
    "mem_used_bytes": "mem_used_bytes",
    "mem": "mem_used_bytes",
    "memory": "mem_used_bytes",
    "disk_read_bytes_per_sec": "disk_read_bytes_per_sec",
    "disk_read": "disk_read_bytes_per_sec",
    "disk_written_bytes_per_sec": "disk_written_bytes_per_sec",
    "disk_written": "disk_written_bytes_per_sec",
    "net_rx_bytes_per_sec": "net_rx_bytes_per_sec",
    "net_rx": "net_rx_bytes_per_sec",
    "net_tx_bytes_per_sec": "net_tx_bytes_per_sec",
    "net_tx": "net_tx_bytes_per_sec",
}
PROCESS: Mapping[str, str] = {
    "cpu_pct": "cpu_pct",
    "cpu": "cpu_pct",
    "rss_bytes": "rss_bytes",
    "rss": "rss_bytes",
    "mem": "rss_bytes",
    "memory": "rss_bytes",
    "disk_read_bytes_per_sec": "disk_read_bytes_per_sec",
    "disk_read": "disk_read_bytes_per_sec",
    "disk_written_bytes_per_sec": "disk_written_bytes_per_sec",
    "disk_written": "disk_written_bytes_per_sec",
}
AGGREGATES: Mapping[str, str] = {"avg": "avg", "mean": "avg", "max": "max"}
FLEET_COLUMNS = tuple(dict.fromkeys(FLEET.values()))
HOST_COLUMNS = (
    "cpu_pct",
    "mem_used_bytes",
    "mem_total_bytes",
    "swap_used_bytes",
    "swap_total_bytes",
    "disk_read_bytes_per_sec",
    "disk_written_bytes_per_sec",
    "net_rx_bytes_per_sec",
    "net_tx_bytes_per_sec",
)


def chosen(names: Mapping[str, str], asked: str) -> str:
    """The column behind a name: from our own table, so it is safe in SQL. Raises `HttpError` 400 (empty)."""
    found = names.get(asked)
    if found is None:
        raise HttpError(400)
    return found
