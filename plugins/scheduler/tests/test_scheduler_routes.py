"""Schedules over HTTP: the contract's routes, then ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.kanade(plugins=["heartbeat", "fleet", "results", "jobs", "scheduler"])

NIGHTLY = {"id": "s1", "cron": "0 0 3 * * *", "job_id": "echo", "target": {"pcs": ["pc-1"]}}
STORED = (
    b'{"id":"s1","cron":"0 0 3 * * *","job_id":"echo","target":{"groups":[],"pcs":["pc-1"],"all":false},'
    b'"mode":"every_tick","auto_disable_when_done":false,"runs_on":"backend","enabled":true}'
)
JOB = {"id": "echo", "version": "1", "execute": {"shell": "cmd", "script": "x", "timeout": "30s"}}
YAML = {"Content-Type": "application/yaml"}


async def stored(host: Any, id: str) -> Any:
    entry = await (await host.kv("schedules")).get(id)
    return json.loads(entry.value)


async def audits(host: Any) -> list[tuple[str, Any]]:
    await host.settle()
    return [
        (subject, json.loads(body)["payload"])
        for subject, body in await host.stream_messages("AUDIT")
        if "schedule" in subject
    ]


async def test_saved_stored_listed(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    answer = await host.post("/api/schedules", json=NIGHTLY)
    assert (answer.status, answer.body) == (
        200,
        b'{"id":"s1","cron":"0 0 3 * * *","enabled":true,"job_id":"echo"}',
    )
    entry = await (await host.kv("schedules")).get("s1")
    assert entry.value == STORED
    listed = await host.get("/api/schedules", role="viewer")
    assert listed.body == b"[" + STORED + b"]"
    ((subject, payload),) = await audits(host)
    assert subject == "audit.operator.schedule_upsert.s1"
    assert {"cron": "0 0 3 * * *", "enabled": True, "job_id": "echo"}.items() <= payload.items()


async def test_the_list_is_in_the_order_of_last_writes_and_leaves_out_what_does_not_decode(host: Any) -> None:
    for id in ("b", "a", "c"):
        await host.post("/api/schedules", json=NIGHTLY | {"id": id})
    await host.post("/api/schedules", json=NIGHTLY | {"id": "b"})
    bucket = await host.kv("schedules")
    await bucket.put("broken", b"garbage")
    await bucket.put("other", STORED)
    listed = (await host.get("/api/schedules")).json()
    assert [one["id"] for one in listed] == ["a", "c", "b"]


async def test_yaml_comes_back_as_it_was_sent_until_something_else_is_true(host: Any) -> None:
    text = "# nightly\nid: s1\ncron: '0 0 3 * * *'\njob_id: 7\ntarget: {all: true}\ncooldown: 1d\n"
    assert (await host.post("/api/schedules", data=text, headers=YAML)).status == 200
    assert (await stored(host, "s1"))["job_id"] == "7"
    answer = await host.get("/api/schedules/s1/yaml")
    assert (answer.text, answer.headers["content-type"]) == (text, "application/yaml")
    assert (await host.post("/api/schedules/s1/disable")).status == 204
    dumped = (await host.get("/api/schedules/s1/yaml")).text
    assert "enabled: false" in dumped
    assert "job_id: '7'" in dumped
    await host.delete("/api/schedules/s1")
    gone = await host.get("/api/schedules/s1/yaml")
    assert (gone.status, gone.text) == (404, "schedule 's1' not found")


REFUSED = [
    ("no cron", {"cron": ...}, "parse JSON body: missing field `cron`"),
    ("24 null target", {"target": None}, "invalid type: null, expected struct Target"),
    ("23 null mode", {"mode": None}, "expected value"),
    ("23 null enabled", {"enabled": None}, "invalid type: null, expected a boolean"),
    ("variant", {"mode": "EveryTick"}, "unknown variant `EveryTick`, expected one of `every_tick`"),
    ("runs_on", {"runs_on": "client"}, "unknown variant `client`, expected `backend` or `agent`"),
    ("27 five fields", {"cron": "* * * * *"}, "cron: 5 field(s) instead of 6"),
    ("bogus cron", {"cron": "bogus"}, "cron: 1 field(s)"),
    ("24 cooldown", {"cooldown": "60"}, "cooldown: time unit needed, for example 60sec or 60ms"),
    ("deadline", {"starting_deadline": "5"}, "starting_deadline: time unit needed"),
    ("jitter", {"jitter": "abc"}, "jitter: expected number at 0"),
    ("wave", {"rollout": {"waves": [{"group": "a", "delay": "zzz"}]}}, "rollout.waves[0].delay: expected"),
    ("nobody", {"target": {}}, "target must specify at least one of `all` / `groups` / `pcs`"),
    ("no wave", {"target": {}, "rollout": {"waves": []}}, "target must specify at least one of"),
    ("17 id", {"id": "a b"}, "KV put: key cannot be empty or start/end with `.`"),
    ("id", {"id": "a..b"}, "KV put: ack error: no stream found for given subject"),
    ("zone", {"time_zone": "Mars/Olympus"}, "time_zone: `Mars/Olympus` is no time zone"),
    ("agent zone", {"time_zone": "Asia/Tokyo", "runs_on": "agent"}, "time_zone: agents read cron in UTC"),
    ("year", {"cooldown": "300000000y"}, "cooldown: more than"),
]


@pytest.mark.parametrize("name, change, text", REFUSED, ids=[case[0] for case in REFUSED])
async def test_what_can_never_work_is_refused(
    host: Any, name: str, change: dict[str, Any], text: str
) -> None:
    del name
    body = {key: value for key, value in (NIGHTLY | change).items() if value is not ...}
    answer = await host.post("/api/schedules", json=body)
    assert answer.status == 400
    assert text in answer.text
    assert (await host.get("/api/schedules")).json() == []


async def test_buffered_yaml_wants_text(host: Any) -> None:
    """Vector 24."""
    text = "id: s\ncron: '0 0 3 * * *'\njob_id: j\ntarget: {all: true}\njitter: 30\n"
    answer = await host.post("/api/schedules", data=text, headers=YAML)
    assert answer.text == "parse YAML body: invalid type: integer `30`, expected a string"


async def test_what_may_work_is_named(host: Any) -> None:
    body = NIGHTLY | {"cron": "0 0 0 30 2 *", "bogus": 2, "target": {"pcs": ["a"], "more": 1}}
    answer = await host.post("/api/schedules", json=body)
    assert answer.status == 200
    assert answer.json()["warnings"] == [
        "target.more: unknown key, ignored",
        "bogus: unknown key, ignored",
        "cron: `0 0 0 30 2 *` never ticks again",
        "job_id: job 'echo' is not in the catalog; nothing is fired until it is",
    ]


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
async def test_what_is_larger_than_a_message_is_refused(host: Any) -> None:
    """Rule 6 of `contract/manifest.md` 7, and the body's own limit."""
    answer = await host.post("/api/schedules", json=NIGHTLY | {"target": {"pcs": ["a" * 1_200_000]}})
    assert answer.status == 400
    assert answer.text.startswith("KV put: failed to put key into store: max payload size exceeded")
    answer = await host.post("/api/schedules", data=b" " * (2_097_152 + 1))
    limit = "read request body: Failed to buffer the request body: length limit exceeded"
    assert (answer.status, answer.text) == (400, limit)


