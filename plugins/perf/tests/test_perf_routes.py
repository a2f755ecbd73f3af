"""Charts and lists: `contract/http-jobs.md` 10, with its examples and refusals."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["perf", "heartbeat"])

RANGE = "from=2026-11-23T15:00:00Z&to=2026-11-23T16:00:00Z"


async def sample(host: Any, pc: str, at: str, **metrics: Any) -> None:
    await host.publish(f"host_perf.{pc}", {"pc_id": pc, "at": f"2026-11-23T{at}Z", **metrics})


async def test_one_host_over_time(host: Any) -> None:
    await sample(host, "pc-1", "15:00:00", cpu_pct=10, mem_used_bytes=1000)
    await sample(host, "pc-1", "15:04:59.999", cpu_pct=20)
    await sample(host, "pc-1", "15:05:00", net_rx_bytes_per_sec=1.5)
    await sample(host, "pc-1", "16:00:00", cpu_pct=99)
    await sample(host, "pc-2", "15:00:00", cpu_pct=77)
    await host.settle()
    answer = (await host.get(f"/api/agents/pc-1/perf?{RANGE}", role="viewer")).json()
    points = answer.pop("points")
    assert answer == {
        "pc_id": "pc-1",
        "from": "2026-11-23T15:00:00Z",
        "to": "2026-11-23T16:00:00Z",
        "step_seconds": 300,
    }
    assert [
        (one["at"], one["cpu_pct"], one["mem_used_bytes"], one["net_rx_bytes_per_sec"]) for one in points
    ] == [
        ("2026-11-23T15:00:00Z", 15.0, 1000.0, None),
        ("2026-11-23T15:05:00Z", None, None, 1.5),
    ]
    assert len(points[0]) == 10
    assert (await host.get(f"/api/agents/nobody/perf?{RANGE}")).json()["points"] == []


async def test_the_fleet_over_time(host: Any) -> None:
    await sample(host, "pc-1", "15:00:00", cpu_pct=10, mem_used_bytes=1)
    await sample(host, "pc-2", "15:01:00", cpu_pct=50, mem_used_bytes=3)
    await sample(host, "pc-2", "15:20:00")
    await host.settle()
    path = f"/api/perf/fleet?{RANGE}&step=15m"
    assert [one["value"] for one in (await host.get(path)).json()["points"]] == [30.0, None]
    largest = (await host.get(path + "&metric=memory&agg=max")).json()
    assert (largest["metric"], largest["agg"], largest["points"][0]) == (
        "mem_used_bytes",
        "max",
        {"at": "2026-11-23T15:00:00Z", "value": 3.0},
    )


async def test_the_busiest_pcs_and_investigations(host: Any) -> None:
    now = host.clock.now()
    await host.publish(
        "heartbeat.pc-1", {"pc_id": "pc-1", "at": now.wire, "agent_version": "1", "hostname": "HOST1"}
    )
    for pc, cpu in (("pc-1", 10.0), ("pc-2", 50.0), ("pc-3", 5.0)):
        await host.publish(f"host_perf.{pc}", {"pc_id": pc, "at": (now - 60).wire, "cpu_pct": cpu})
    await host.publish("host_perf.pc-9", {"pc_id": "pc-9", "at": (now - 600).wire, "cpu_pct": 99.0})
    one = {"pid": 1, "name": "a", "cpu_pct": 1.0, "rss_bytes": 1}
    for pc, age in (("pc-1", 30), ("pc-2", 10), ("pc-3", 400)):
        await host.publish(f"process_perf.{pc}", {"pc_id": pc, "at": (now - age).wire, "processes": [one]})
    await host.settle()
    answer = (await host.get("/api/perf/top?limit=2")).json()
    assert answer == {
        "metric": "cpu_pct",
        "window_seconds": 300,
        "rows": [
            {"pc_id": "pc-2", "hostname": None, "value": 50.0},
            {"pc_id": "pc-1", "hostname": "HOST1", "value": 10.0},
        ],
    }
    assert len((await host.get("/api/perf/top?limit=0")).json()["rows"]) == 1
    listed = (await host.get("/api/perf/active-investigations")).json()
    assert [(row["pc_id"], row["hostname"]) for row in listed["rows"]] == [("pc-2", None), ("pc-1", "HOST1")]
    assert listed["rows"][0]["latest_at"] == (now - 10).wire


async def test_the_newest_snapshot(host: Any) -> None:
    listed = [
        {"pid": 1, "name": "init", "cpu_pct": 0.1, "rss_bytes": 100},
        {
            "pid": 4321,
            "name": "chrome.exe",
            "cpu_pct": 87.5,
            "rss_bytes": 2_000,
            "disk_read_bytes_per_sec": 1.5,
        },
    ]
    for at in ("15:11:00", "15:11:15.000000001"):
        await host.publish(
            "process_perf.pc-1", {"pc_id": "pc-1", "at": f"2026-11-23T{at}Z", "processes": listed}
        )
    await host.settle()
    answer = (await host.get("/api/agents/pc-1/processes")).json()
    assert answer["latest_at"] == "2026-11-23T15:11:15.000000001Z"
    assert answer["processes"][0] == listed[1] | {"disk_written_bytes_per_sec": None}
    assert [one["pid"] for one in answer["processes"]] == [4321, 1]
    none = {"pc_id": "x", "latest_at": None, "processes": []}
    assert (await host.get("/api/agents/x/processes")).json() == none


async def test_the_timeline_of_processes(host: Any) -> None:
    async def snapshot(at: str, *processes: tuple[int, str, float]) -> None:
        body = [{"pid": pid, "name": name, "cpu_pct": cpu, "rss_bytes": 1} for pid, name, cpu in processes]
        await host.publish(
            "process_perf.pc-1", {"pc_id": "pc-1", "at": f"2026-11-23T{at}Z", "processes": body}
        )

    await snapshot("15:01:10", (1, "a", 10.0), (2, "a", 30.0), (3, "b", 4.0), (4, "c", 2.0))
    await snapshot("15:02:00", (1, "a", 20.0))
    await host.settle()
    path = "/api/agents/pc-1/processes/timeline?from=2026-11-23T15:00:00Z&to=2026-11-23T15:05:00Z&top=1"
    answer = (await host.get(path)).json()
    assert answer["names"] == ["a", "other"]
    assert answer["points"] == [
        {"at": "2026-11-23T15:01:00Z", "values": {"a": 20.0, "other": 3.0}},
        {"at": "2026-11-23T15:02:00Z", "values": {"a": 20.0}},
    ]
    empty = (await host.get(path + "&metric=disk_read")).json()
    assert (empty["names"], empty["points"]) == ([], [])


EMPTY = [
    "/api/agents/p/perf?step=often",
    "/api/agents/p/perf?step=500ms",
    "/api/agents/p/perf?from=2026-11-23T16:00:00Z&to=2026-11-23T15:00:00Z",
    "/api/agents/p/perf?from=2026-11-23T15:00:00Z&to=2026-11-23T15:00:00Z",
    "/api/agents/p/perf?from=2026-11-20T15:00:00Z&to=2026-11-23T15:00:00Z&step=1s",
    "/api/perf/fleet?metric=nonsense",
    "/api/perf/fleet?metric=",
    "/api/perf/fleet?agg=median",
    "/api/perf/top?metric=swap",
    "/api/perf/top?window=0",
    "/api/perf/top?window=soon",
    "/api/perf/top?window=1000000y",
    "/api/agents/p/processes/timeline?metric=net_rx",
    "/api/agents/p/processes/timeline?step=0",
]
TYPED = {
    "/api/agents/p/perf?from=yesterday": "from: input contains invalid characters",
    "/api/perf/top?limit=x": "limit: invalid digit found in string",
    "/api/agents/p/processes/timeline?top=1.5": "top: invalid digit found in string",
}


async def test_refusals(host: Any) -> None:
    for path in EMPTY:
        answer = await host.get(path)
        assert (answer.status, answer.text, answer.headers.get("content-type")) == (400, "", None), path
    for path, text in TYPED.items():
        answer = await host.get(path)
        assert (answer.status, answer.text) == (400, f"Failed to deserialize query string: {text}"), path
