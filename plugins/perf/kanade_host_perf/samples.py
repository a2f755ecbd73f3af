"""Samples into rows: the first of a PC and a moment wins (`contract/projections.md` 9 and 10)."""

from __future__ import annotations

from kanade_host.plugin import Batch, Tx
from kanade_host_perf import rollups
from kanade_host_perf.messages import HostPerf, ProcessPerf

_AT_MOST = 100
_HOST = f"INSERT OR IGNORE INTO host_perf_samples VALUES ({', '.join('?' * 12)})"
_PROCESS = f"INSERT OR IGNORE INTO process_perf_samples VALUES ({', '.join('?' * 8)})"


def apply_hosts(tx: Tx, batch: Batch) -> None:
    """One row for each sample, added to the sums."""
    rollups.note_removed(tx)
    tx.executemany(_HOST, [_host(message.body) for message in batch])
    rollups.add(tx, rollups.LIVE_ROWS)
    _changed(tx, "perf", batch)


def apply_processes(tx: Tx, batch: Batch) -> None:
    """One row for each process; a snapshot without processes leaves nothing."""
    tx.executemany(_PROCESS, [row for message in batch for row in _processes(message.body)])
    _changed(tx, "processes", batch)


def _host(body: HostPerf) -> tuple[object, ...]:
    return (
        body.pc_id,
        body.at.stored,
        body.cpu_pct,
        body.cpu_count,
        body.mem_used_bytes,
        body.mem_total_bytes,
        body.swap_used_bytes,
        body.swap_total_bytes,
        body.disk_read_bytes_per_sec,
        body.disk_written_bytes_per_sec,
        body.net_rx_bytes_per_sec,
        body.net_tx_bytes_per_sec,
    )


def _processes(body: ProcessPerf) -> list[tuple[object, ...]]:
    return [
        (
            body.pc_id,
            body.at.stored,
            one.pid,
            one.name,
            one.cpu_pct,
            one.rss_bytes,
            one.disk_read_bytes_per_sec,
            one.disk_written_bytes_per_sec,
        )
        for one in body.processes
    ]


def _changed(tx: Tx, topic: str, batch: Batch) -> None:
    pcs = {message.body.pc_id for message in batch}
    tx.changed(topic, *(pcs if len(pcs) <= _AT_MOST else ()))
