"""Releases that are cut off, late, or asked for under a name that looks like a schedule's."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from kanade_host_jobs.api import FanoutPlan, Target, Withheld

from kanade_host.plugin import HttpError, KanadeError

PLUGINS = ["results", "heartbeat", "fleet", "jobs", "scheduler"]
pytestmark = pytest.mark.kanade(plugins=PLUGINS, settings={"jobs": {"require_approval": "marked"}})

EXECUTE = {"shell": "powershell", "script": "echo", "timeout": "30s"}
JOB = {"id": "echo", "version": "1.0.0", "execute": EXECUTE, "require_approval": True}
PLAN = {"target": {"pcs": ["pc-1"]}}
FREEZE = {"reason": "accounts are closed", "from": "2000-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}


class Who:
    source = None

    def __init__(self, sub: str) -> None:
        self.sub = sub


def work(host: Any) -> Any:
    return host.running.app.running["jobs"].ctx.service("jobs.work")


@pytest.fixture
async def exec_id(host: Any) -> str:
    """One fire that waits, asked for by the operator."""
    assert (await host.post("/api/jobs", json=JOB, role="operator")).status == 200
    answer = await host.post("/api/exec/echo", json=PLAN, role="operator")
    assert answer.status == 202, answer.text
    return str(answer.json()["exec_id"])


async def state(host: Any, exec_id: str) -> str:
    return str((await host.get(f"/api/approvals/{exec_id}")).json()["state"])


async def commands(host: Any) -> list[str]:
    await host.settle()
    return [subject for subject, _ in await host.stream_messages("EXEC")]


async def a_second(host: Any) -> str:
    """Another fire; both are approved, and both were cut off."""
    second = (await host.post("/api/exec/echo", json=PLAN, role="operator")).json()["exec_id"]
    ctx = host.running.app.running["jobs"].ctx
    await ctx.write(
        lambda tx: tx.execute("UPDATE jobs_approvals SET state = 'approved', decided_by = 'x'").rowcount
    )
    return str(second)


class Instead:
    """Stands in for `Firing.fire`: does what it is told before or after the fire itself."""

    def __init__(self, host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = 0
        self._fire = work(host).catalog.firing.fire
        monkeypatch.setattr(work(host).catalog.firing, "fire", self)

    async def __call__(self, *args: Any, **named: Any) -> Any:
        self.calls += 1
        await self.before()
        answer = await self._fire(*args, **named)
        await self.after()
        return answer

    async def before(self) -> None: ...

    async def after(self) -> None: ...


async def test_a_fire_that_was_cut_off_is_taken_up_without_a_restart(
    host: Any, exec_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class CutOff(Instead):
        async def before(self) -> None:
            raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        CutOff(host, patch)
        with pytest.raises(asyncio.CancelledError):
            await work(host).approvals.approve(exec_id, Who("vera"))
    assert await state(host, exec_id) == "approved"
    assert await work(host).approvals.sweep() == 1
    assert await state(host, exec_id) == "fired"
    assert await commands(host) == ["commands.pc.pc-1"]


async def test_a_decision_of_days_ago_is_not_carried_out(host: Any, exec_id: str) -> None:
    """The host was down, or could not fire, until after the time in which somebody could decide."""
    ctx = host.running.app.running["jobs"].ctx
    await ctx.write(
        lambda tx: tx.execute("UPDATE jobs_approvals SET state = 'approved', decided_by = 'x'").rowcount
    )
    host.clock.advance(25 * 3_600)
    await work(host).approvals.sweep()
    found = (await host.get(f"/api/approvals/{exec_id}")).json()
    assert (found["state"], found["decided_by"]) == ("failed", "x")
    assert "ask again" in found["reason"]
    assert await commands(host) == []


async def test_what_is_being_fired_is_left_to_whoever_does_it(
    host: Any, exec_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    class Slow(Instead):
        async def before(self) -> None:
            begun.set()
            await go.wait()

    instead = Slow(host, monkeypatch)
    releasing = asyncio.create_task(work(host).approvals.approve(exec_id, Who("vera")))
    await begun.wait()
    assert await work(host).approvals.sweep() == 0
    go.set()
    await releasing
    assert (instead.calls, await state(host, exec_id)) == (1, "fired")


async def test_a_sweep_that_sees_the_decision_before_its_maker_goes_on(
    host: Any, exec_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    approvals = work(host).approvals
    decide, swept = approvals._decide, []

    async def decided(*args: Any) -> None:
        await decide(*args)
        swept.append(await approvals.sweep())

    instead = Instead(host, monkeypatch)
    monkeypatch.setattr(approvals, "_decide", decided)
    await approvals.approve(exec_id, Who("vera"))
    assert (swept, instead.calls, await state(host, exec_id)) == ([0], 1, "fired")
    assert not approvals._releasing


async def test_what_was_rejected_while_others_were_fired_is_not(
    host: Any, exec_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep lists several; the second became pending again by its own approval, and was rejected."""
    second = await a_second(host)
    ctx = host.running.app.running["jobs"].ctx

    class Slow(Instead):
        async def before(self) -> None:
            reject = "UPDATE jobs_approvals SET state = 'rejected' WHERE exec_id <> ? AND state = 'approved'"
            await ctx.write(lambda tx: tx.execute(reject, (firing[0],)).rowcount)

        async def __call__(self, *args: Any, **named: Any) -> Any:
            firing.append(named["exec_id"])
            return await super().__call__(*args, **named)

    firing: list[str] = []
    Slow(host, monkeypatch)
    await work(host).approvals.sweep()
    [fired] = firing
    [other] = {exec_id, second} - {fired}
    assert (await state(host, fired), await state(host, other)) == ("fired", "rejected")


