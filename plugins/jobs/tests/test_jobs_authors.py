"""Whoever wrote what would run does not release it alone; where nobody knows who did, nobody does.

Anna wrote the schedule, or asks by hand; bert wrote the job; vera did neither.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from kanade_host_jobs.manifest import decode_body

from kanade_host.plugin import HttpError

PLUGINS = ["results", "heartbeat", "fleet", "jobs", "scheduler"]
SETTINGS = {"jobs": {"require_approval": "marked"}}
pytestmark = pytest.mark.kanade(plugins=PLUGINS, settings=SETTINGS)

EXECUTE = {"shell": "powershell", "script": "echo", "timeout": "30s"}
JOB = {"id": "echo", "version": "1.0.0", "execute": EXECUTE, "require_approval": True}
OTHER = JOB | {"execute": EXECUTE | {"script": "rm"}}
BY_NAME = JOB | {"execute": {"shell": "cmd", "script_object": "tool/1", "timeout": "30s"}}
PLAN = {"target": {"pcs": ["pc-1"]}}
SCHEDULE = {"id": "s", "cron": "* * * * * *", "job_id": "echo", "enabled": False, **PLAN}
ANNA, BERT, VERA = "operator:anna", "operator:bert", "operator:vera"
OWN_JOB = "you saved the job that it runs"
NOBODY = "nobody can approve it before the job is saved here once more"


@pytest.fixture
async def written(host: Any) -> Any:
    """Bert's job."""
    await save(host, JOB, BERT)
    return host


async def save(host: Any, job: dict[str, Any], role: str, status: int = 200) -> None:
    answer = await host.post("/api/jobs", json=job, role=role)
    assert answer.status == status, answer.text


async def ask(host: Any, role: str = ANNA) -> Any:
    answer = await host.post("/api/exec/echo", json=PLAN, role=role)
    assert answer.status == 202, answer.text
    return answer.json()


async def tick(host: Any) -> str:
    """What a tick of anna's schedule asks for."""
    assert (await host.post("/api/schedules", json=SCHEDULE, role=ANNA)).status == 200
    assert (await host.post("/api/schedules/s/enable", role=ANNA)).status == 204

    async def asked() -> bool:
        return bool((await host.get("/api/approvals?state=pending")).json())

    await host.until(asked, what="a tick that asks")
    assert (await host.post("/api/schedules/s/disable", role=ANNA)).status == 204
    ctx = host.running.app.running["scheduler"].ctx.service("scheduler.work")

    async def idle() -> bool:
        return "s" not in ctx.ticker._running and "s" not in ctx.registry.all

    await host.until(idle, what="the end of the last tick")
    return str((await host.get("/api/approvals?state=pending")).json()[0]["exec_id"])


async def approve(host: Any, exec_id: str, role: str, status: int) -> str:
    answer = await host.post(f"/api/approvals/{exec_id}/approve", role=role)
    assert answer.status == status, answer.text
    return str(answer.text)


async def one(host: Any, exec_id: str) -> Any:
    return (await host.get(f"/api/approvals/{exec_id}", role="viewer")).json()


async def on_the_broker(host: Any, job: dict[str, Any]) -> None:
    """As somebody writes it who needs no server for that."""
    await (await host.kv("jobs")).put("echo", json.dumps(job).encode())


async def fired(host: Any) -> int:
    await host.settle()
    return len(await host.stream_messages("EXEC"))


# -- who saved it --------------------------------------------------------------------------------


async def test_who_changed_the_job_of_another_one_s_schedule_does_not_approve_its_tick(written: Any) -> None:
    host = written
    exec_id = await tick(host)
    assert OWN_JOB in await approve(host, exec_id, BERT, 403)
    assert "saved the schedule" in await approve(host, exec_id, ANNA, 403)
    assert ((await one(host, exec_id))["authors"], (await one(host, exec_id))["job_author"]) == (
        ["anna"],
        "bert",
    )
    assert await fired(host) == 0
    await approve(host, exec_id, VERA, 200)
    assert await fired(host) == 1


async def test_who_wrote_the_job_does_not_approve_what_another_one_asks_for_by_hand(written: Any) -> None:
    host = written
    exec_id = (await ask(host))["exec_id"]
    assert OWN_JOB in await approve(host, exec_id, BERT, 403)
    assert (await one(host, exec_id))["state"] == "pending"
    await approve(host, exec_id, VERA, 200)


