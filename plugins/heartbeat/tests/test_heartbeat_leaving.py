"""Retiring, renaming and merging PCs: every plugin's part, also when something stands against it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from kanade_host.plugin import Instant, encode

ALL = ["heartbeat", "fleet", "jobs", "results", "perf", "obs", "inventory", "scheduler", "audit"]
pytestmark = pytest.mark.kanade(plugins=ALL)

NOW = Instant.parse("2026-11-23T10:00:00Z")
JOB = {
    "id": "inv",
    "version": "1",
    "execute": {"shell": "cmd", "script": "x", "timeout": "1m"},
    "inventory": {
        "display": [{"field": "ram", "label": "RAM"}],
        "explode": [
            {"field": "apps", "table": "inv_apps", "primary_key": ["name"], "columns": [{"field": "name"}]}
        ],
    },
}


async def beat(host: Any, pc_id: str, hostname: str | None = None) -> None:
    body = {"pc_id": pc_id, "at": host.clock.now().wire, "agent_version": "1", "hostname": hostname}
    await host.publish(f"heartbeat.{pc_id}", body)
    await host.settle()


async def lives(host: Any, pc_id: str, minute: int, apps: list[str]) -> None:
    """A PC that has left something with every plugin."""
    at = f"2026-11-23T09:{minute:02}:00Z"
    await beat(host, pc_id, pc_id.upper())
    facts = json.dumps({"ram": minute, "apps": [{"name": app} for app in apps]})
    result = {
        "result_id": f"{pc_id}-{minute}",
        "request_id": f"q-{pc_id}-{minute}",
        "pc_id": pc_id,
        "exit_code": 0,
        "stdout": facts,
        "stderr": "",
        "started_at": at,
        "finished_at": at,
        "manifest_id": "inv",
    }
    await host.publish(f"results.{pc_id}", result)
    await host.publish(f"host_perf.{pc_id}", {"pc_id": pc_id, "at": at, "cpu_pct": minute})
    await host.publish(
        f"obs.{pc_id}", {"pc_id": pc_id, "at": at, "kind": "boot", "source": "s", "payload": None}
    )
    await host.put(f"/api/agents/{pc_id}/groups", json={"groups": [f"g-{pc_id}", "both"]})
    await host.put(f"/api/pcs/{pc_id}/config", json={"heartbeat_interval": f"{minute}s"})
    await host.put(f"/api/fleet/pcs/{pc_id}/attributes/site", json={"value": pc_id})
    await host.put(f"/api/fleet/pcs/{pc_id}/attributes/only-{pc_id}", json={"value": "x"})
    await host.settle()


@pytest.fixture
async def two(host: Any) -> Any:
    host.clock.set(NOW)
    await (await host.kv("jobs")).put("inv", encode(JOB))
    await lives(host, "old", 10, ["Word", "Chrome"])
    await lives(host, "new", 20, ["Edge"])
    host.clock.advance(600)  # both are offline
    return host


TABLES = (
    "agents",
    "execution_results",
    "result_successes",
    "host_perf_samples",
    "obs_events",
    "inventory_facts",
    "inv_apps",
    "heartbeat_attributes",
)


async def owners(host: Any) -> dict[str, str]:
    """Whose rows lie in each table."""
    return {
        table: " ".join(row[0] for row in await host.rows(f"SELECT pc_id FROM {table} ORDER BY pc_id"))
        for table in TABLES
    }


async def bucket(host: Any, pc_id: str) -> tuple[list[str], str | None]:
    groups = (await host.get(f"/api/agents/{pc_id}/groups")).json()["groups"]
    return groups, (await host.get(f"/api/pcs/{pc_id}/config")).json().get("heartbeat_interval")


async def durables(host: Any) -> list[str]:
    page = await host.running.app.broker.bus.api("CONSUMER.NAMES.EXEC")
    return sorted(name for name in page["consumers"] or () if name.startswith("agent_replay_"))


async def there(host: Any, *pc_ids: str) -> None:
    wanted = sorted(f"agent_replay_{pc_id}" for pc_id in pc_ids)

    async def same() -> bool:
        return await durables(host) == wanted

    await host.until(same, what=f"durables {wanted}")


async def test_a_retired_pc_is_gone_and_its_past_stays(two: Any) -> None:
    await there(two, "new", "old")
    answer = await two.post("/api/fleet/pcs/old/retire", json={"reason": "sold"}, role="operator")
    assert answer.status == 200
    move = answer.json()
    assert (move["kind"], move["successor"], move["failed"]) == ("retire", None, {})
    assert move["finished_at"] is not None
    assert set(move["done"]) == {
        "heartbeat",
        "fleet",
        "jobs",
        "results",
        "perf",
        "obs",
        "inventory",
        "scheduler",
    }
    assert 'groups deleted: {"groups":["both","g-old"]}' in move["done"]["fleet"]["notes"]
    left = await owners(two)
    assert left["agents"] == "new"
    assert (left["inventory_facts"], left["inv_apps"]) == ("new", "new")
    assert left["execution_results"] == left["host_perf_samples"] == left["obs_events"] == "new old"
    assert await bucket(two, "old") == ([], None)
    await there(two, "new")
    assert (await two.get("/api/agents/old")).status == 404
    [row] = (await two.get("/api/fleet/retired", role="viewer")).json()
    assert (row["pc_id"], row["hostname"], row["reason"], row["back"]) == ("old", "OLD", "sold", False)
    await two.settle()
    [record] = (await two.get("/api/audit?action=agent_retire")).json()
    assert (record["target"], record["payload"]["reason"]) == ("old", "sold")


async def test_one_that_comes_back_shows_that_it_was_gone(two: Any) -> None:
    await two.post("/api/fleet/pcs/old/retire", json={})
    await beat(two, "old")
    item = (await two.get("/api/fleet/pcs/old")).json()
    [warning] = item["warnings"]
    assert warning == {
        "code": "returned",
        "text": "was retired on 2026-11-23, and sends heartbeats under this id again",
    }
    assert item["attributes"] == {"only-old": "x", "site": "old"}
    assert (await two.get("/api/fleet/retired")).json()[0]["back"] is True
    assert (await two.delete("/api/fleet/retired/old", role="operator")).status == 204
    assert (await two.delete("/api/fleet/retired/old")).status == 404
    assert (await two.get("/api/fleet/pcs/old")).json()["warnings"] == []
    await there(two, "new", "old")


async def test_a_renamed_pc_keeps_everything(two: Any) -> None:
    answer = await two.post("/api/fleet/pcs/old/rename", json={"to": "fresh"}, role="operator")
    assert (answer.status, answer.json()["failed"]) == (200, {})
    assert answer.json()["finished_at"] is not None
    left = await owners(two)
    assert left.pop("heartbeat_attributes") == "fresh fresh new new"
    assert left.pop("inv_apps") == "fresh fresh new"
    assert set(left.values()) == {"fresh new"}
    assert await bucket(two, "fresh") == (["both", "g-old"], "10s")
    assert await bucket(two, "old") == ([], None)
    await there(two, "fresh", "new")
    attributes = (await two.get("/api/fleet/pcs/fresh")).json()["attributes"]
    assert attributes == {"only-old": "x", "site": "old"}
    [row] = (await two.get("/api/fleet/retired")).json()
    assert (row["pc_id"], row["kind"], row["successor"]) == ("old", "rename", "fresh")
    await beat(two, "old")
    [warning] = (await two.get("/api/fleet/pcs/old")).json()["warnings"]
    assert "was renamed to `fresh` on 2026-11-23" in warning["text"]


async def test_of_two_that_are_one_the_other_s_own_wins(two: Any) -> None:
    answer = await two.post("/api/fleet/pcs/old/merge", json={"into": "new"}, role="operator")
    assert (answer.status, answer.json()["failed"]) == (200, {})
    left = await owners(two)
    assert left["agents"] == left["result_successes"] == left["inventory_facts"] == left["inv_apps"] == "new"
    assert left["execution_results"] == left["host_perf_samples"] == left["obs_events"] == "new new"
    assert [row[0] for row in await two.rows("SELECT name FROM inv_apps")] == ["Edge"]  # the newer scan
    assert await bucket(two, "new") == (["both", "g-new", "g-old"], "20s")
    assert (await two.get("/api/fleet/pcs/new")).json()["attributes"] == {
        "only-new": "x",
        "only-old": "x",
        "site": "new",
    }
    notes = answer.json()["done"]["fleet"]["notes"]
    assert any("`pcs.new` keeps its own configuration" in note for note in notes)
    await there(two, "new")


async def test_the_older_one_may_have_the_newer_scan(two: Any) -> None:
    await two.post("/api/fleet/pcs/new/merge", json={"into": "old"})
    assert [row[0] for row in await two.rows("SELECT name FROM inv_apps")] == ["Edge"]
    assert [row[0] for row in await two.rows("SELECT pc_id FROM inventory_facts")] == ["old"]


REFUSED = [
    ("nobody/retire", {}, 404, "no PC `nobody` is known"),
    ("old/rename", {"to": "new"}, 409, "there is a PC `new` already: merge them"),
    ("old/rename", {"to": "old"}, 409, "`old` has that id already"),
    ("old/rename", {"to": "a b"}, 400, "`a b` cannot be a pc_id"),
    ("old/rename", {"to": ".a"}, 400, "cannot be a pc_id"),
    ("old/rename", {"to": ""}, 400, "cannot be a pc_id"),
    ("old/merge", {"into": "nobody"}, 404, "no PC `nobody` is known to merge into"),
    ("old/merge", {"into": "old"}, 409, "has that id already"),
    ("old/merge", {}, 422, ""),
    ("old/retire", {"why": "x"}, 422, ""),
]


async def test_what_cannot_be_is_refused_and_changes_nothing(two: Any) -> None:
    before = await owners(two)
    for path, body, status, text in REFUSED:
        answer = await two.post(f"/api/fleet/pcs/{path}", json=body)
        assert (answer.status, text in answer.text) == (status, True), f"{path} {body}: {answer.text}"
        assert (await two.post(f"/api/fleet/pcs/{path}", json=body, role="viewer")).status == 403
    assert await owners(two) == before
    assert (await two.get("/api/fleet/moves")).json() == []
    for path in ("1", "x", "9" * 30):
        assert (await two.get(f"/api/fleet/moves/{path}")).status == 404


async def test_many_are_retired_if_they_are_as_many_as_expected(two: Any) -> None:
    body = {"names": ["old", "NEW", "nobody"], "expected": 3, "reason": "moved out"}
    answer = await two.post("/api/fleet/retire", json=body, role="operator")
    assert (answer.status, answer.text) == (409, "that is 2 PCs, not 3: look at the selection again")
    await beat(two, "new")  # whose interval is 20 s
    answer = await two.post("/api/fleet/retire", json=body | {"expected": 2})
    assert answer.json() == {"retired": ["old"], "left_out": ["new"], "unknown": ["nobody"]}
    two.clock.advance(600)
    answer = await two.post("/api/fleet/retire", json={"names": ["new"], "expected": 1})
    assert answer.json() == {"retired": ["new"], "left_out": [], "unknown": []}
    await two.until(lambda: _all_finished(two, 2), what="both moves to end")
    assert (await two.get("/api/agents")).json() == []
    page = (await two.get("/api/fleet/retired?q=o&limit=1")).json()
    assert [row["pc_id"] for row in page] == ["old"]
    assert [row["pc_id"] for row in (await two.get("/api/fleet/retired?after=new")).json()] == ["old"]
    assert [one["pc_id"] for one in (await two.get("/api/fleet/moves?pc_id=old")).json()] == ["old"]


async def _all_finished(host: Any, count: int) -> bool:
    moves = (await host.get("/api/fleet/moves")).json()
    return len(moves) == count and all(one["finished_at"] for one in moves)


async def test_a_part_that_fails_is_tried_again(two: Any) -> None:
    """The broker is away: its parts wait, those of the database are done, and a restart forgets nothing."""
    await two.broker.stop()
    move = (await two.post("/api/fleet/pcs/old/rename", json={"to": "fresh"})).json()
    assert move["finished_at"] is None
    assert {"fleet", "jobs"} >= set(move["failed"]) >= {"fleet"}
    busy = await two.post("/api/fleet/pcs/fresh/retire", json={})
    assert (busy.status, f"move {move['id']} of this PC is not finished" in busy.text) == (409, True)
    await two.broker.start()
    await two.restart()
    await two.until(lambda: _all_finished(two, 1), what="the move to end")
    assert await bucket(two, "fresh") == (["both", "g-old"], "10s")
    assert (await owners(two))["obs_events"] == "fresh new"


@pytest.mark.kanade(plugins=["heartbeat"])
async def test_alone_it_does_its_own_part(host: Any) -> None:
    await beat(host, "old")
    refused = await host.post("/api/fleet/pcs/old/retire", json={})
    assert (refused.status, "`old` is online: it would be back" in refused.text) == (409, True)
    move = (await host.post("/api/fleet/pcs/old/retire", json={"even_online": True})).json()
    assert (list(move["done"]), move["finished_at"] is not None) == (["heartbeat"], True)


async def test_a_rebuild_makes_old_names_again_and_a_repeat_mends_it(two: Any) -> None:
    await two.post("/api/fleet/pcs/old/rename", json={"to": "fresh"})
    await two.stop()
    import sqlite3

    with sqlite3.connect(two.database) as db:  # as a projection from the stream would
        db.execute("UPDATE obs_events SET pc_id = 'old' WHERE pc_id = 'fresh'")
    db.close()
    await two.start()
    answer = await two.post("/api/fleet/moves/1/repeat", role="operator")
    assert (answer.status, answer.json()["done"]["obs"]["rows"]) == (200, 1)
    assert (await owners(two))["obs_events"] == "fresh new"
    await beat(two, "old")
    assert (await two.post("/api/fleet/moves/1/repeat")).status == 409
    assert (await two.post("/api/fleet/moves/7/repeat")).status == 404


async def test_doubled_ids_have_a_list(host: Any) -> None:
    host.clock.set(NOW)
    for hostname in ("A", "B") * 3:
        await beat(host, "pc-1", hostname)
        host.clock.advance(15)
    [double] = (await host.get("/api/fleet/doubles?current=true", role="viewer")).json()
    assert (double["pc_id"], double["reason"], double["current"]) == ("pc-1", "names", True)
    assert sorted(one["hostname"] for one in double["sources"]) == ["A", "B"]
    host.clock.advance(3_600)
    assert (await host.get("/api/fleet/doubles?current=true")).json() == []
    assert [one["current"] for one in (await host.get("/api/fleet/doubles")).json()] == [False]
    assert (await host.delete("/api/fleet/doubles/pc-1", role="operator")).status == 204
    assert (await host.delete("/api/fleet/doubles/pc-1")).status == 404
    await host.settle()
    assert len((await host.get("/api/audit?action=agent_doubled_clear")).json()) == 1


AS_IT_WAS = {
    "execution_targets": "whom a fire addressed; each leads to its result by the result's id",
}
"""Tables that keep the id that was meant then."""
_TABLE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+) \((.*?)\n\)", re.DOTALL)


def test_nobody_forgets_a_table() -> None:
    """Every table of ours with a pc_id is named where its plugin does its part."""
    plugins = Path(__file__).parents[2]
    forgotten = []
    for file in plugins.glob("*/kanade_host_*/migrations/sqlite/*.sql"):
        package = file.parents[2]
        part = package / ("leaving.py" if package.name.endswith("heartbeat") else "pc_records.py")
        done = part.read_text() if part.exists() else ""
        for table, columns in _TABLE.findall(file.read_text()):
            if re.search(r"^\s*pc_id ", columns, re.MULTILINE) and table not in AS_IT_WAS | {
                "heartbeat_moves": ""
            }:
                forgotten += [table] if table not in done else []
    assert forgotten == []


async def test_a_schedule_that_names_it_is_told(two: Any) -> None:
    schedule = {
        "id": "nightly",
        "cron": "0 0 3 * * *",
        "job_id": "inv",
        "target": {"pcs": ["old", "x"]},
        "enabled": False,
    }
    await (await two.kv("schedules")).put("nightly", encode(schedule))
    await two.settle()
    move = (await two.post("/api/fleet/pcs/old/retire", json={})).json()
    notes = move["done"]["scheduler"]["notes"]
    assert notes == ["schedule `nightly` names `old` as its target"]
