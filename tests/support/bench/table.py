"""The table of figures: what kanade-backend did, what we want at least, what we do, and against last time."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "recorded.json"


@dataclass(frozen=True, slots=True)
class Row:
    """`reference`: kanade-backend 0.43.25; `wanted`: ours at least (at most, where `less`)."""

    key: str
    title: str
    unit: str
    reference: float | None
    wanted: float | None
    less: bool = False


ROWS = [
    # The reference's lists while results arrive are those at 300 a second, ours at 2,000.
    Row("results", "results with counters", "messages/s", 670, 25_000),
    Row("obs_events", "observability events", "messages/s", 940, 25_000),
    Row("audit", "audit records", "messages/s", 960, 25_000),
    Row("events", "started events", "messages/s", 850, 25_000),
    Row("results_cpu", "processor time for a result", "µs", None, None, less=True),
    Row("heartbeats", "heartbeats in a burst", "messages/s", 960, 20_000),
    Row("heartbeats_lost", "heartbeats lost", "messages", 0, 0, less=True),
    Row("latency_p50", "published until visible, p50", "ms", 2.2, 5, less=True),
    Row("latency_p99", "published until visible, p99", "ms", 5.1, 25, less=True),
    Row("latency_1000_p99", "the same, 1,000 a second, p99", "ms", None, 100, less=True),
    Row("results_50", "/api/results?limit=50", "answers/s", 139, 5_000),
    Row("results_failed_50", "failures only", "answers/s", 161, 5_000),
    Row("results_1000_pcs", "the same over 1,000 PCs", "answers/s", 8, 1_000),
    Row("agents_100", "/api/agents?limit=100", "answers/s", 820, 3_000),
    Row("agent_one", "one agent", "answers/s", 14_200, 12_000),
    Row("obs_100", "/api/obs_events?limit=100", "answers/s", 2_690, 5_000),
    Row("obs_kind_100", "one kind", "answers/s", 2_370, 5_000),
    Row("fleet_health", "/api/health/fleet", "answers/s", 122, 5_000),
    Row("results_50+writes", "results while results arrive", "answers/s", 108, 2_500),
    Row("results_failed_50+writes", "failures while results arrive", "answers/s", None, 2_500),
    Row("results_1000_pcs+writes", "1,000 PCs while results arrive", "answers/s", None, 500),
    Row("agents_100+writes", "agents while results arrive", "answers/s", 612, 1_500),
    Row("agent_one+writes", "one agent while results arrive", "answers/s", 5_300, 6_000),
    Row("obs_100+writes", "events while results arrive", "answers/s", 1_760, 2_500),
    Row("obs_kind_100+writes", "one kind while results arrive", "answers/s", None, 2_500),
    Row("fleet_health+writes", "fleet health while results arrive", "answers/s", 111, 2_500),
    Row("rebuild", "rebuild of results", "messages/s", None, 10_000),
    Row("start", "start until ready", "s", None, 2, less=True),
    Row("inventory", "scans of 200 programs, with history", "messages/s", None, 300),
    Row("memory", "memory of the host at the end", "MiB", 261, 200, less=True),
]


def machine() -> str:
    """By its size only."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB"


def last() -> dict[str, Any]:
    """What was recorded last; empty the first time."""
    return dict(json.loads(RECORDED.read_text())) if RECORDED.exists() else {}


def record(figures: dict[str, float], count: int) -> None:
    """Keep these for the next comparison."""
    rounded = {key: round(value, 3) for key, value in figures.items()}
    kept = {"machine": machine(), "count": count, "figures": rounded}
    RECORDED.write_text(json.dumps(kept, indent=1) + "\n")


def lines(figures: dict[str, float], before: dict[str, Any]) -> list[str]:
    """The table as Markdown; a ratio above 1 is always better than last time."""
    had = before.get("figures", {})
    found = [
        "| work | unit | kanade-backend | wanted | now | against last time |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in ROWS:
        if row.key not in figures:
            continue
        now, then = figures[row.key], had.get(row.key)
        ratio = ""
        if then and now:
            ratio = f"{(then / now if row.less else now / then):.2f}"
        wanted = "" if row.wanted is None else f"{'≤' if row.less else '≥'} {row.wanted:,g}"
        cells = (row.title, row.unit, _figure(row.reference), wanted, _figure(now), ratio)
        found.append(f"| {' | '.join(cells)} |")
    return found


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.2g}"