async def test_who_wrote_the_job_asks_for_it_and_another_one_approves(written: Any) -> None:
    host = written
    exec_id = (await ask(host, BERT))["exec_id"]
    assert "you asked for it" in await approve(host, exec_id, BERT, 403)
    await approve(host, exec_id, ANNA, 200)


async def test_who_saved_the_same_text_after_it_was_asked_for_answers_for_it(written: Any) -> None:
    host = written
    exec_id = (await ask(host))["exec_id"]
    await save(host, OTHER, VERA)
    await save(host, JOB, VERA)
    assert OWN_JOB in await approve(host, exec_id, VERA, 403)
    await approve(host, exec_id, BERT, 200)


async def test_a_rerun_of_a_job_is_not_approved_by_who_wrote_it(written: Any) -> None:
    host = written
    first = (await ask(host))["exec_id"]
    await approve(host, first, VERA, 200)
    assert (await host.post(f"/api/executions/{first}/kill")).status == 204
    again = await host.post(f"/api/executions/{first}/rerun", json={"on": ["killed"]}, role=ANNA)
    assert again.status == 202
    assert OWN_JOB in await approve(host, again.json()["exec_id"], BERT, 403)


# -- nobody knows who ----------------------------------------------------------------------------


async def test_what_was_written_on_the_broker_itself_is_released_by_nobody(written: Any) -> None:
    host = written
    await on_the_broker(host, OTHER)
    answer = await ask(host)
    assert NOBODY in answer["warnings"][0]
    for role in (BERT, VERA):
        assert NOBODY in await approve(host, answer["exec_id"], role, 403)
    found = await one(host, answer["exec_id"])
    assert (found["state"], found["job_author"]) == ("pending", None)
    await save(host, OTHER, BERT)  # who does so answers for it
    assert OWN_JOB in await approve(host, answer["exec_id"], BERT, 403)
    await approve(host, answer["exec_id"], VERA, 200)


async def test_a_tick_of_a_job_that_nobody_here_wrote_says_so(host: Any) -> None:
    await on_the_broker(host, JOB)
    exec_id = await tick(host)
    assert NOBODY in await approve(host, exec_id, VERA, 403)
    [noted, *_] = (await host.get("/api/schedules/s/ticks?decision=pending")).json()
    assert NOBODY in noted["reason"]


async def test_the_same_text_written_on_the_broker_has_the_author_that_it_had(written: Any) -> None:
    host = written
    await on_the_broker(host, JOB)
    exec_id = (await ask(host))["exec_id"]
    assert OWN_JOB in await approve(host, exec_id, BERT, 403)
    await approve(host, exec_id, VERA, 200)


async def test_another_object_under_the_name_that_the_job_names_is_nobody_s(host: Any) -> None:
    store = await (await host.broker.client()).jetstream().object_store("scripts")
    await store.put("tool/1", b"echo")
    await save(host, BY_NAME, BERT)
    await store.put("tool/1", b"rm")
    exec_id = (await ask(host))["exec_id"]
    assert NOBODY in await approve(host, exec_id, VERA, 403)
    await save(host, BY_NAME, BERT)
    await approve(host, exec_id, VERA, 200)


async def test_a_job_of_before_its_script_was_uploaded_is_saved_and_waits_for_an_author(host: Any) -> None:
    await save(host, BY_NAME, BERT)
    store = await (await host.broker.client()).jetstream().object_store("scripts")
    await store.put("tool/1", b"echo")
    exec_id = (await ask(host))["exec_id"]
    assert NOBODY in await approve(host, exec_id, VERA, 403)


async def test_a_save_without_an_account_is_nobody_s(written: Any) -> None:
    host = written
    await save(host, OTHER, "operator:auth-disabled")
    exec_id = (await ask(host))["exec_id"]
    assert NOBODY in await approve(host, exec_id, VERA, 403)