async def test_time_zones_are_instants(host: Any) -> None:
    """Vector 26."""
    await host.post("/api/schedules", json=NIGHTLY | {"deadline_at": "2026-01-01T09:00:00.123456+09:00"})
    assert (await stored(host, "s1"))["deadline_at"] == "2026-01-01T00:00:00.123456Z"


async def test_disable_and_enable(host: Any) -> None:
    await host.post("/api/schedules", json=NIGHTLY)
    assert (await host.post("/api/schedules/s1/disable", role="viewer")).status == 403
    bucket = await host.kv("schedules")
    for _ in range(2):
        answer = await host.post("/api/schedules/s1/disable", role="operator")
        assert (answer.status, answer.body) == (204, b"")
    assert (await stored(host, "s1"))["enabled"] is False
    assert len(await bucket.history("s1")) == 2
    for _ in range(2):
        assert (await host.post("/api/schedules/s1/enable", role="operator")).status == 204
    assert (await stored(host, "s1"))["enabled"] is True
    said = [subject.split(".")[2] for subject, _ in await audits(host)]
    assert said == ["schedule_upsert", *["schedule_disable"] * 2, *["schedule_enable"] * 2]
    assert [one.operation for one in await bucket.history("s1")] == [None] * 3


async def test_cascade_revokes_the_job(host: Any) -> None:
    await host.post("/api/schedules", json=NIGHTLY)
    assert (await host.post("/api/schedules/s1/disable?cascade=true")).status == 204
    assert (await (await host.kv("script_status")).get("echo")).value == b"REVOKED"
    bad = await host.post("/api/schedules/s1/disable?cascade=1")
    assert (bad.status, bad.text) == (
        400,
        "Failed to deserialize query string: cascade: provided string was not `true` or `false`",
    )
    assert (await audits(host))[-1][1]["cascade"] is True


