"""Whoever may have written a schedule does not approve what it fires; all others may.

The operator wrote the schedule, the admin saves it again, vera did neither; the job is wanda's. Saves are
refused, cut off, unanswered, or come while a tick is under way.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from kanade_host_scheduler.ticks import Tick
from nats.errors import TimeoutError as NatsTimeout

from kanade_host.plugin import Entry, HttpError

PLUGINS = ["results", "heartbeat", "fleet", "jobs", "scheduler"]
SETTINGS = {"jobs": {"require_approval": "marked"}}
pytestmark = pytest.mark.kanade(plugins=PLUGINS, settings=SETTINGS)

EXECUTE = {"shell": "powershell", "script": "echo", "timeout": "30s"}
JOB = {"id": "echo", "version": "1.0.0", "execute": EXECUTE, "require_approval": True}
OPERATOR, ADMIN, VERA = "kit-operator", "kit-admin", "vera"
OURS = "you saved the schedule that asks for it"


class Who:
    source = None

    def __init__(self, sub: str) -> None:
        self.sub = sub


def schedule(**keys: Any) -> dict[str, Any]:
    base = {"id": "s", "cron": "* * * * * *", "job_id": "echo", "target": {"pcs": ["theirs"]}}
    return base | {"enabled": False} | keys


NEW = schedule(target={"pcs": ["new"]})


@pytest.fixture
async def written(host: Any) -> Any:
    """A schedule of the operator's, which does not tick yet."""
    assert (await host.post("/api/jobs", json=JOB, role="operator:wanda")).status == 200
    assert (await host.post("/api/schedules", json=schedule(), role="operator")).status == 200
    return host


def service(host: Any, plugin: str) -> Any:
    return host.running.app.running[plugin].ctx.service(f"{plugin}.work")


async def entry(host: Any) -> Any:
    return await (await host.kv("schedules")).get("s")


async def text(host: Any) -> str:
    return str(json.loads((await entry(host)).value)["target"]["pcs"][0])


async def pending(host: Any) -> str | None:
    found = (await host.get("/api/approvals?state=pending")).json()
    return str(found[0]["exec_id"]) if found else None


async def tick(host: Any) -> str:
    """Let it tick; the id of the fire that waits."""

    async def asked() -> bool:
        return await pending(host) is not None

    assert (await host.post("/api/schedules/s/enable")).status == 204
    await host.until(asked, what="a tick that asks")
    assert (await host.post("/api/schedules/s/disable")).status == 204
    return await settled(host)


async def settled(host: Any) -> str:
    """The last question of a schedule that ticks no more: one that had begun may replace it."""
    ticker = service(host, "scheduler").ticker

    async def idle() -> bool:
        return "s" not in ticker._running and "s" not in service(host, "scheduler").registry.all

    await host.until(idle, what="the end of the last tick")
    exec_id = await pending(host)
    assert exec_id is not None
    return exec_id


async def barred(host: Any, exec_id: str) -> set[str]:
    """Who may not approve it. Whoever may is not asked to: nothing is fired."""
    approvals = service(host, "jobs").approvals
    row = await approvals._row(exec_id)
    found = set()
    for sub in (OPERATOR, ADMIN, VERA):
        if sub in json.loads(row["authors"]):
            with pytest.raises(HttpError, match=OURS) as error:
                await approvals.approve(exec_id, Who(sub))
            assert error.value.status == 403
            found.add(sub)
    return found


async def approve(host: Any, exec_id: str, role: str) -> int:
    return int((await host.post(f"/api/approvals/{exec_id}/approve", role=role)).status)


async def refuse(host: Any, size: int) -> None:
    """Let the broker take no schedule longer than that; -1: any."""
    config = (await host.broker.api("STREAM.INFO.KV_schedules"))["config"]
    body = json.dumps(config | {"max_msg_size": size}).encode()
    assert "error" not in await host.broker.api("STREAM.UPDATE.KV_schedules", body)


# -- a save that is known to have come to pass, or not --------------------------------------------


async def test_after_a_save_only_the_new_author_counts(written: Any) -> None:
    host = written
    assert (await host.post("/api/schedules", json=NEW)).status == 200
    exec_id = await tick(host)
    assert await barred(host, exec_id) == {ADMIN}
    assert await approve(host, exec_id, "admin") == 403
    assert await approve(host, exec_id, "operator") == 200


@pytest.mark.parametrize("earlier", [False, True], ids=["never saved it", "saved it once"])
async def test_what_the_broker_refuses_leaves_the_author_as_it_was(written: Any, earlier: bool) -> None:
    host = written
    if earlier:
        await host.post("/api/schedules", json=NEW)
        await host.post("/api/schedules", json=schedule(), role="operator")
    await refuse(host, 8)
    answer = await host.post("/api/schedules", json=NEW)
    assert (answer.status, answer.text[:7]) == (500, "KV put:")
    await refuse(host, -1)
    assert await text(host) == "theirs"
    exec_id = await tick(host)
    assert await barred(host, exec_id) == {OPERATOR}
    assert await approve(host, exec_id, "operator") == 403
    assert await approve(host, exec_id, "admin") == 200


