# ruff: noqa: E501 - tables read best with one case a line
"""POST /api/exec/{job_id} (`contract/http-jobs.md` 2)."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

import pytest
from kanade_host_jobs.command import request_id

pytestmark = pytest.mark.kanade(plugins=["results", "heartbeat", "fleet", "jobs"])

EXECUTE = {"shell": "powershell", "script": "echo hi", "timeout": "30s"}
JOB = {"id": "echo", "version": "1.0.0", "execute": EXECUTE}


async def agents(host: Any, *pc_ids: str) -> None:
    for pc_id in pc_ids:
        beat = {"pc_id": pc_id, "at": host.clock.now().wire, "agent_version": "0.43.25"}
        await host.publish(f"heartbeat.{pc_id}", beat)
    await host.settle()


async def groups(host: Any, **members: list[str]) -> None:
    bucket = await host.kv("agent_groups")
    for pc_id, names in members.items():
        await bucket.put(pc_id.replace("_", "-"), json.dumps({"groups": names}).encode())


async def fire(host: Any, *, job: str = "echo", **plan: Any) -> Any:
    answer = await host.post(f"/api/exec/{job}", json=plan, role="operator")
    assert answer.status == 200, answer.text
    return answer.json()


async def commands(host: Any) -> list[tuple[str, dict[str, Any]]]:
    await host.settle()
    return [(subject, json.loads(body)) for subject, body in await host.stream_messages("EXEC")]


async def pinned(host: Any, id: str) -> str | None:
    from nats.js.errors import KeyNotFoundError

    try:
        return ((await (await host.kv("script_current")).get(id)).value or b"").decode()
    except KeyNotFoundError:
        return None


async def test_pcs(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    plan = {
        "target": {"pcs": ["pc-2", "pc-1", "pc-2"]},
        "jitter": "2m 5s",
        "deadline_at": "2100-11-23T15:00:00.5+09:00",
    }
    answer = await fire(host, **plan)
    exec_id = answer.pop("exec_id")
    assert answer == {
        "job_id": "echo",
        "version": "1.0.0",
        "target_count": 2,
        "subjects": ["commands.pc.pc-2", "commands.pc.pc-1"],
        "expected": 2,
    }
    sent = await commands(host)
    assert [subject for subject, _ in sent] == answer["subjects"]
    for subject, body in sent:
        assert body == {
            "id": "echo",
            "version": "1.0.0",
            "request_id": request_id(exec_id, subject),
            "exec_id": exec_id,
            "shell": "powershell",
            "script": "echo hi",
            "timeout_secs": 30,
            "jitter_secs": 125,
            "run_as": "system",
            "deadline_at": "2100-11-23T06:00:00.500Z",
            "staleness": {"mode": "cached"},
        }
    assert str(uuid.UUID(exec_id, version=4)) == exec_id
    assert await pinned(host, "echo") == "1.0.0"
    [row] = await host.rows("SELECT * FROM executions")
    assert (row["exec_id"], row["job_id"], row["initiated_by"], row["target_count"], row["status"]) == (
        exec_id, "echo", "operator", 2, "pending",
    )  # fmt: skip
    targets = await host.rows("SELECT pc_id, state FROM execution_targets ORDER BY pc_id")
    assert [tuple(row) for row in targets] == [("pc-1", "waiting"), ("pc-2", "waiting")]
    [record] = [
        json.loads(body) for subject, body in await host.stream_messages("AUDIT") if ".exec." in subject
    ]
    record["payload"].pop("sub")
    assert record["payload"] == {
        "exec_id": exec_id,
        "subjects": answer["subjects"],
        "target_count": 2,
        "version": "1.0.0",
        "wave_mode": False,
    }
    [job] = (await host.get("/api/jobs")).json()
    assert job["live"] == {"running": 0, "pending": 1}


async def test_groups_are_expanded_when_fired(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    await agents(host, "pc-1")
    await groups(host, pc_1=["canary"], pc_3=["canary", "late"], pc_2=["canary"])
    answer = await fire(host, target={"groups": ["late", "canary"], "pcs": ["x"]})
    assert answer["subjects"] == [f"commands.pc.{id}" for id in ("pc-3", "pc-1", "pc-2", "x")]
    assert (answer["target_count"], answer["expected"]) == (4, 4)
    await groups(host, pc_1=[], pc_3=[])
    assert (await fire(host, target={"groups": ["canary"]}))["subjects"] == ["commands.pc.pc-2"]


async def test_all_is_one_message_for_the_known_agents(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    answer = await fire(host, target={"all": True})
    assert (answer["target_count"], answer["subjects"], answer["expected"]) == (1, ["commands.all"], 0)
    await agents(host, "pc-1", "pc-2")
    answer = await fire(host, target={"all": True, "pcs": ["pc-1", "new"]})
    assert (answer["target_count"], answer["subjects"], answer["expected"]) == (1, ["commands.all"], 3)
    rows = await host.rows("SELECT pc_id FROM execution_targets WHERE exec_id = ?", (answer["exec_id"],))
    assert sorted(row["pc_id"] for row in rows) == ["new", "pc-1", "pc-2"]
    assert [subject for subject, _ in await commands(host)] == ["commands.all"] * 2


async def test_nobody_to_publish_to(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    answer = await fire(host, target={"groups": ["nobody"]})
    assert (answer["target_count"], answer["subjects"], answer["expected"]) == (0, [], 0)
    [row] = await host.rows("SELECT status, target_count FROM executions")
    assert tuple(row) == ("completed", 0)
    assert await commands(host) == []


async def test_waves_go_out_when_they_are_due(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    await groups(host, pc_1=["ring0"], pc_2=["ring0", "ring1"], pc_3=["ring1"])
    rollout = {"waves": [{"group": "ring0", "delay": "0s"}, {"group": "ring1", "delay": "1h"}]}
    answer = await fire(host, target={"all": True}, rollout=rollout)
    assert answer["subjects"] == [f"commands.pc.pc-{n}" for n in (1, 2, 3)]
    assert answer["target_count"] == 3
    assert [subject for subject, _ in await commands(host)] == ["commands.pc.pc-1", "commands.pc.pc-2"]
    host.clock.advance(3601)

    async def late() -> bool:
        return [subject for subject, _ in await commands(host)][2:] == ["commands.pc.pc-3"]

    await host.until(late)
    audits = [
        json.loads(body) for subject, body in await host.stream_messages("AUDIT") if ".exec." in subject
    ]
    assert audits[0]["payload"]["wave_mode"] is True


@pytest.mark.kanade(settings={"jobs": {"upstream_subjects": True}})
async def test_upstreams_subjects(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    await groups(host, pc_1=["g"])
    answer = await fire(host, target={"all": True, "groups": ["g", "g"], "pcs": ["a", "a"]})
    assert answer["subjects"] == ["commands.all"] + ["commands.group.g"] * 2 + ["commands.pc.a"] * 2
    assert (answer["target_count"], answer["expected"]) == (5, 0)
    sent = await commands(host)
    assert [subject for subject, _ in sent] == answer["subjects"]
    assert len({body["request_id"] for _, body in sent}) == 5


async def test_a_script_object(host: Any) -> None:
    nc = await host.broker.client()
    store = await nc.jetstream().object_store("scripts")
    await store.put("tool/1", b"echo object")
    await host.post(
        "/api/jobs", json=JOB | {"execute": {"shell": "cmd", "script_object": "tool/1", "timeout": "1s"}}
    )
    await fire(host, target={"pcs": ["pc-1"]})
    [(_, body)] = await commands(host)
    assert (body["script"], body["script_object"]) == ("", "tool/1")
    assert body["script_object_sha256"] == hashlib.sha256(b"echo object").hexdigest()


JSON_SHAPE = "Failed to deserialize the JSON body into the target type: "
NAMED = {"target": {"pcs": ["pc-1"]}}
REFUSED: list[tuple[str, Any, int, str]] = [
    (
        "missing",
        NAMED,
        404,
        "job 'missing' not found in catalog — register it first with `kanade job create <manifest.yaml>`",
    ),
    ("a%20b", NAMED, 400, "job catalog lookup: key cannot be empty or start/end with `.`"),
    ("broken", NAMED, 500, "job catalog lookup: unknown field `more`"),
    (
        "echo",
        {},
        400,
        "target must specify at least one of `all` / `groups` / `pcs` (or set `rollout.waves`)",
    ),
    ("echo", {"target": {}}, 400, "target must specify at least one of "),
    ("echo", {"rollout": {"waves": []}}, 400, "target must specify at least one of "),
    ("echo", {"target": {"groups": ["g"] * 1_001}}, 400, "target.groups: 1001 are too many, at most 1000; "),
    (
        "echo",
        {"rollout": {"waves": [{"group": "g", "delay": "1s"}] * 1_001}},
        400,
        "rollout.waves: 1001 are too many, at most 1000; ",
    ),
    ("neither", NAMED, 400, "execute: one of `script`, `script_file`, `script_object` must be set"),
    (
        "both",
        NAMED,
        400,
        "execute: only one of `script` / `script_file` / `script_object` may be set (got script=true, script_file=true, script_object=false)",
    ),
    (
        "file",
        NAMED,
        400,
        "execute: one of `script` or `script_object` must be set (Manifest::validate() should have caught this earlier)",
    ),
    ("object", NAMED, 404, "script_object 'gone/1' not found in OBJECT_SCRIPTS"),
    ("deleted", NAMED, 404, "script_object 'deleted/1' not found in OBJECT_SCRIPTS"),
    ("timeout", NAMED, 400, "invalid timeout: time unit needed, for example 5sec or 5ms"),
    ("echo", NAMED | {"jitter": "x"}, 400, "invalid jitter: expected number at 0"),
    (
        "echo",
        {"rollout": {"waves": [{"group": "g", "delay": "1s"}, {"group": "g", "delay": "5"}]}},
        400,
        "invalid rollout.waves[1].delay: time unit needed, for example 5sec or 5ms",
    ),
    (
        "echo",
        {"rollout": {"waves": [{"group": "g", "delay": "101y"}]}} | NAMED,
        400,
        "invalid rollout.waves[0].delay: more than a hundred years",
    ),
    ("echo", {"target": {"pcs": ["a b"]}}, 400, "target.pcs[0]: "),
    ("echo", {"target": {"groups": ["a.*"]}}, 400, "target.groups[0]: "),
    (
        "huge",
        NAMED,
        413,
        "max payload size exceeded: Payload size limit of 1048576 exceeded by message size of ",
    ),
    ("wide", {"target": {"pcs": [f"pc-{n}" for n in range(1000)]}}, 413, "1000 commands of "),
    ("echo", {"target": None}, 422, JSON_SHAPE + "target: invalid type: null, expected struct Target"),
    (
        "echo",
        {"target": {"pcs": "a"}},
        422,
        JSON_SHAPE + 'target.pcs: invalid type: string "a", expected a sequence',
    ),
    (
        "echo",
        {"rollout": {"waves": [{"group": "g"}]}},
        422,
        JSON_SHAPE + "rollout.waves[0]: missing field `delay`",
    ),
    ("echo", NAMED | {"deadline_at": "2026-01-01"}, 422, JSON_SHAPE + "deadline_at: premature end of input"),
]


async def test_what_is_refused_leaves_nothing(host: Any) -> None:
    jobs = await host.kv("jobs")
    nc = await host.broker.client()
    store = await nc.jetstream().object_store("scripts")
    await store.put("deleted/1", b"x")
    await store.delete("deleted/1")
    stored = {
        "echo": {},
        "broken": {"more": 1},
        "neither": {"execute": {"shell": "cmd", "timeout": "1s"}},
        "both": {"execute": EXECUTE | {"script_file": "f"}},
        "file": {"execute": {"shell": "cmd", "script_file": "f", "timeout": "1s"}},
        "object": {"execute": {"shell": "cmd", "script_object": "gone/1", "timeout": "1s"}},
        "deleted": {"execute": {"shell": "cmd", "script_object": "deleted/1", "timeout": "1s"}},
        "timeout": {"execute": EXECUTE | {"timeout": "5"}},
        "huge": {"execute": EXECUTE | {"script": "x" * 1_048_200}},
        "wide": {"execute": EXECUTE | {"script": "x" * 300_000}},
    }
    for id, keys in stored.items():
        await jobs.put(id, json.dumps(JOB | {"id": id} | keys, separators=(",", ":")).encode())
    for id, plan, status, text in REFUSED:
        answer = await host.post(f"/api/exec/{id}", json=plan)
        assert answer.status == status, (id, plan, answer.text[:300])
        assert answer.text.startswith(text), (id, plan, answer.text[:300])
    assert await commands(host) == []
    assert await host.rows("SELECT * FROM executions") == []
    for id in stored:
        assert await pinned(host, id) is None


async def test_bodies_that_are_no_json(host: Any) -> None:
    for data, headers, status, text in [
        (b"{}", {}, 415, "Expected request with `Content-Type: application/json`"),
        (b"{", {"Content-Type": "application/json"}, 400, "Failed to parse the request body as JSON: "),
    ]:
        answer = await host.post("/api/exec/echo", data=data, headers=headers)
        assert answer.status == status
        assert answer.text.startswith(text)


async def test_without_the_buckets(host: Any) -> None:
    await host.post(
        "/api/jobs", json=JOB | {"execute": {"shell": "cmd", "script_object": "a/1", "timeout": "1s"}}
    )
    js = (await host.broker.client()).jetstream()
    await js.delete_stream("OBJ_scripts")
    answer = await host.post("/api/exec/echo", json=NAMED)
    assert (answer.status, answer.text) == (
        503, "Object Store 'scripts' missing — run `kanade jetstream setup`",
    )  # fmt: skip
    await host.post("/api/jobs", json=JOB)
    await js.delete_stream("KV_script_current")
    assert (await fire(host, **NAMED))["target_count"] == 1  # only logged, as upstream does
    await js.delete_stream("KV_jobs")
    assert (await host.post("/api/exec/echo", json=NAMED)).status == 404


async def test_a_broker_that_goes_away_changes_nothing(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    await host.settle()
    await host.broker.stop()
    for _ in range(2):
        answer = await host.post("/api/exec/echo", json=NAMED)
        assert answer.status == 503
        assert answer.text.startswith("broker unavailable: ")
    assert await host.rows("SELECT * FROM executions") == []


@pytest.mark.kanade(plugins=["results", "heartbeat", "jobs"])
async def test_without_the_fleet_plugin_groups_are_refused_and_the_rest_works(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    answer = await host.post("/api/exec/echo", json={"target": {"groups": ["g"]}})
    assert answer.status == 503
    assert "the fleet plugin is off" in answer.text
    assert (await fire(host, **NAMED))["target_count"] == 1


async def test_a_group_that_nobody_is_in_is_warned_of(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    found = await fire(host, target={"groups": ["cannary"]})
    assert (found["expected"], found["warnings"]) == (0, ["group 'cannary' has no members"])
    assert "warnings" not in await fire(host, **NAMED)


@pytest.mark.kanade(plugins=["results", "jobs"])
async def test_without_heartbeats_all_expects_nobody(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    assert (await fire(host, target={"all": True}))["expected"] == 0


FIRES: dict[str, tuple[str, Any, int, str]] = {
    "28 nobody": ("ready", {}, 400, "target must specify at least one of `all` / `groups` / `pcs` (or set "),
    "29 unknown keys": ("ready", {"target": {"all": True}, "x": 1}, 200, '"exec_id"'),
    "30 unknown job": ("nope", {"target": {"all": True}}, 404,
                       "job 'nope' not found in catalog — register it first with `kanade job create "),
}  # fmt: skip


@pytest.mark.parametrize("name", FIRES)
async def test_examples_of_fires(host: Any, name: str) -> None:
    """The last of `contract/manifest.md` 14."""
    job = {"id": "ready", "version": "1", "execute": {"shell": "cmd", "script": "x", "timeout": "1s"}}
    assert (await host.post("/api/jobs", json=job)).status == 200
    job_id, body, status, text = FIRES[name]
    answer = await host.post(f"/api/exec/{job_id}", json=body)
    assert (answer.status, text in answer.text) == (status, True), answer.text