async def test_one_that_cannot_be_fired_keeps_no_other_from_its_turn(
    host: Any, exec_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = await a_second(host)

    class Broken(Instead):
        async def before(self) -> None:
            if self.calls == 1:
                raise RuntimeError("a fault of ours")

    Broken(host, monkeypatch)
    await work(host).approvals.sweep()
    states = {await state(host, exec_id), await state(host, second)}
    assert states == {"approved", "fired"}
    await work(host).approvals.sweep()
    assert {await state(host, exec_id), await state(host, second)} == {"fired"}


async def test_an_error_after_the_fire_does_not_unsay_it(
    host: Any, exec_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(Instead):
        async def after(self) -> None:
            raise KanadeError("the answer got lost")

    Late(host, monkeypatch)
    with pytest.raises(KanadeError, match="got lost"):
        await work(host).approvals.approve(exec_id, Who("vera"))
    assert await state(host, exec_id) == "fired"
    assert await commands(host) == ["commands.pc.pc-1"]


@pytest.mark.parametrize("error", [KanadeError("x"), HttpError(400, "x"), Withheld("frozen", "x", 409, None)])
async def test_a_release_that_comes_late_changes_nothing(
    host: Any, exec_id: str, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """Meanwhile somebody else has ended it, such as a host that took over."""
    ctx = host.running.app.running["jobs"].ctx

    class Overtaken(Instead):
        async def before(self) -> None:
            await ctx.write(lambda tx: tx.execute("UPDATE jobs_approvals SET state = 'fired'").rowcount)
            raise error

    Overtaken(host, monkeypatch)
    with pytest.raises(KanadeError):
        await work(host).approvals.approve(exec_id, Who("vera"))
    found = (await host.get(f"/api/approvals/{exec_id}")).json()
    assert (found["state"], found["decided_by"]) == ("fired", "vera")


async def asked_by(host: Any, account: str) -> str:
    plan = FanoutPlan(target=Target(pcs=["pc-1"]))
    with pytest.raises(Withheld) as withheld:
        await work(host).catalog.fire("echo", plan, actor="operator", caller=Who(account))
    assert withheld.value.answer is not None
    return str(withheld.value.answer.exec_id)


async def test_an_account_that_is_called_like_a_schedule_is_none(host: Any, exec_id: str) -> None:
    await host.post("/api/schedules", json={"id": "s", "cron": "* * * * * *", "job_id": "echo", **PLAN})
    theirs = await asked_by(host, "schedule:s")

    async def two() -> bool:
        return len((await host.get("/api/approvals?state=expired")).json()) > 0

    await host.until(two, what="a second tick, which replaces the question of the first")
    await host.post("/api/schedules/s/disable")
    found = (await host.get(f"/api/approvals/{theirs}")).json()
    assert (found["state"], found["asked_by"], found["schedule_id"]) == ("pending", "schedule:s", None)
    [tick] = [one for one in (await host.get("/api/approvals?state=pending")).json() if one["schedule_id"]]
    assert (tick["asked_by"], tick["schedule_id"]) == ("schedule:s", "s")

    with pytest.raises(HttpError, match="you asked for it"):
        await work(host).approvals.approve(theirs, Who("schedule:s"))
    await work(host).approvals.approve(theirs, Who("vera"))
    await work(host).approvals.approve(tick["exec_id"], Who("schedule:s"))
    await host.settle()
    records = [json.loads(body) for _, body in await host.stream_messages("AUDIT")]
    fired = {
        one["payload"]["exec_id"]: one["payload"].get("sub") for one in records if one["action"] == "exec"
    }
    assert fired == {theirs: "schedule:s", tick["exec_id"]: None}
