"""Fires in batches, and waves: what goes when, what stops them, and what a restart leaves as it was."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import pytest
from kanade_host_jobs.api import Batches, FanoutPlan, Rollout, Wave
from kanade_host_jobs.batching import batching
from kanade_host_results.api import StopAt

from kanade_host.plugin import HttpError

pytestmark = pytest.mark.kanade(plugins=["results", "heartbeat", "fleet", "jobs", "scheduler"])

EXECUTE = {"shell": "powershell", "script": "echo", "timeout": "30s"}
JOB = {"id": "echo", "version": "1.0.0", "execute": EXECUTE}
PCS = [f"pc-{n}" for n in range(5)]


def plan(size: Any, pause: str = "1m", stop: Any = None) -> FanoutPlan:
    return FanoutPlan(batches=Batches(size=size, pause=pause, stop_at_failed=stop))


SIZES: list[tuple[Any, int, list[int]]] = [
    (2, 5, [2, 2, 1]),
    ("2", 4, [2, 2]),
    ("50%", 5, [3, 2]),
    ("0.1%", 5, [1, 1, 1, 1, 1]),
    ("100 %", 5, [5]),
    (9, 5, [5]),
    (1, 0, []),
]


@pytest.mark.parametrize(("size", "total", "sizes"), SIZES)
def test_sizes(size: Any, total: int, sizes: list[int]) -> None:
    found = batching(plan(size))
    assert found is not None
    assert found.sizes(total) == sizes


BAD: list[tuple[FanoutPlan, str]] = [
    (plan(0), "invalid batches.size: expected a number from 1"),
    (plan("-1"), "invalid batches.size"),
    (plan("101%"), "invalid batches.size"),
    (plan("0%"), "invalid batches.size"),
    (plan("x"), "invalid batches.size"),
    (plan("9" * 40), "invalid batches.size"),
    (plan(1, "soon"), "invalid batches.pause: "),
    (plan(1, "7d"), "invalid batches.pause: more than six days"),
    (plan(1, stop="0"), "invalid batches.stop_at_failed"),
    (
        FanoutPlan(rollout=Rollout(waves=[Wave("g", "0s")]), batches=Batches(size=1, pause="1s")),
        "batches: give either `batches` or `rollout.waves`",
    ),
]


@pytest.mark.parametrize(("bad", "text"), BAD, ids=[text for _, text in BAD])
def test_what_cannot_be_made_says_why(bad: FanoutPlan, text: str) -> None:
    with pytest.raises(HttpError) as raised:
        batching(bad)
    assert (raised.value.status, (raised.value.text or "")[: len(text)]) == (400, text)


def test_too_many_batches() -> None:
    found = batching(plan(1))
    assert found is not None
    with pytest.raises(HttpError, match="10000 PCs would be 10000 batches, at most 1000"):
        found.sizes(10_000)


@pytest.mark.parametrize(
    ("stop", "failed", "sent", "reached"),
    [
        (StopAt(), 9, 9, False),
        (StopAt(count=2), 1, 9, False),
        (StopAt(count=2), 2, 9, True),
        (StopAt(percent=10), 0, 0, False),
        (StopAt(percent=10), 1, 11, False),
        (StopAt(percent=10), 1, 10, True),
    ],
)
def test_when_too_many_failed(stop: StopAt, failed: int, sent: int, reached: bool) -> None:
    assert stop.reached(failed, sent) is reached


# -- on a real host ----------------------------------------------------------------------------


@pytest.fixture
async def ready(host: Any) -> Any:
    assert (await host.post("/api/jobs", json=JOB)).status == 200
    return host


async def fire(host: Any, *, stop: Any = None, size: Any = 2, pause: str = "10m") -> str:
    batches = {"size": size, "pause": pause} | ({} if stop is None else {"stop_at_failed": stop})
    body = {"target": {"pcs": PCS}, "batches": batches}
    answer = await host.post("/api/exec/echo", json=body, role="operator")
    assert answer.status == 200, answer.text
    return str(answer.json()["exec_id"])


async def commands(host: Any) -> list[str]:
    await host.settle()
    return [subject.removeprefix("commands.pc.") for subject, _ in await host.stream_messages("EXEC")]


async def batches(host: Any, exec_id: str) -> list[str]:
    found = (await host.get(f"/api/executions/{exec_id}/batches", role="viewer")).json()
    return [one["state"] for one in found]


async def gone(host: Any, *pcs: str) -> None:
    async def there() -> bool:
        return await commands(host) == list(pcs)

    await host.until(there, what=f"the commands of {pcs}")


async def failed(host: Any, exec_id: str, pc_id: str, exit_code: int = 1) -> None:
    result = {
        "result_id": f"{exec_id}-{pc_id}",
        "request_id": "q",
        "exec_id": exec_id,
        "pc_id": pc_id,
        "exit_code": exit_code,
        "stdout": "",
        "stderr": "",
        "started_at": "2026-11-23T10:00:00Z",
        "finished_at": "2026-11-23T10:00:01Z",
    }
    await host.publish("results.q", result)
    await host.settle()


async def test_each_batch_goes_a_pause_after_the_one_before_through_a_restart(ready: Any) -> None:
    host = ready
    exec_id = await fire(host)
    assert await commands(host) == PCS[:2]
    assert await batches(host, exec_id) == ["sent", "waiting", "waiting"]
    host.clock.advance(590)
    assert await commands(host) == PCS[:2]
    host.clock.advance(20)
    await gone(host, *PCS[:4])
    await host.restart()
    assert await commands(host) == PCS[:4]
    assert await batches(host, exec_id) == ["sent", "sent", "waiting"]
    host.clock.advance(610)
    await gone(host, *PCS)
    found = (await host.get(f"/api/executions/{exec_id}/batches")).json()
    assert [(one["targets"], one["state"], one["states"]["waiting"]) for one in found] == [
        (2, "sent", 2),
        (2, "sent", 2),
        (1, "sent", 1),
    ]
    second = (await host.get(f"/api/executions/{exec_id}/targets?batch=2")).json()["targets"]
    assert [(one["pc_id"], one["batch"]) for one in second] == [("pc-2", 2), ("pc-3", 2)]
    assert await host.rows("SELECT 1 FROM execution_staged UNION ALL SELECT 1 FROM execution_fires") == []


async def test_no_further_batch_goes_when_too_many_fail(ready: Any) -> None:
    host = ready
    exec_id = await fire(host, stop="50%")
    await commands(host)
    await failed(host, exec_id, "pc-1")

    async def stopped() -> bool:
        return await batches(host, exec_id) == ["sent", "stopped", "stopped"]

    await host.until(stopped, what="the stop")
    targets = (await host.get(f"/api/executions/{exec_id}/targets")).json()["targets"]
    assert {one["pc_id"]: (one["state"], one["reason"]) for one in targets} == {
        "pc-0": ("skipped", "stopped: 1 of 2 PCs failed or timed out"),
        "pc-1": ("failed", "exit code 1"),
        **dict.fromkeys(PCS[2:], ("skipped", "stopped: 1 of 2 PCs failed or timed out")),
    }
    assert (await host.get(f"/api/executions/{exec_id}")).json()["execution"]["status"] == "completed"
    host.clock.advance(5_000)
    assert not set(await commands(host)) & set(PCS[2:])
    again = await host.post(f"/api/executions/{exec_id}/rerun", json={"on": ["not_started"]})
    assert len(again.json()["subjects"]) == 4


async def test_a_stop_that_a_crash_interrupted_is_finished(ready: Any) -> None:
    """Many targets are told in portions; here the crash came before the last of them."""
    host = ready
    exec_id = await fire(host)
    await commands(host)
    await host.stop()
    with contextlib.closing(sqlite3.connect(host.database)) as db, db:
        db.execute(
            "UPDATE execution_batches SET stopped = 'stopped: x', stopped_as = 'skipped'"
            " WHERE sent_at IS NULL"
        )
    await host.start()

    async def told() -> bool:
        found = (await host.get(f"/api/executions/{exec_id}/targets")).json()["targets"]
        return {(one["state"], one["reason"]) for one in found} == {("skipped", "stopped: x")}

    await host.until(told, what="the rest of the stop")


async def test_few_failures_stop_nothing(ready: Any) -> None:
    host = ready
    exec_id = await fire(host, stop=2)
    await commands(host)
    await failed(host, exec_id, "pc-1")
    host.clock.advance(610)
    await gone(host, *PCS[:4])


async def test_somebody_stops_the_rest(ready: Any) -> None:
    host = ready
    exec_id = await fire(host)
    await commands(host)
    why = {"reason": "wrong version"}
    assert (await host.post(f"/api/executions/{exec_id}/stop", json=why, role="operator")).status == 204
    assert await batches(host, exec_id) == ["sent", "stopped", "stopped"]
    await host.settle()
    [record] = [one for one in await host.stream_messages("AUDIT") if ".execution_stop." in one[0]]
    assert b"stopped: wrong version" in record[1]
    assert (await host.post(f"/api/executions/{exec_id}/stop", json=why)).status == 409
    assert (await host.post("/api/executions/nobody/stop", json=why)).status == 404


async def test_a_kill_stops_what_has_not_gone(ready: Any) -> None:
    host = ready
    exec_id = await fire(host)
    await commands(host)
    assert (await host.post(f"/api/executions/{exec_id}/kill")).status == 204
    assert await batches(host, exec_id) == ["sent", "stopped", "stopped"]
    host.clock.advance(5_000)
    assert not set(await commands(host)) & set(PCS[2:])
    assert await host.rows("SELECT 1 FROM execution_staged") == []


async def test_a_pause_of_everything_keeps_batches_back_and_their_pauses_hold_again(ready: Any) -> None:
    host = ready
    exec_id = await fire(host)
    await host.post("/api/emergency/pause", json={"reason": "why"})
    host.clock.advance(5_000)
    assert await batches(host, exec_id) == ["sent", "waiting", "waiting"]
    await host.post("/api/emergency/resume")
    await gone(host, *PCS[:4])
    assert await batches(host, exec_id) == ["sent", "sent", "waiting"]


async def test_many_long_fires_keep_no_other_from_its_turn(ready: Any) -> None:
    """Each may have a thousand batches; what is looked at is bounded."""
    host = ready
    exec_id = await fire(host)
    await commands(host)
    await host.stop()
    with contextlib.closing(sqlite3.connect(host.database)) as db, db:
        for number in range(11):
            long = f"00000000-{number:04}"
            for table in ("executions", "execution_plans"):
                names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
                given = ", ".join("?" if name == "exec_id" else name for name in names if name != "id")
                into = ", ".join(name for name in names if name != "id")
                db.execute(
                    f"INSERT INTO {table} ({into}) SELECT {given} FROM {table} WHERE exec_id = ?",
                    (long, exec_id),
                )
            db.executemany(
                "INSERT INTO execution_batches (exec_id, number, commands, targets, due, sent_at)"
                " VALUES (?, ?, 0, 0, ?, ?)",
                [(long, 1, None, "1"), (long, 2, "9999", None)]
                + [(long, later, None, None) for later in range(3, 1_001)],
            )
    await host.start()
    host.clock.advance(610)
    await gone(host, *PCS[:4])


@pytest.mark.parametrize("path", ["emergency/clear", "scripts/echo/revoke"])
async def test_a_fire_that_goes_on_for_weeks_is_taken_back_too(ready: Any, path: str) -> None:
    host = ready
    exec_id = await fire(host, pause="5d")
    await commands(host)
    host.clock.advance(5 * 86_400 + 10)
    await gone(host, *PCS[:4])
    host.clock.advance(3 * 86_400)
    answer = await host.post(f"/api/{path}", json={"reason": "the wrong job"})
    assert answer.status < 300, answer.text
    assert await batches(host, exec_id) == ["sent", "sent", "stopped"]
    host.clock.advance(5 * 86_400)
    assert "pc-4" not in await commands(host)


async def test_all_in_batches_names_each_known_pc(ready: Any) -> None:
    host = ready
    for pc_id in PCS[:3]:
        beat = {"pc_id": pc_id, "at": host.clock.now().wire, "agent_version": "1"}
        await host.publish(f"heartbeat.{pc_id}", beat)
    await host.settle()
    body = {"target": {"all": True}, "batches": {"size": "50%", "pause": "1h"}}
    preview = (await host.post("/api/exec/echo/preview", json=body)).json()
    assert (preview["batches"], preview["commands"]) == ([2, 1], 3)
    assert (await host.post("/api/exec/echo", json=body)).status == 200
    assert await commands(host) == PCS[:2]


async def test_a_schedule_fires_in_batches_and_agents_can_still_read_it(ready: Any) -> None:
    host = ready
    text = (
        "id: s\ncron: '* * * * * *'\njob_id: echo\nmode: once_per_target\ntarget: {pcs: [a, b, c]}\n"
        "batches: {size: 2, pause: 1h, stop_at_failed: 10%}\nenabled: false\n"
    )
    headers = {"content-type": "application/yaml"}
    answer = await host.request("POST", "/api/schedules", data=text.encode(), headers=headers)
    assert answer.status == 200, answer.text
    [stored] = (await host.get("/api/schedules")).json()
    assert stored["batches"] == {"size": "2", "pause": "1h", "stop_at_failed": "10%"}
    fired = (await host.post("/api/schedules/s/run")).json()
    assert await commands(host) == ["a", "b"]
    assert await batches(host, fired["exec_id"]) == ["sent", "waiting"]
    bad = stored | {"batches": {"size": "none", "pause": "1h"}}
    refused = await host.post("/api/schedules", json=bad)
    assert (refused.status, refused.text[:21]) == (400, "invalid batches.size:")
    agents = await host.post("/api/schedules", json=stored | {"runs_on": "agent"})
    assert (agents.status, agents.text[:8]) == (400, "batches:")


@pytest.mark.kanade(process=True)
async def test_a_batch_goes_once_whatever_is_killed(host: Any) -> None:
    assert (await host.post("/api/jobs", json=JOB)).status == 200
    exec_id = await fire(host, size=1, pause="1s")
    for _ in range(2):
        await host.kill()
        await host.start()
    await gone(host, *PCS)
    assert await batches(host, exec_id) == ["sent"] * 5
    with contextlib.closing(sqlite3.connect(host.database)) as db:
        assert db.execute("SELECT count(*) FROM execution_staged").fetchone() == (0,)
