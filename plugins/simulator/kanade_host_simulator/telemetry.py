"""Heartbeats and samples as agents send them (`contract/wire.md` 7.4 to 7.6)."""

from __future__ import annotations

import math
from typing import Any

from kanade_host_simulator.agent import Agent
from kanade_host_simulator.dice import dice

MIB = 1024 * 1024
_PROGRAMS = (
    *("System", "svchost.exe", "explorer.exe", "msedge.exe", "Teams.exe", "OUTLOOK.EXE", "EXCEL.EXE"),
    *("MsMpEng.exe", "SearchIndexer.exe", "dwm.exe", "kanade-agent.exe", "OneDrive.exe", "WINWORD.EXE"),
    *("chrome.exe", "Code.exe", "java.exe", "sqlservr.exe", "spoolsv.exe", "audiodg.exe", "lsass.exe"),
    *("services.exe", "csrss.exe", "RuntimeBroker.exe", "ctfmon.exe", "Zoom.exe", "WmiPrvSE.exe"),
)


def heartbeat(agent: Agent, seed: int, *, ping: bool = False) -> dict[str, Any]:
    """Replies to a ping never carry the four figures of the agent's own process."""
    machine = agent.machine
    body: dict[str, Any] = {
        "pc_id": machine.pc_id,
        "at": agent.now().wire,
        "agent_version": machine.agent_version,
        "hostname": machine.pc_id,
        "os_family": "windows",
    }
    if ping:
        return body
    rolls = dice(seed, machine.pc_id, "beat", agent.beats)
    if agent.beats:  # there is no CPU figure on the first one
        body["agent_cpu_pct"] = round(rolls.uniform(0.0, 1.5), 2)
    agent.disk_read += rolls.randrange(40_000)
    agent.disk_written += rolls.randrange(90_000)
    body["agent_rss_bytes"] = 24 * MIB + rolls.randrange(9 * MIB)
    body["agent_disk_read_bytes"] = agent.disk_read
    body["agent_disk_written_bytes"] = agent.disk_written
    agent.beats += 1
    return body


def host_perf(agent: Agent, seed: int) -> dict[str, Any]:
    """A working day's curve with noise; the first sample has neither CPU nor rates."""
    machine, at = agent.machine, agent.now()
    rolls = dice(seed, machine.pc_id, "sample", agent.samples)
    busy = _busy(at.ns / 1e9, rolls.random())
    body: dict[str, Any] = {
        "pc_id": machine.pc_id,
        "at": at.wire,
        "cpu_count": machine.cores,
        "mem_used_bytes": int(machine.memory * min(0.95, 0.35 + 0.4 * busy)),
        "mem_total_bytes": machine.memory,
        "swap_used_bytes": int(2 * 1024 * MIB * busy * rolls.random()),
        "swap_total_bytes": 4 * 1024 * MIB,
    }
    if agent.samples:
        body["cpu_pct"] = round(100 * busy, 2)
        body["disk_read_bytes_per_sec"] = round(busy * rolls.uniform(0, 8) * MIB, 1)
        body["disk_written_bytes_per_sec"] = round(busy * rolls.uniform(0, 5) * MIB, 1)
        body["net_rx_bytes_per_sec"] = round(busy * rolls.uniform(0, 3) * MIB, 1)
        body["net_tx_bytes_per_sec"] = round(busy * rolls.uniform(0, 1) * MIB, 1)
    agent.samples += 1
    return body


def _busy(seconds: float, noise: float) -> float:
    """From 0 to 1: a little by night, most in the early afternoon (UTC+9), never smooth."""
    hour = (seconds / 3600 + 9) % 24
    day = max(0.0, math.sin((hour - 7) / 12 * math.pi))
    return min(1.0, 0.03 + 0.35 * day * noise + 0.25 * noise**6)


def process_perf(agent: Agent, seed: int, top: int) -> dict[str, Any]:
    """The busiest processes, sorted by CPU, `top` of them (0 acts as 1)."""
    machine = agent.machine
    rolls = dice(seed, machine.pc_id, "processes", agent.samples)
    fixed = dice(seed, machine.pc_id, "pids")
    rows = [
        {
            "pid": fixed.randrange(1, 16_000) * 4,
            "name": name,
            "cpu_pct": round(rolls.paretovariate(1.2) - 1, 2),
            "rss_bytes": fixed.randrange(4, 600) * MIB,
            "disk_read_bytes_per_sec": round(rolls.uniform(0, 90_000), 1),
            "disk_written_bytes_per_sec": round(rolls.uniform(0, 60_000), 1),
        }
        for name in _PROGRAMS
    ]
    rows.sort(key=lambda row: -float(str(row["cpu_pct"])))
    return {"pc_id": machine.pc_id, "at": agent.now().wire, "processes": rows[: max(1, top)]}
