"""Freeze windows: what is refused when one is saved, when one is open, and what it keeps from firing."""

from __future__ import annotations

from typing import Any

import pytest
from kanade_host_jobs.freezes import _open_until
from kanade_host_scheduler.schedule import Rhythm

from kanade_host.plugin import Instant

pytestmark = pytest.mark.kanade(plugins=["results", "heartbeat", "fleet", "jobs", "scheduler"])

EXECUTE = {"shell": "powershell", "script": "echo", "timeout": "30s"}
JOB = {"id": "echo", "version": "1.0.0", "execute": EXECUTE}
PLAN = {"target": {"pcs": ["pc-1"]}}


NIGHTLY = "0 0 22 * * *"
OPEN: list[tuple[str, str | None, float, str, str | None]] = [
    (NIGHTLY, None, 8 * 3600, "2026-11-24T21:59:59Z", None),
    (NIGHTLY, None, 8 * 3600, "2026-11-24T22:00:00Z", "2026-11-25T06:00:00Z"),
    (NIGHTLY, None, 8 * 3600, "2026-11-25T05:59:59.9Z", "2026-11-25T06:00:00Z"),
    (NIGHTLY, None, 8 * 3600, "2026-11-25T06:00:00Z", None),
    (NIGHTLY, "Asia/Tokyo", 3600, "2026-11-24T13:30:00Z", "2026-11-24T14:00:00Z"),
    ("0 0 * * * *", None, 3600, "2026-11-24T13:30:00Z", "2026-11-28T18:00:00Z"),  # runs on, to the bound
    ("0 0 0 1 1 * 2020", None, 60, "2026-11-24T13:30:00Z", None),
]


@pytest.mark.parametrize(("cron", "zone", "seconds", "now", "end"), OPEN)
def test_when_a_window_is_open(
    cron: str, zone: str | None, seconds: float, now: str, end: str | None
) -> None:
    found = _open_until(Rhythm.read(cron, zone), seconds, Instant.parse(now))
    assert (None if found is None else found.wire) == end


def window(host: Any, **changes: Any) -> dict[str, Any]:
    """One that is open for an hour."""
    now = host.clock.now()
    return {"from": (now - 60).wire, "until": (now + 3_600).wire, "reason": "year's end"} | changes


async def save(host: Any, id: str = "w", status: int = 204, **changes: Any) -> str:
    body = {key: value for key, value in window(host, **changes).items() if value is not ...}
    answer = await host.put(f"/api/freezes/{id}", json=body, role="operator")
    assert answer.status == status, answer.text
    return str(answer.text)


@pytest.fixture
async def ready(host: Any) -> Any:
    assert (await host.post("/api/jobs", json=JOB)).status == 200
    return host


async def exec_(host: Any, role: str = "operator", **more: Any) -> Any:
    return await host.post("/api/exec/echo", json=PLAN | more, role=role)


async def test_nothing_fires_while_it_is_open(ready: Any) -> None:
    host = ready
    await save(host)
    answer = await exec_(host)
    assert answer.status == 409
    assert answer.text.startswith("freeze window 'w' until ")
    assert "year's end; nothing was fired" in answer.text
    run = await host.post("/api/run", json={"pc_id": "pc-1", "script": "x", "timeout_secs": 1})
    assert run.status == 409
    [obstacle] = (await host.post("/api/exec/echo/preview", json=PLAN)).json()["obstacles"]
    assert obstacle["why"] == "frozen"
    [listed] = (await host.get("/api/freezes", role="viewer")).json()
    assert (listed["id"], listed["active"], listed["updated_by"]) == ("w", True, "kit-operator")
    await save(host, enabled=False)
    assert (await exec_(host)).status == 200
    await save(host)
    host.clock.advance(3_601)
    assert (await exec_(host)).status == 200
    assert (await host.delete("/api/freezes/w", role="operator")).status == 204
    assert (await host.delete("/api/freezes/w", role="operator")).status == 404
    await host.settle()
    actions = [subject.split(".")[2] for subject, _ in await host.stream_messages("AUDIT")]
    assert [one for one in actions if "freeze" in one] == ["freeze_upsert"] * 3 + ["freeze_delete"]


async def test_an_admin_overrides_it_with_a_reason(ready: Any) -> None:
    host = ready
    await save(host)
    assert (await exec_(host, override_freeze="urgent")).status == 403
    assert (await exec_(host, "admin", override_freeze="")).status == 422
    batches = {"size": 1, "pause": "1m"}
    plan = {"target": {"pcs": ["a", "b"]}, "batches": batches, "override_freeze": "urgent"}
    answer = await host.post("/api/exec/echo", json=plan, role="admin")
    assert answer.status == 200
    await host.settle()
    [record] = [body for subject, body in await host.stream_messages("AUDIT") if ".exec." in subject]
    assert b'"override_freeze":"urgent"' in record
    host.clock.advance(70)

    async def both() -> bool:
        return len(await host.stream_messages("EXEC")) == 2

    await host.until(both, what="the second batch of a fire that an admin let go")