async def test_a_refused_save_of_the_author_s_own_does_not_let_them_approve(written: Any) -> None:
    host = written
    await refuse(host, 8)
    assert (await host.post("/api/schedules", json=NEW, role="operator")).status == 500
    await refuse(host, -1)
    assert await barred(host, await tick(host)) == {OPERATOR}


async def test_a_broker_that_is_away_for_certain_takes_nothing(written: Any) -> None:
    host = written
    await host.broker.stop()
    await connected(host, False)
    assert (await host.post("/api/schedules", json=NEW)).status == 503
    await host.broker.start()
    await connected(host, True)
    exec_id = await tick(host)
    assert await barred(host, exec_id) == {OPERATOR}
    assert await approve(host, exec_id, "admin") == 200


async def connected(host: Any, wanted: bool) -> None:
    async def check() -> bool:
        return bool(host.running.app.broker.bus.connected) is wanted

    await host.until(check, what=f"connected: {wanted}")


async def test_saves_at_the_same_time_leave_the_one_whose_text_lies_there(written: Any) -> None:
    host = written
    texts = {"operator": schedule(target={"pcs": [OPERATOR]}), "admin": schedule(target={"pcs": [ADMIN]})}
    for _ in range(5):
        saves = [host.post("/api/schedules", json=body, role=role) for role, body in texts.items()]
        assert {answer.status for answer in await asyncio.gather(*saves, *_again(host, texts))} == {200}
        open_ = await host.rows("SELECT sub FROM scheduler_writers WHERE until_revision IS NULL")
        assert [row["sub"] for row in open_] == [await text(host)]


def _again(host: Any, texts: dict[str, Any]) -> list[Any]:
    return [host.post("/api/schedules", json=texts[role], role=role) for role in ("admin", "operator")]


# -- a save of which nobody knows -----------------------------------------------------------------


async def freeze(host: Any) -> None:
    """The broker answers nothing any more: a signal takes effect a moment later."""
    nc = await host.broker.client()
    host.broker.freeze()

    async def silent() -> bool:
        try:
            await nc.request("$JS.API.INFO", timeout=0.2)
        except NatsTimeout:
            return True
        return False

    await host.until(silent, what="the broker's silence")


