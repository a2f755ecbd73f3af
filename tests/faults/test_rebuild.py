"""Rebuild: afterwards the tables hold what a fresh database would, and nothing else has moved."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import counting
import pytest

from kanade_host.rebuild import scratch

FILE = Path(counting.__file__)
PLUGINS = ["results", "audit", "obs", "inventory", "jobs"]
pytestmark = [pytest.mark.timeout(120)]

ROWS = {
    "execution_results": "SELECT result_id, request_id, exec_id, pc_id, exit_code, stdout, stderr,"
    " started_at, finished_at, job_id, version, reaped FROM execution_results ORDER BY result_id",
    "result_objects": "SELECT * FROM result_objects ORDER BY result_id",
    "audit_log": "SELECT * FROM audit_log ORDER BY id",
    "audit_sources": "SELECT * FROM audit_sources ORDER BY id",
    "audit_bounds": "SELECT * FROM audit_bounds",
    "obs_events": "SELECT * FROM obs_events ORDER BY id",
    "inventory_facts": "SELECT * FROM inventory_facts ORDER BY pc_id, job_id",
    "inventory_sources": "SELECT * FROM inventory_sources ORDER BY pc_id, job_id",
    "inventory_history": "SELECT * FROM inventory_history ORDER BY id",
    "inv_apps": "SELECT * FROM inv_apps ORDER BY pc_id, name",
}
SCAN = {
    "id": "apps",
    "version": "1",
    "execute": {"shell": "powershell", "script": "x", "timeout": "30s"},
    "inventory": {
        "display": [{"field": "os", "label": "OS"}],
        "history_scalars": ["os"],
        "explode": [
            {
                "field": "apps",
                "table": "inv_apps",
                "primary_key": ["name"],
                "columns": [{"field": "name"}, {"field": "version", "index": True}],
                "track_history": True,
            }
        ],
    },
}


def result(number: int, **more: Any) -> dict[str, Any]:
    return {
        "result_id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"r{number}")),
        "request_id": f"req-{number}",
        "exec_id": more.pop("exec_id", "nobody"),
        "pc_id": f"pc-{number % 7}",
        "exit_code": 1 if number % 5 == 0 else 0,
        "stdout": "output",
        "stderr": "",
        "started_at": "2026-11-23T10:00:00Z",
        "finished_at": f"2026-11-23T10:{number % 60:02d}:01Z",
        "manifest_id": "echo",
    } | more


async def publish_everything(host: Any) -> str:
    """Messages of all kinds, some of them bad; the execution that they belong to."""
    assert (await host.post("/api/jobs", json=SCAN)).status == 200
    job = {"id": "echo", "version": "1", "execute": {"shell": "cmd", "script": "echo hi", "timeout": "30s"}}
    assert (await host.post("/api/jobs", json=job)).status == 200
    fired = await host.post("/api/exec/echo", json={"target": {"pcs": [f"pc-{n}" for n in range(7)]}})
    exec_id = str(fired.json()["exec_id"])
    for number in range(60):
        body = result(number, exec_id=exec_id if number < 7 else "nobody")
        if number % 2:
            own = ("result_id", "request_id", "exec_id", "pc_id", "started_at")
            started = {key: body[key] for key in own}
            started |= {"manifest_id": "echo", "version": "1"}
            await host.publish(f"events.started.{body['exec_id']}.{body['pc_id']}", started)
        await host.publish(f"results.{body['request_id']}", body)
        event = {"pc_id": f"pc-{number % 7}", "at": "2026-11-23T10:00:00Z", "kind": "logon", "source": "win"}
        more = {"event_record_id": str(number)} if number % 3 else {}
        await host.publish("obs.pc", event | more | {"payload": {"n": number}})
    await host.publish("results.bad", b"{not json")
    for pc in range(3):
        for version in ("1", "2"):
            apps = [{"name": "editor", "version": version}, {"name": f"tool-{version}", "version": "7"}]
            facts = f'{{"os": "w{version}", "apps": {json.dumps(apps)}}}'
            body = result(100 + pc * 10 + int(version), exit_code=0, manifest_id="apps", stdout=facts)
            await host.publish("results.scan", body | {"pc_id": f"pc-{pc}"})
    await host.settle()
    return exec_id


async def rows_of(host: Any) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(row) for row in await host.rows(sql)] for name, sql in ROWS.items()}


async def rebuild(host: Any, plugin: str, **body: Any) -> dict[str, Any]:
    answer = await host.post(f"/api/rebuilds/{plugin}", json=body)
    assert answer.status == 202, answer.text
    return await ended(host, plugin)


async def ended(host: Any, plugin: str) -> dict[str, Any]:
    async def over() -> Any:
        listed = (await host.get("/api/rebuilds")).json()["rebuilds"]
        [*_, last] = [one for one in listed if one["plugin"] == plugin]
        return None if last["state"] == "running" else last

    return dict(await host.until(over, seconds=60, what=f"the rebuild of {plugin} to end"))


async def damage(host: Any, statements: Sequence[str]) -> None:
    """As if a bug had written it."""

    def work(tx: Any) -> None:
        for statement in statements:
            tx.execute(statement)

    await host.running.app.store.writer.run("host", work)


@pytest.mark.kanade(plugins=PLUGINS)
async def test_the_tables_are_those_of_a_fresh_database(host: Any, tmp_path: Path) -> None:
    exec_id = await publish_everything(host)
    assert len(await host.dead_letters()) == 2  # of results and of inventory
    await damage(
        host,
        [
            "UPDATE execution_results SET stdout = 'wrong', exit_code = 9 WHERE rowid % 3 = 0",
            "DELETE FROM execution_results WHERE rowid % 4 = 0",
            f"UPDATE executions SET success_count = 40, failure_count = 2 WHERE exec_id = '{exec_id}'",
            "DELETE FROM audit_log WHERE id = 1",
            "UPDATE audit_log SET actor = 'mallory'",
            "DELETE FROM obs_events WHERE id % 2 = 0",
            "DELETE FROM inv_apps",
            "UPDATE inventory_facts SET facts_json = '{}'",
            "DELETE FROM inventory_history WHERE id % 2 = 0",
            "DELETE FROM inventory_sources",
            "DELETE FROM host_dead_letters",
        ],
    )
    for plugin in PLUGINS[:4]:
        found = await rebuild(host, plugin)
        assert found["state"] == "done", found
    await host.settle()
    [execution] = await host.rows("SELECT success_count, failure_count, status FROM executions")
    assert tuple(execution) == (5, 2, "completed")
    assert len(await host.dead_letters()) == 2
    assert not list(host.folder.glob("*.rebuild-*"))
    rebuilt = await rows_of(host)
    fresh = await rows_of_a_fresh_host(host, tmp_path)
    for name in ROWS:
        assert rebuilt[name] == fresh[name], name
        assert rebuilt[name] or name == "result_objects", name


async def rows_of_a_fresh_host(host: Any, tmp_path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """A second host on an empty file, after the first one has gone, over the same broker."""
    await host.stop()
    shutil.move(host.database, tmp_path / "rebuilt.db")
    await host.start()
    await host.settle()
    return await rows_of(host)


@pytest.mark.kanade(files=[FILE])
async def test_messages_that_arrive_meanwhile_are_there_afterwards_once(host: Any) -> None:
    for number in range(500):
        await host.publish("obs.pc-1", {"id": f"m{number}"})
    await host.settle()

    async def go_on() -> None:
        for number in range(500, 700):
            await host.publish("obs.pc-1", {"id": f"m{number}"})
            await asyncio.sleep(0.001)

    publishing = asyncio.create_task(go_on())
    found = await rebuild(host, "counting")
    assert found["state"] == "done", found
    assert (await host.get("/api/counting")).status == 200
    await publishing
    await host.settle()
    rows = await host.rows("SELECT id, times FROM counted")
    assert {row["id"]: row["times"] for row in rows} == {f"m{n}": 1 for n in range(700)}


@pytest.mark.kanade(files=[FILE])
async def test_nothing_is_sent_and_no_event_is_told_of_single_rows(host: Any) -> None:
    await host.publish("obs.pc-1", {"id": "one", "send": "audit.counting"})
    await host.settle()
    before = await host.stream_messages("AUDIT")
    assert (await rebuild(host, "counting"))["state"] == "done"
    await host.settle()
    said = [subject for subject, _ in await host.stream_messages("AUDIT")]
    assert said == [*(subject for subject, _ in before), "audit.operator.projection_rebuild.counting"]


@pytest.mark.kanade(files=[FILE])
async def test_a_cancelled_one_leaves_everything_as_it_was(host: Any, monkeypatch: Any) -> None:
    for number in range(20):
        await host.publish("obs.pc-1", {"id": f"m{number}"})
    await host.settle()
    await damage(host, ["UPDATE counted SET times = 7"])
    reached = asyncio.Event()

    async def hang(*_: Any) -> None:
        reached.set()
        await asyncio.Event().wait()

    from kanade_host.projection.replaying import Replay

    monkeypatch.setattr(Replay, "_apply", hang)
    assert (await host.post("/api/rebuilds/counting", json={})).status == 202
    await asyncio.wait_for(reached.wait(), 30)
    again = await host.post("/api/rebuilds/counting", json={})
    assert again.status == 409
    assert "already" in again.text
    assert (await host.post("/api/rebuilds/counting/cancel")).status == 204
    assert (await ended(host, "counting"))["state"] == "cancelled"
    assert (await host.post("/api/rebuilds/counting/cancel")).status == 404
    assert not list(host.folder.glob("*.rebuild-*"))
    assert {row["times"] for row in await host.rows("SELECT times FROM counted")} == {7}
    await host.publish("obs.pc-1", {"id": "later"})
    await host.settle()
    recorded = [subject.split(".")[2] for subject, _ in await host.stream_messages("AUDIT")]
    assert recorded == ["projection_rebuild", "projection_rebuild_cancel"]


@pytest.mark.kanade(files=[FILE])
async def test_one_cancelled_while_its_file_is_made_leaves_none_behind(host: Any, monkeypatch: Any) -> None:
    await host.publish("obs.pc-1", {"id": "m"})
    await host.settle()
    make, reached, go = scratch._make, threading.Event(), threading.Event()

    def slowly(*of: Any) -> Any:
        reached.set()
        go.wait(60)
        return make(*of)

    monkeypatch.setattr(scratch, "_make", slowly)
    assert (await host.post("/api/rebuilds/counting", json={})).status == 202
    assert await asyncio.to_thread(reached.wait, 60)
    assert (await host.post("/api/rebuilds/counting/cancel")).status == 204
    go.set()
    assert (await ended(host, "counting"))["state"] == "cancelled"
    assert not list(host.folder.glob("*.rebuild-*"))
    assert (await rebuild(host, "counting"))["state"] == "done"


@pytest.mark.kanade(files=[FILE])
async def test_it_asks_before_rows_are_lost(host: Any) -> None:
    for number in range(10):
        await host.publish("obs.pc-1", {"id": f"m{number}"})
    await host.settle()
    await host.broker.api("STREAM.PURGE.OBS_EVENTS", b'{"seq": 6}')
    plan = (await host.get("/api/rebuilds/counting")).json()
    assert plan["replaces"] == {"counted": 10, "sampled": 0}
    [loss] = plan["losses"]
    assert "OBS_EVENTS begins with message 6" in loss
    refused = await host.post("/api/rebuilds/counting", json={})
    assert (refused.status, refused.text) == (409, loss)
    assert len(await host.rows("SELECT 1 FROM counted")) == 10
    assert (await rebuild(host, "counting", lose=True))["rows"]["counted"] == [10, 5]


@pytest.mark.kanade(plugins=["results", "audit", "obs", "inventory", "jobs"])
async def test_rows_older_than_the_streams_are_carried_over(host: Any) -> None:
    await publish_everything(host)
    before = await rows_of(host)
    await asyncio.sleep(2.1)  # rows keep whole seconds; what comes now is younger in any case
    for number in range(200, 210):
        body = result(number)
        await host.publish("results.late", body)
        event = {"pc_id": "pc-1", "at": "2027-11-23T10:00:00Z", "kind": "late", "source": "win"}
        await host.publish("obs.pc", event | {"event_record_id": str(number)})
    await host.settle()
    everything = await rows_of(host)
    for stream, sequence in (("RESULTS", 68), ("EVENTS", 31), ("OBS_EVENTS", 61), ("AUDIT", 3)):
        await host.broker.api(f"STREAM.PURGE.{stream}", f'{{"seq": {sequence}}}'.encode())
    for plugin in PLUGINS[:4]:
        assert (await host.get(f"/api/rebuilds/{plugin}")).json()["losses"] == []
        found = await rebuild(host, plugin)
        assert found["state"] == "done", found
    await host.settle()
    after = await rows_of(host)
    for name in ROWS:
        if name.startswith("audit"):
            assert len(after[name]) >= len(everything[name]), name
            continue
        # Events that are carried over come after those that were replayed, with ids of their own.
        first = int(name == "obs_events")
        had = sorted(str(row[first:]) for row in everything[name])
        assert sorted(str(row[first:]) for row in after[name]) == had, name
    assert before["inventory_history"] == after["inventory_history"]
    [execution] = await host.rows("SELECT success_count, failure_count, status FROM executions")
    assert tuple(execution) == (5, 2, "completed")


@pytest.mark.kanade(files=[FILE])
async def test_a_plugin_whose_code_is_broken_fails_and_changes_nothing(host: Any) -> None:
    for number in range(30):
        await host.publish("obs.pc-1", {"id": f"m{number}"})
    await host.settle()
    switches = host.module("counting").broken
    switches["apply"] = True
    try:
        found = await rebuild(host, "counting")
    finally:
        switches["apply"] = False
    assert found["state"] == "failed"
    assert "the plugin is broken" in found["reason"]
    assert len(await host.rows("SELECT 1 FROM counted")) == 30
    assert not list(host.folder.glob("*.rebuild-*"))


@pytest.mark.kanade(files=[FILE], plugins=["heartbeat"])
@pytest.mark.parametrize("plugin,said", [("nobody", "no plugin 'nobody'"), ("heartbeat", "no tables that")])
async def test_what_cannot_be_rebuilt_is_refused(host: Any, plugin: str, said: str) -> None:
    path = f"/api/rebuilds/{plugin}"
    for answer in (await host.get(path), await host.post(path, json={})):
        assert answer.status == 404
        assert said in answer.text


@pytest.mark.kanade(files=[FILE])
async def test_a_broker_that_goes_away_meanwhile_is_waited_for(host: Any, monkeypatch: Any) -> None:
    for number in range(50):
        await host.publish("obs.pc-1", {"id": f"m{number}"})
    await host.settle()
    from kanade_host.bus import reader
    from kanade_host.projection import replaying

    monkeypatch.setattr(replaying, "BATCH", 5)
    monkeypatch.setattr(reader, "BACKLOG_CREDIT", 10)
    killed = asyncio.Event()
    apply = replaying.Replay._apply

    async def kill_once(self: Any, items: Any) -> None:
        await apply(self, items)
        if not killed.is_set() and self.sequence >= 15:
            killed.set()
            await host.broker.kill()
            await host.broker.start()

    monkeypatch.setattr(replaying.Replay, "_apply", kill_once)
    assert (await rebuild(host, "counting"))["state"] == "done"
    assert killed.is_set()
    rows = await host.rows("SELECT times FROM counted")
    assert [row["times"] for row in rows] == [1] * 50


@pytest.mark.kanade(files=[FILE])
async def test_leftovers_of_a_crash_go_at_the_next_start(host: Any) -> None:
    await host.stop()
    left = host.folder / "backend.db.rebuild-counting"
    left.write_bytes(b"half a file")
    await host.start()
    assert not left.exists()