async def test_a_batch_waits_for_the_end_of_a_window(ready: Any) -> None:
    host = ready
    plan = {"target": {"pcs": ["a", "b"]}, "batches": {"size": 1, "pause": "1m"}}
    answer = await host.post("/api/exec/echo", json=plan)
    await save(host)
    host.clock.advance(300)
    path = f"/api/executions/{answer.json()['exec_id']}/batches"
    for _ in range(3):
        await host.settle()
        assert [one["state"] for one in (await host.get(path)).json()] == ["sent", "waiting"]
    host.clock.advance(3_600)

    async def both() -> bool:
        return [one["state"] for one in (await host.get(path)).json()] == ["sent", "sent"]

    await host.until(both, what="the batch after the window")


async def test_of_a_group_only_fires_that_reach_it(ready: Any) -> None:
    host = ready
    await (await host.kv("agent_groups")).put("pc-9", b'{"groups": ["servers"]}')
    await host.settle()
    await save(host, groups=["servers"])
    assert (await exec_(host)).status == 200
    answer = await host.post("/api/exec/echo", json={"target": {"pcs": ["pc-1", "pc-9"]}})
    assert answer.status == 409
    assert "freeze window 'w' for servers until" in answer.text


async def test_a_schedule_records_that_its_tick_was_frozen(ready: Any) -> None:
    host = ready
    await save(host)
    schedule = {"id": "s", "cron": "* * * * * *", "job_id": "echo", **PLAN}
    assert (await host.post("/api/schedules", json=schedule)).status == 200

    async def frozen() -> bool:
        return bool((await host.get("/api/schedules/s/ticks?decision=frozen")).json())

    await host.until(frozen, what="a frozen tick")
    [tick, *_] = (await host.get("/api/schedules/s/ticks?decision=frozen")).json()
    assert tick["reason"].startswith("freeze window 'w' until")


async def test_a_recurring_window_survives_a_restart(ready: Any) -> None:
    host = ready
    once = {"from": ..., "until": ...}
    await save(host, cron="* * * * * *", duration="1m", time_zone="Asia/Tokyo", **once)
    await host.restart()
    assert (await exec_(host)).status == 409


@pytest.mark.kanade(plugins=["results", "jobs"])
async def test_who_cannot_say_says_no(host: Any) -> None:
    """Without the scheduler nobody reads cron, without the fleet nobody knows groups."""
    await host.post("/api/jobs", json=JOB)
    once = {"from": ..., "until": ...}
    text = await save(host, status=503, cron="* * * * * *", duration="1m", **once)
    assert "need the scheduler plugin" in text
    await save(host, groups=["servers"])
    assert (await exec_(host)).status == 409


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"until": ...}, 400, "from, until: both are needed"),
    ({"until": "2000-01-01T00:00:00Z"}, 400, "from, until: both are needed, and `until` lies after"),
    ({"cron": NIGHTLY}, 400, "give either `from` and `until`, or `cron` and `duration`"),
    ({"from": ..., "until": ...}, 400, "give either"),
    ({"from": ..., "until": ..., "cron": NIGHTLY}, 400, "cron, duration: both are needed"),
    ({"from": ..., "until": ..., "cron": NIGHTLY, "duration": "soon"}, 400, "duration: "),
    ({"from": ..., "until": ..., "cron": NIGHTLY, "duration": "32d"}, 400, "duration: from a second to 31"),
    ({"from": ..., "until": ..., "cron": "x", "duration": "1h"}, 400, ""),
    (
        {"from": ..., "until": ..., "cron": NIGHTLY, "duration": "1h", "time_zone": "Mars/Base"},
        400,
        "time_zone: `Mars/Base` is no time zone",
    ),
    ({"from": ..., "until": ..., "cron": "0 0 0 1 1 * 2020", "duration": "1h"}, 400, "cron: it never ticks"),
    ({"groups": [""]}, 400, "groups: "),
    ({"reason": ""}, 422, ""),
    ({"reason": ...}, 422, ""),
]


async def test_what_cannot_be_a_window_says_why(ready: Any) -> None:
    for changes, status, text in BAD:
        assert (await save(ready, status=status, **changes)).startswith(text), changes
    assert (await save(ready, "no%20id", 400)).startswith("id: ")
    assert (await ready.put("/api/freezes/w", json=window(ready), role="viewer")).status == 403