async def test_a_preview_says_that_nobody_could_approve_it(written: Any) -> None:
    host = written

    async def against() -> dict[str, str]:
        answer = await host.post("/api/exec/echo/preview", json=PLAN, role=ANNA)
        assert answer.status == 200, answer.text
        return {one["why"]: one["text"] for one in answer.json()["obstacles"]}

    assert list(await against()) == ["approval"]
    await on_the_broker(host, OTHER)
    assert NOBODY in (await against())["author"]
    await save(host, OTHER, VERA)
    assert list(await against()) == ["approval"]
    await on_the_broker(host, JOB | {"require_approval": False})
    assert await against() == {}


async def test_a_save_that_the_broker_refuses_leaves_the_author(written: Any) -> None:
    host = written
    config = (await host.broker.api("STREAM.INFO.KV_jobs"))["config"]
    small = json.dumps(config | {"max_msg_size": 8}).encode()
    assert "error" not in await host.broker.api("STREAM.UPDATE.KV_jobs", small)
    await save(host, OTHER, VERA, 500)
    exec_id = (await ask(host))["exec_id"]
    assert (await one(host, exec_id))["job_author"] == "bert"


async def test_a_save_that_was_cut_off_is_nobody_s(written: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    host = written

    async def cut_off(*_: Any) -> None:
        raise asyncio.CancelledError

    work = host.running.app.running["jobs"].ctx.service("jobs.work")
    with monkeypatch.context() as patch:
        patch.setattr(work.authors, "_script", cut_off)
        body = decode_body("application/json", json.dumps(OTHER).encode())
        with pytest.raises(asyncio.CancelledError):
            await work.catalog.save(body, Who("vera"))
    assert (await work.catalog.get("echo")).execute.script == "rm"
    exec_id = (await ask(host))["exec_id"]
    assert NOBODY in await approve(host, exec_id, VERA, 403)


async def test_a_job_that_was_deleted_has_no_author(written: Any) -> None:
    host = written
    assert (await host.delete("/api/jobs/echo")).status == 204
    assert [*await host.rows("SELECT * FROM jobs_authors")] == []


# -- between the decision and the fire -----------------------------------------------------------


@pytest.mark.parametrize("by", ["bert", None], ids=["theirs by then", "nobody's by then"])
async def test_what_is_another_one_s_text_by_the_time_of_the_fire_is_not_fired(
    written: Any, by: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vera's approval is decided; then the text turns out to be hers, or anybody's."""
    host = written
    exec_id = (await ask(host))["exec_id"]
    approvals = host.running.app.running["jobs"].ctx.service("jobs.work").approvals
    decide = approvals._decide

    async def then_it_changes(*arguments: Any) -> None:
        await decide(*arguments)
        statement = "DELETE FROM jobs_authors" if by is None else "UPDATE jobs_authors SET sub = 'vera'"
        await approvals._ctx.write(lambda tx: tx.execute(statement).rowcount)

    monkeypatch.setattr(approvals, "_decide", then_it_changes)
    with pytest.raises(HttpError, match=NOBODY if by is None else OWN_JOB):
        await approvals.approve(exec_id, Who("vera"))
    assert (await one(host, exec_id))["state"] == "failed"
    assert await fired(host) == 0


async def test_saves_at_the_same_time_leave_the_one_whose_text_lies_there(written: Any) -> None:
    host = written
    texts = {"anna": JOB | {"version": "anna"}, "vera": JOB | {"version": "vera"}}
    for _ in range(3):
        await asyncio.gather(*(save(host, body, f"operator:{name}") for name, body in texts.items()))
        lies = json.loads((await (await host.kv("jobs")).get("echo")).value)["version"]
        [row] = await host.rows("SELECT sub FROM jobs_authors")
        assert row["sub"] == lies


@pytest.mark.kanade(plugins=PLUGINS, settings=SETTINGS, start=False)
async def test_a_question_of_before_authors_were_kept_waits_for_one(host: Any) -> None:
    """A file of an earlier version: nobody can say who wrote the jobs in the bucket."""
    await host.at_migration("jobs", "0005_several_authors")
    await host.start()
    await on_the_broker(host, JOB)
    exec_id = (await ask(host))["exec_id"]
    assert NOBODY in await approve(host, exec_id, VERA, 403)
    await save(host, JOB, BERT)
    await approve(host, exec_id, VERA, 200)


class Who:
    source = None

    def __init__(self, sub: str) -> None:
        self.sub = sub