async def test_a_broker_that_does_not_answer_in_time_may_take_it_later(
    written: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client was told 503, and the text is theirs: both are barred until a save comes to pass."""
    host = written
    await freeze(host)
    with monkeypatch.context() as patch:
        patch.setattr("kanade_host.bus.bus.CALL_SECONDS", 0.3)
        try:
            assert (await host.post("/api/schedules", json=NEW)).status == 503
        finally:
            host.broker.thaw()

    async def taken() -> bool:
        return await text(host) == "new"

    await host.until(taken, what="the save of which nobody heard")
    exec_id = await tick(host)
    assert await barred(host, exec_id) == {OPERATOR, ADMIN}
    for role in ("operator", "admin"):
        assert await approve(host, exec_id, role) == 403
    await service(host, "jobs").approvals.approve(exec_id, Who(VERA))
    assert (await host.post("/api/schedules", json=NEW, role="operator")).status == 200
    assert await barred(host, await tick(host)) == {OPERATOR}


@pytest.mark.kanade(plugins=PLUGINS, settings=SETTINGS, process=True)
@pytest.mark.parametrize("arrives", [False, True], ids=["the save is lost", "the save arrives"])
async def test_a_host_that_is_killed_between_the_note_and_the_save(written: Any, arrives: bool) -> None:
    host = written
    await freeze(host)
    saving = asyncio.create_task(host.post("/api/schedules", json=NEW))
    await host.until(lambda: noted(host, ADMIN), what="the note")
    if not arrives:
        await host.broker.kill()
    await host.kill()
    await asyncio.gather(saving, return_exceptions=True)
    if arrives:
        host.broker.thaw()
    else:
        await host.broker.start()
    await host.start()
    exec_id = await waiting(host)
    for role in ("operator", "admin"):
        assert await approve(host, exec_id, role) == 403
    assert await text(host) in ({"theirs", "new"} if arrives else {"theirs"})


async def noted(host: Any, sub: str) -> bool:
    """Read from the file: the kit's own way would wait for the host."""
    with closing(sqlite3.connect(f"file:{host.database}?mode=ro", uri=True)) as db:
        return bool(db.execute("SELECT 1 FROM scheduler_writers WHERE sub = ?", (sub,)).fetchone())


async def waiting(host: Any) -> str:
    """A tick of a host in a process of its own; the schedule goes on ticking no more."""

    async def asked() -> bool:
        return await pending(host) is not None

    async def fire_ended() -> bool:
        rows = await host.rows("SELECT 1 FROM scheduler_fires WHERE state = 'firing'")
        return not rows

    assert (await host.post("/api/schedules/s/enable")).status == 204
    await host.until(asked, what="a tick that asks")
    assert (await host.post("/api/schedules/s/disable")).status == 204
    await host.until(fire_ended, what="the end of the last tick")
    exec_id = await pending(host)
    assert exec_id is not None
    return exec_id


# -- ticks that come with an older text -----------------------------------------------------------


async def test_a_tick_that_holds_the_text_before_bars_who_wrote_that(written: Any) -> None:
    """The map of schedules lags behind, or the tick waited for the broker while somebody saved."""
    host = written
    scheduler = service(host, "scheduler")
    old, revision = await scheduler.store._entry("s")
    assert (await host.post("/api/schedules", json=NEW)).status == 200
    await scheduler.ticks.tick(Tick(old, host.clock.now(), revision))
    exec_id = await pending(host)
    assert exec_id is not None
    assert await barred(host, exec_id) == {OPERATOR, ADMIN}


async def test_a_fire_that_a_crash_cut_off_keeps_the_authors_of_its_text(
    written: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = written
    scheduler = service(host, "scheduler")
    old, revision = await scheduler.store._entry("s")

    async def cut_off(*_: Any) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(scheduler.ticks, "_send", cut_off)
        with pytest.raises(asyncio.CancelledError):
            await scheduler.ticks.tick(Tick(old, host.clock.now(), revision))
    assert (await host.post("/api/schedules", json=NEW)).status == 200
    await host.restart()

    async def asked() -> bool:
        return await pending(host) is not None

    await host.until(asked, what="the fire that is taken up")
    exec_id = await pending(host)
    assert exec_id is not None
    assert await barred(host, exec_id) == {OPERATOR}


async def test_a_bucket_that_was_made_anew_counts_from_one(written: Any) -> None:
    """Revisions of the old one say nothing of the new one."""
    host = written
    for role in ("admin", "operator", "admin", "operator", "admin"):  # the operator's ended at revision 6
        await host.post("/api/schedules", json=NEW, role=role)
    config = (await host.broker.api("STREAM.INFO.KV_schedules"))["config"]
    await host.broker.api("STREAM.DELETE.KV_schedules")
    assert "error" not in await host.broker.api("STREAM.CREATE.KV_schedules", json.dumps(config).encode())
    assert (await host.post("/api/schedules", json=NEW)).status == 200
    made: Entry = await entry(host)
    assert made.revision == 1
    assert await barred(host, await tick(host)) == {ADMIN}


# -- files of before ------------------------------------------------------------------------------


@pytest.mark.kanade(plugins=PLUGINS, settings=SETTINGS, start=False)
async def test_who_was_the_author_before_is_so_still(host: Any) -> None:
    await host.at_migration("scheduler", "0002_authors")
    await host.change("INSERT INTO scheduler_authors VALUES ('s', ?, '2026-01-01T00:00:00Z')", (OPERATOR,))
    await host.change(
        "INSERT INTO scheduler_fires (schedule_id, due, exec_id, job_id, plan, state, planned_at)"
        " VALUES ('s', '2026-01-01T00:00:00Z', 'e', 'echo', '{}', 'firing', ?)",
        (host.clock.now().stored,),  # an old one would be swept away
    )
    await host.start()
    [row] = await host.rows("SELECT * FROM scheduler_writers")
    assert tuple(row) == ("s", OPERATOR, None)
    [fire] = await host.rows("SELECT authors FROM scheduler_fires")
    assert json.loads(fire["authors"]) == [OPERATOR]


@pytest.mark.kanade(plugins=PLUGINS, settings=SETTINGS, start=False)
async def test_a_question_of_before_keeps_its_author(host: Any) -> None:
    await host.at_migration("jobs", "0004_authors")
    columns = (
        "exec_id, job_id, version, manifest, plan, expected, actor, asked_by, asked_at, expires_at, noted,"
        " state, schedule_id, author"
    )
    row = ["echo", "1", "x", "{}", 1, "scheduler", "schedule:s", "2020", "2999", "{}", "pending"]
    insert = f"INSERT INTO jobs_approvals ({columns}) VALUES ({', '.join('?' * 14)})"
    await host.change(insert, ("theirs", *row, "s", OPERATOR))
    await host.change(insert, ("nobody's", *row, None, None))
    await host.start()
    found = {row["exec_id"]: row["authors"] for row in await host.rows("SELECT * FROM jobs_approvals")}
    assert found == {"theirs": f'["{OPERATOR}"]', "nobody's": None}