@pytest.mark.parametrize("what", ["disable", "enable"])
async def test_schedules_that_are_not_there(host: Any, what: str) -> None:
    answer = await host.post(f"/api/schedules/none/{what}")
    assert (answer.status, answer.text) == (404, "schedule 'none' not found")
    await host.post("/api/schedules", json=NIGHTLY)
    assert (await host.delete("/api/schedules/s1")).status == 204
    assert (await host.post(f"/api/schedules/s1/{what}")).status == 404
    assert (await host.delete("/api/schedules/s1")).status == 204
    await (await host.kv("schedules")).put("s1", b"{}")
    bad = await host.post(f"/api/schedules/s1/{what}")
    assert bad.status == 500
    assert bad.text.startswith("deserialize stored schedule: missing field `id`")


async def test_next_and_preview(host: Any) -> None:
    await host.post("/api/schedules", json=NIGHTLY | {"time_zone": "Asia/Tokyo"})
    found = (await host.get("/api/schedules/s1/next?count=2", role="viewer")).json()
    assert [moment[10:] for moment in found["next"]] == ["T18:00:00Z"] * 2
    assert (found["id"], found["time_zone"], found["accepted"]) == ("s1", "Asia/Tokyo", True)
    assert (await host.get("/api/schedules/none/next")).status == 404
    asked = {"cron": "0 0 9 13 * FRI", "from": "2026-01-01T00:00:00Z", "count": 2}
    answer = (await host.post("/api/schedules/preview", json=asked, role="viewer")).json()
    assert answer == {
        "accepted": True,
        "next": ["2026-02-13T09:00:00Z", "2026-03-13T09:00:00Z"],
        "words": {
            "en": "On day 13 of the month if it is Friday, at 09:00 (UTC)",
            "ja": "毎月13日（金曜日の場合のみ）の09:00（UTC）",
        },
        "error": None,
    }
    refused = (await host.post("/api/schedules/preview", json={"cron": "* * * * *"})).json()
    assert (refused["accepted"], refused["next"], refused["words"]) == (False, [], None)
    assert refused["error"].startswith("5 field(s) instead of 6")


async def test_a_schedule_may_be_named_like_a_route(host: Any) -> None:
    await host.post("/api/schedules", json=NIGHTLY | {"id": "preview"})
    assert (await host.delete("/api/schedules/preview")).status == 204


async def test_schema_is_open(host: Any) -> None:
    answer = await host.get("/api/schemas/schedule.json", role=None)
    found = answer.json()
    assert answer.status == 200
    assert found["required"] == ["id", "cron", "job_id"]
    assert list(found) == sorted(found)
