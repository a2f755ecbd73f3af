"""Samples into rows: examples P1 to P3 and Q1 to Q5 of `contract/projections.md` 13.3, C5 of 13.4."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["perf"])

FULL = {
    "pc_id": "p1",
    "at": "2026-11-23T10:00:00.250Z",
    "cpu_pct": 12,
    "cpu_count": 4_294_967_295,
    "mem_used_bytes": 5,
    "mem_total_bytes": 6,
    "swap_used_bytes": 7,
    "swap_total_bytes": 8,
    "disk_read_bytes_per_sec": 1,
    "disk_written_bytes_per_sec": 2,
    "net_rx_bytes_per_sec": 3,
    "net_tx_bytes_per_sec": 4,
}
AT = "2026-11-23T10:00:00Z"


def process(pid: int, name: str = "a.exe", cpu: float = 1.0, **more: Any) -> dict[str, Any]:
    return {"pid": pid, "name": name, "cpu_pct": cpu, "rss_bytes": 10, **more}


async def hosts(host: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await host.rows("SELECT * FROM host_perf_samples ORDER BY pc_id, at")]


async def processes(host: Any) -> list[tuple[Any, ...]]:
    sql = "SELECT pc_id, pid, name, cpu_pct FROM process_perf_samples ORDER BY pc_id, at, pid"
    return [tuple(row) for row in await host.rows(sql)]


async def test_p1_p2_p3(host: Any) -> None:
    await host.publish("host_perf.p1", FULL)
    await host.settle()
    await host.publish("host_perf.p1", FULL | {"cpu_pct": 99})
    await host.publish("host_perf.p2", {"pc_id": "p2", "at": AT})
    for bad in ({"cpu_count": -1}, {"mem_used_bytes": 1.0}, {"cpu_count": 4_294_967_296}, {"at": "now"}):
        await host.publish("host_perf.p3", FULL | {"pc_id": "p3"} | bad)
    await host.settle()
    first, second = await hosts(host)
    at = "2026-11-23T10:00:00.250+00:00"
    assert first == ("p1", at, 12.0, 4_294_967_295, 5, 6, 7, 8, 1.0, 2.0, 3.0, 4.0)
    assert isinstance(first[8], float)
    assert second == ("p2", "2026-11-23T10:00:00+00:00", *[None] * 10)


async def test_q1_to_q4(host: Any) -> None:
    await host.publish(
        "process_perf.a", {"pc_id": "a", "at": AT, "processes": [process(1), process(2, "b.exe")]}
    )
    await host.settle()
    later = [process(1, cpu=50.0), process(3, "c.exe")]
    await host.publish("process_perf.a", {"pc_id": "a", "at": AT, "processes": later})
    await host.publish("process_perf.a", {"pc_id": "empty", "at": AT, "processes": []})
    spoilt = [process(1), {"pid": 2, "name": "x", "rss_bytes": 1}]
    await host.publish("process_perf.a", {"pc_id": "spoilt", "at": AT, "processes": spoilt})
    twice = [process(7, "first"), process(7, "second")]
    await host.publish("process_perf.a", {"pc_id": "twice", "at": AT, "processes": twice})
    await host.settle()
    assert await processes(host) == [
        ("a", 1, "a.exe", 1.0),
        ("a", 2, "b.exe", 1.0),
        ("a", 3, "c.exe", 1.0),
        ("twice", 7, "first", 1.0),
    ]


async def test_q5_a_snapshot_of_any_size(host: Any) -> None:
    many = [process(pid) for pid in range(4_096)]
    await host.publish("process_perf.a", {"pc_id": "a", "at": AT, "processes": many})
    await host.settle()
    assert len(await processes(host)) == 4_096


async def test_c5_old_samples_are_deleted_to_the_second(host: Any) -> None:
    now = host.clock.now()
    for name, days in (("host_perf", 30), ("process_perf", 7)):
        for pc, age in (("young", days * 86_400 - 3_600), ("old", days * 86_400 + 3_600)):
            body = {"pc_id": pc, "at": (now - age).wire}
            more = {"processes": [process(1)]} if name == "process_perf" else {}
            await host.publish(f"{name}.{pc}", body | more)
    await host.settle()
    await host.restart()

    async def swept() -> bool:
        return [row[0] for row in await hosts(host)] == ["young"] and [
            row[0] for row in await processes(host)
        ] == ["young"]

    await host.until(swept, what="the old samples to be deleted")


async def test_a_range_of_one_pc_reads_its_own_rows_only(host: Any) -> None:
    from kanade_host_perf.fleet import INVESTIGATED
    from kanade_host_perf.one_pc import LATEST, SNAPSHOT, names_statement, timeline_statement

    plans = {
        LATEST: 1,
        SNAPSHOT: 2,
        names_statement("cpu_pct"): 4,
        timeline_statement("cpu_pct", 2): 7,
        INVESTIGATED: 1,
    }
    with closing(sqlite3.connect(host.database)) as db:
        for sql, count in plans.items():
            plan = [str(row[3]) for row in db.execute("EXPLAIN QUERY PLAN " + sql, ["x"] * count)]
            assert not any(step.startswith("SCAN") for step in plan), (sql, plan)
