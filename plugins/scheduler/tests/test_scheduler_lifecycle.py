"""Time and the bucket: the table of `contract/scheduler.md` 13.4, restarts, crashes, and what is kept."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from kanade_host_scheduler import ledger, registry

from kanade_host.plugin import Instant, StoreUnavailable

pytestmark = pytest.mark.kanade(plugins=["results", "jobs", "scheduler"])

JOB = {"id": "echo", "version": "1", "execute": {"shell": "cmd", "script": "x", "timeout": "30s"}}
DAWN = Instant.parse("2026-03-01T08:59:30Z")


def body(**keys: Any) -> bytes:
    base = {"id": "s", "cron": "0 0 * * * *", "job_id": "echo", "target": {"pcs": ["a"]}}
    return json.dumps(base | keys).encode()


async def put(host: Any, value: bytes, key: str = "s") -> None:
    await (await host.kv("schedules")).put(key, value)
    await seen(host)


async def seen(host: Any) -> None:
    """What was written to the bucket has reached the registry: a later write of ours has, too."""
    marker = f"marker-{len(await state(host))}"
    await (await host.kv("schedules")).put(marker, b"?")
    await host.until(lambda: problem(host, marker))


async def state(host: Any) -> dict[str, Any]:
    return {row["schedule_id"]: row for row in await host.rows("SELECT * FROM scheduler_schedules")}


async def problem(host: Any, key: str) -> bool:
    found = (await state(host)).get(key)
    return found is not None and found["problem"] is not None


async def next_due(host: Any) -> str | None:
    found = (await state(host)).get("s")
    return None if found is None or found["next_due"] is None else Instant(found["next_due"]).wire


async def fires(host: Any) -> list[str]:
    rows = await host.rows("SELECT due FROM scheduler_fires WHERE state = 'fired' ORDER BY due")
    return [Instant(row["due"]).wire for row in rows]


async def fired(host: Any, count: int) -> None:
    async def check() -> bool:
        return len(await fires(host)) >= count

    await host.until(check, what=f"{count} fires")


async def start(host: Any, at: Instant = DAWN) -> None:
    host.clock.set(at)
    await (await host.kv("jobs")).put("echo", json.dumps(JOB).encode())


async def test_l01_and_l02_the_next_tick_is_after_this_second(host: Any) -> None:
    await start(host, Instant.parse("2026-03-01T09:00:00.400Z"))
    await put(host, body(cron="0 0 9 * * *"))
    assert await next_due(host) == "2026-03-02T09:00:00Z"


async def test_l03_the_same_put_again_keeps_a_due_tick(host: Any) -> None:
    await start(host)
    await put(host, body())
    registry = host.running.app.running["scheduler"].ctx.service("scheduler.work").registry
    registry.all["s"].next_due = due = Instant.parse("2026-03-01T20:00:00Z")
    await put(host, body(jitter="5s"))
    assert registry.all["s"].next_due == due
    await put(host, body(cron="0 30 * * * *"))
    assert registry.all["s"].next_due == Instant.parse("2026-03-01T09:30:00Z")


async def test_l05_l07_l17_one_late_fire_for_all_that_was_missed(host: Any) -> None:
    await start(host)
    await put(host, body())
    host.clock.set(Instant.parse("2026-03-01T12:10:00Z"))
    await fired(host, 1)
    assert await fires(host) == ["2026-03-01T09:00:00Z"]
    assert await next_due(host) == "2026-03-01T13:00:00Z"


async def test_any_number_is_due_at_once(host: Any) -> None:
    """Upstream loses what is due beyond 200 in one look at the clock."""
    await start(host)
    bucket = await host.kv("schedules")
    for number in range(250):
        await bucket.put(f"s{number}", body(id=f"s{number}"))
    await seen(host)
    host.clock.set(Instant.parse("2026-03-01T09:00:00Z"))
    await fired(host, 250)
    assert (
        len({row["schedule_id"] for row in await host.rows("SELECT schedule_id FROM scheduler_fires")}) == 250
    )


async def test_l06_a_clock_that_is_set_back_is_waited_for(host: Any) -> None:
    await start(host)
    await put(host, body())
    host.clock.set(Instant.parse("2026-03-01T09:00:05Z"))
    await fired(host, 1)
    host.clock.set(Instant.parse("2026-03-01T08:59:58Z"))
    await asyncio.sleep(3)  # the clock of the test passes 09:00:00 again
    assert await fires(host) == ["2026-03-01T09:00:00Z"]
    assert await next_due(host) == "2026-03-01T10:00:00Z"


@pytest.mark.parametrize("how", ["L08 disabled", "L10 bad cron", "L11 purge", "delete", "L13 agent"])
async def test_what_stops_a_schedule(host: Any, how: str) -> None:
    await start(host)
    await put(host, body())
    assert await next_due(host) == "2026-03-01T09:00:00Z"
    bucket = await host.kv("schedules")
    if how == "L11 purge":
        await bucket.purge("s")
    elif how == "delete":
        await bucket.delete("s")
    else:
        changes = {
            "L08 disabled": {"enabled": False},
            "L10 bad cron": {"cron": "bogus"},
            "L13 agent": {"runs_on": "agent"},
        }
        await bucket.put("s", body(**changes[how]))
    await seen(host)
    assert await next_due(host) is None
    if how == "L10 bad cron":
        listed = (await host.get("/api/schedules")).json()
        assert [(one["id"], one["enabled"]) for one in listed] == [("s", True)]
        assert "it does not tick: 1 field(s)" in (await state(host))["s"]["problem"]
        await host.settle()
        records = dict(await host.stream_messages("AUDIT"))
        said = json.loads(records["audit.scheduler.schedule_unusable.s"])
        assert said["payload"]["stopped"] is True


async def test_l09_garbage_leaves_the_schedule_ticking_and_is_reported(host: Any) -> None:
    await start(host)
    await put(host, body())
    await put(host, b"garbage")
    assert await next_due(host) == "2026-03-01T09:00:00Z"
    assert "does not decode" in (await state(host))["s"]["problem"]
    assert (await host.get("/api/schedules")).json() == []
    host.clock.advance(60)
    await fired(host, 1)


async def test_l12_an_id_that_is_not_its_key_is_never_registered(host: Any) -> None:
    await start(host)
    await put(host, body(id="i1"), key="k1")
    assert "i1" not in await state(host)
    assert "says that its id is `i1`" in (await state(host))["k1"]["problem"]


async def test_l04_what_was_missed_while_the_host_was_down_is_listed_and_not_made_up_for(host: Any) -> None:
    await is_down_at_noon(host)
    await host.start()
    await host.until(lambda: missed(host))
    (row,) = (await host.get("/api/schedule-ticks?decision=missed")).json()
    assert (row["first_due"], row["last_due"], row["times"]) == (
        "2026-03-01T09:00:00Z",
        "2026-03-01T12:00:00Z",
        4,
    )
    assert await next_due(host) == "2026-03-01T13:00:00Z"
    assert await fires(host) == []


async def is_down_at_noon(host: Any, **changes: Any) -> None:
    """With an hourly schedule, whose ticks of 9 to 12 pass meanwhile."""
    await start(host)
    await put(host, body(**changes))
    await host.stop()
    host.clock.set(Instant.parse("2026-03-01T12:10:00Z"))


async def missed(host: Any) -> bool:
    return bool((await host.get("/api/schedule-ticks?decision=missed")).json())


async def test_what_was_missed_is_counted_once_though_the_host_ended_while_it_was_written_down(
    host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await is_down_at_noon(host)

    def ends(*_: Any) -> None:
        raise OSError("the host ends here")

    with monkeypatch.context() as patched:
        patched.setattr(ledger, "remember", ends)
        await host.start()
        await seen(host)
        await host.stop()
    await host.start()
    await host.until(lambda: missed(host))
    assert [row["times"] for row in (await host.get("/api/schedule-ticks?decision=missed")).json()] == [4]


async def test_what_was_missed_is_listed_though_the_database_could_not_be_written_at_first(
    host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await is_down_at_noon(host)
    failures, remember = [1, 2], ledger.remember

    def fails_at_first(*given: Any) -> None:
        if failures:
            failures.pop()
            raise StoreUnavailable("the disk is full")
        remember(*given)

    monkeypatch.setattr(registry, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(ledger, "remember", fails_at_first)
    await host.start()
    await host.until(lambda: missed(host))
    assert [row["times"] for row in (await host.get("/api/schedule-ticks?decision=missed")).json()] == [4]
    assert await next_due(host) == "2026-03-01T13:00:00Z"


async def test_the_last_missed_tick_may_be_made_up_for(host: Any) -> None:
    await is_down_at_noon(host, on_missed="run_once")
    await host.start()
    await fired(host, 1)
    assert await fires(host) == ["2026-03-01T12:00:00Z"]
    assert (await host.get("/api/schedule-ticks?decision=missed")).json()[0]["times"] == 3
    assert await next_due(host) == "2026-03-01T13:00:00Z"


async def test_a_due_second_is_fired_once(host: Any) -> None:
    await start(host)
    await put(host, body())
    host.clock.advance(60)
    await fired(host, 1)
    await host.stop()
    host.clock.set(DAWN)
    await host.start()
    host.clock.advance(60)

    async def refused() -> bool:
        rows = await host.rows("SELECT reason FROM scheduler_ticks ORDER BY id DESC LIMIT 1")
        return bool(rows) and rows[0]["reason"] == "2026-03-01T09:00:00Z was fired already"

    await host.until(refused)
    await host.settle()
    assert len(await host.stream_messages("EXEC")) == 1


async def test_a_tick_waits_for_the_broker(host: Any) -> None:
    await start(host)
    await put(host, body())
    await host.broker.stop()
    host.clock.advance(60)
    await asyncio.sleep(1)
    await host.broker.start()
    await host.until(lambda: has_fired_or_failed(host), seconds=30)
    assert await fires(host) == ["2026-03-01T09:00:00Z"]


async def has_fired_or_failed(host: Any) -> bool:
    return bool(await host.rows("SELECT 1 FROM scheduler_ticks"))


AWAY = [
    ("GET", "/api/schedules"),
    ("GET", "/api/schedules/s/yaml"),
    ("GET", "/api/schedules/s/next"),
    ("POST", "/api/schedules"),
    ("POST", "/api/schedules/s/disable"),
    ("POST", "/api/schedules/s/enable"),
    ("POST", "/api/schedules/s/run"),
    ("DELETE", "/api/schedules/s"),
]


async def test_while_the_broker_is_away_every_route_says_so(host: Any) -> None:
    """`contract/http-jobs.md` 13."""
    await start(host)
    await put(host, body(cron="0 0 0 1 1 *"))
    assert (await host.get("/api/schedules")).status == 200
    await host.broker.stop()

    async def noticed() -> bool:
        return bool((await host.get("/api/schedules")).status == 503)

    await host.until(noticed)
    for method, path in AWAY:
        data = body(cron="0 0 0 1 1 *") if path == "/api/schedules" and method == "POST" else None
        answer = await host.request(method, path, data=data)
        assert answer.status == 503, (method, path, answer.text)
        assert answer.text.startswith("broker unavailable: ")
    assert (await host.get("/api/schedules/s/ticks")).status == 200
    asked = {"cron": "* * * * * *", "count": 1}
    assert (await host.post("/api/schedules/preview", json=asked)).json()["accepted"] is True


async def test_a_fire_that_was_only_written_down_is_finished(host: Any) -> None:
    """As a crash between the row and the sending leaves it."""
    await start(host)
    await put(host, body(cron="0 0 0 1 1 *"))
    ctx = host.running.app.running["scheduler"].ctx
    now = host.clock.now()
    exec_id = "0b9c3a52-6d0e-4b6e-9d4c-0b5a2f6f2d11"

    def plan(tx: Any, due: Instant, id: str, at: Instant) -> bool:
        return ledger.plan_fire(
            tx,
            "s",
            due,
            exec_id=id,
            job_id="echo",
            plan=b'{"target":{"pcs":["a"]}}',
            authors=[],
            supersedes=None,
            reason="fires at every tick",
            at=at,
        )

    assert await ctx.write(lambda tx: plan(tx, now, exec_id, now))
    assert not await ctx.write(lambda tx: plan(tx, now, exec_id[:-1] + "2", now))
    old = now - 3_600
    assert await ctx.write(lambda tx: plan(tx, old, exec_id[:-1] + "3", old))
    await host.restart()
    await fired(host, 1)
    await host.settle()
    sent = [json.loads(data) for _, data in await host.stream_messages("EXEC")]
    assert [one["exec_id"] for one in sent] == [exec_id]
    (late,) = await host.rows("SELECT state, reason FROM scheduler_fires WHERE due = ?", (old.stored,))
    assert late["state"] == "failed"
    assert "too late to make sure" in late["reason"]


@pytest.mark.kanade(process=True)
async def test_a_fire_that_a_crash_interrupted_goes_out_once(host: Any) -> None:
    """The row stands, and nobody knows whether it was sent."""
    await (await host.kv("jobs")).put("echo", json.dumps(JOB).encode())
    await put(host, body(cron="* * * * * *"))
    await fired(host, 2)
    await host.kill()
    await host.start()
    await fired(host, 4)
    await (await host.kv("schedules")).delete("s")
    await seen(host)

    async def quiet() -> bool:
        rows = await host.rows("SELECT 1 FROM scheduler_fires WHERE state = 'firing'")
        return not rows

    await host.until(quiet)
    rows = await host.rows("SELECT exec_id FROM scheduler_fires WHERE state = 'fired'")
    executions = await host.rows("SELECT exec_id FROM executions")
    assert sorted(row[0] for row in rows) == sorted(row[0] for row in executions)


PLANS = [
    (ledger.LAST_TICK, ("s",), "USING COVERING INDEX|USING INDEX scheduler_ticks_schedule"),
    (ledger.TICKS_OF, ("s", 9, 9), "USING INDEX scheduler_ticks_schedule (schedule_id=? AND id<?)"),
    (ledger.TICKS_OF_KIND, ("missed", 9, 9), "USING INDEX scheduler_ticks_decision (decision=? AND id<?)"),
    (ledger.TICKS, (9, 9), "USING INTEGER PRIMARY KEY (rowid<?)"),
    (ledger.UNFINISHED, ("x", 9), "USING INDEX scheduler_fires_unfinished"),
    (ledger.STATES, (9,), "USING COVERING INDEX scheduler_ticks_schedule (schedule_id=?)"),
    (ledger.OLD_TICKS, ("x", 9), "scheduler_ticks_decided"),
    (ledger.OLD_FIRES, ("x", 9), "scheduler_fires_planned"),
]


async def test_questions_use_their_indexes(host: Any) -> None:
    for sql, parameters, wanted in PLANS:
        rows = await host.rows(f"EXPLAIN QUERY PLAN {sql}", parameters)
        said = "\n".join(row["detail"] for row in rows)
        assert any(one in said for one in wanted.split("|")), (sql, said)
        assert "TEMP B-TREE" not in said, (sql, said)


async def test_retention(host: Any) -> None:
    await start(host)
    await put(host, body())
    host.clock.advance(60)
    await fired(host, 1)
    ctx = host.running.app.running["scheduler"].ctx
    assert await ledger.sweep(ctx) == 0
    (await state(host))["s"]
    await host.post("/api/schedules/s/disable")
    host.clock.advance(91 * 86_400)
    assert await ledger.sweep(ctx) >= 2
    assert await host.rows("SELECT 1 FROM scheduler_fires") == []


async def test_rows_of_one_schedule_are_bounded(host: Any) -> None:
    ctx = host.running.app.running["scheduler"].ctx
    at = DAWN

    def write(tx: Any) -> None:
        for number in range(ledger.KEPT_PER_SCHEDULE + 50):
            ledger.note(tx, "s", "skipped", f"reason {number}", at, at)

    await ctx.write(write)
    rows = await host.rows("SELECT count(*), min(reason) FROM scheduler_ticks")
    assert rows[0][0] == ledger.KEPT_PER_SCHEDULE
