"""The catalogue over HTTP (`contract/http-jobs.md` 6, `contract/manifest.md` 7, 10, 13)."""

# ruff: noqa: E501 - tables read best with one case a line

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from kanade_host_jobs.settings import JobsSettings

from kanade_host.plugin.testing.host import decoded

pytestmark = pytest.mark.kanade(plugins=["results", "jobs"])

EXECUTE = {"shell": "cmd", "script": "dir", "timeout": "5s"}
JOB = {"id": "json-job", "version": "0.1.0", "execute": EXECUTE}
YAML = {"Content-Type": "application/yaml"}
SOURCE = "# operators' comments stay\nid: patch\nversion: 2.1.0\nexecute:\n  shell: cmd\n  script: x\n  timeout: 10m\n"
DUMP = (
    "id: json-job\nversion: 0.1.0\ndescription: null\nexecute:\n  shell: cmd\n  script: dir\n  timeout: 5s\n"
    "  run_as: system\nrequire_approval: false\ninventory: null\nemit: null\nstaleness:\n  mode: cached\n"
)


async def value(host: Any, bucket: str, key: str) -> str | None:
    """What stands in a bucket, as a foreign client reads it."""
    from nats.js.errors import KeyNotFoundError

    try:
        return ((await (await host.kv(bucket)).get(key)).value or b"").decode()
    except KeyNotFoundError:
        return None


async def audits(host: Any, action: str) -> list[dict[str, Any]]:
    await host.settle()
    found = [json.loads(body) for _, body in await host.stream_messages("AUDIT")]
    return [record for record in found if record["action"] == action]


async def test_an_empty_catalogue(host: Any) -> None:
    answer = await host.get("/api/jobs", role="viewer")
    assert (answer.status, answer.text, answer.headers["content-type"]) == (200, "[]", "application/json")


async def test_a_job_as_json(host: Any) -> None:
    answer = await host.post("/api/jobs", json=JOB, role="operator")
    assert answer.status == 200
    assert answer.text == '{"id":"json-job","version":"0.1.0","description":null,"inventory":false}'
    listed = (await host.get("/api/jobs")).text
    assert listed == (
        '[{"id":"json-job","version":"0.1.0","description":null,"execute":{"shell":"cmd","script":"dir",'
        '"timeout":"5s","run_as":"system"},"require_approval":false,"inventory":null,"emit":null,'
        '"staleness":{"mode":"cached"},"live":{"running":0,"pending":0}}]'
    )
    assert await value(host, "jobs", "json-job") == listed[1:-1].replace(
        ',"live":{"running":0,"pending":0}', ""
    )
    assert await value(host, "jobs_yaml", "json-job") == DUMP
    source = await host.get("/api/jobs/json-job/yaml")
    assert (source.status, source.headers["content-type"], source.text) == (200, "application/yaml", DUMP)
    [record] = await audits(host, "job_upsert")
    assert record["target"] == "json-job"
    assert record["payload"]["version"] == "0.1.0"
    assert record["payload"]["inventory"] is False


async def test_a_job_as_yaml_keeps_its_source(host: Any) -> None:
    answer = await host.post("/api/jobs", data=SOURCE, headers=YAML)
    assert answer.json() == {"id": "patch", "version": "2.1.0", "description": None, "inventory": False}
    assert (await host.get("/api/jobs/patch/yaml")).text == SOURCE
    assert await value(host, "jobs_yaml", "patch") == SOURCE


async def test_jobs_are_listed_in_the_order_of_their_bytes(host: Any) -> None:
    for id in ("b", "B", "a/1", "a", "a.1"):
        assert (await host.post("/api/jobs", json=JOB | {"id": id})).status == 200
    assert [job["id"] for job in (await host.get("/api/jobs")).json()] == ["B", "a", "a.1", "a/1", "b"]


async def test_what_others_write_is_seen_and_what_does_not_decode_is_not(host: Any) -> None:
    jobs = await host.kv("jobs")
    await jobs.put("good", json.dumps(JOB | {"id": "good"}).encode())
    await jobs.put("bad", json.dumps(JOB | {"id": "bad", "one_key_too_much": 1}).encode())
    await jobs.put("worse", b"{")

    async def listed() -> bool:
        return [job["id"] for job in (await host.get("/api/jobs")).json()] == ["good"]

    await host.until(listed)
    broken = await host.get("/api/jobs/bad/yaml")
    assert broken.status == 500
    assert broken.text.startswith("decode: unknown field `one_key_too_much`")
    await jobs.delete("good")
    await host.until(lambda: nothing(host))


async def nothing(host: Any) -> bool:
    return (await host.get("/api/jobs")).json() == []


async def test_an_old_mirror_never_stands_for_a_new_job(host: Any) -> None:
    await host.post("/api/jobs", data=SOURCE, headers=YAML)
    changed = {"id": "patch", "version": "3", "execute": EXECUTE}
    await (await host.kv("jobs")).put("patch", json.dumps(changed).encode())
    assert (await host.get("/api/jobs/patch/yaml")).text.startswith("id: patch\nversion: '3'\n")


async def test_a_mirror_that_does_not_decode_is_shown_as_it_is(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    await (await host.kv("jobs_yaml")).put("json-job", b"# nothing here")
    assert (await host.get("/api/jobs/json-job/yaml")).text == "# nothing here"
    await (await host.kv("jobs_yaml")).put("json-job", b"\xff")
    assert (await host.get("/api/jobs/json-job/yaml")).text == DUMP


async def test_a_mirror_that_is_too_large_is_dropped(host: Any) -> None:
    await host.post("/api/jobs", data=SOURCE, headers=YAML)
    long = SOURCE.replace("2.1.0", "2.2.0") + "# padding\n" * 110_000
    assert (await host.post("/api/jobs", data=io.BytesIO(long.encode()), headers=YAML)).status == 200
    assert await value(host, "jobs_yaml", "patch") is None
    assert (await host.get("/api/jobs/patch/yaml")).text.startswith("id: patch\nversion: 2.2.0\n")


LARGE = json.dumps(JOB | {"description": "x" * 1_100_000})


NOT_SAVED: list[tuple[str, dict[str, str], int, str]] = [
    (LARGE, {}, 413, "KV put: failed to put key into store: max payload size exceeded: Payload size limit of "),
    ("x" * 2_097_153, {}, 400, "read request body: Failed to buffer the request body: length limit exceeded"),
    ("x" * 2_097_153, YAML, 400, "read request body: Failed to buffer the request body: length limit exceeded"),
    ("", {}, 400, "parse JSON body: EOF while parsing a value at line 1 column 0"),
    (SOURCE, {"Content-Type": "application/vnd.yaml"}, 400, "parse JSON body: expected value at line 1 column 1"),
    (SOURCE, {}, 400, "parse JSON body: expected value at line 1 column 1"),
    (json.dumps(JOB | {"id": "a b"}), {}, 400, "KV put: key cannot be empty or start/end with `.`"),
    (json.dumps(JOB | {"execute": EXECUTE | {"script_object": "a/1"}}), {}, 400, "execute: only one of `script` / "),
]  # fmt: skip


async def test_what_is_not_saved(host: Any) -> None:
    for data, headers, status, text in NOT_SAVED:
        answer = await host.post("/api/jobs", data=io.BytesIO(data.encode()), headers=headers)
        assert answer.status == status, text
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.text.startswith(text), answer.text
    assert (await host.get("/api/jobs")).json() == []


async def test_tables_of_others_are_refused(host: Any) -> None:
    for table in ("host_outbox", "execution_targets", "Agents", "jobs_killed"):
        spec = {"field": "f", "table": table, "primary_key": ["a"], "columns": [{"field": "a"}]}
        answer = await host.post("/api/jobs", json=JOB | {"inventory": {"display": [], "explode": [spec]}})
        assert answer.status == 400
        assert answer.text.startswith(f'inventory.explode[0]: table "{table}" ')


async def test_tables_that_inventory_made_are_not(host: Any) -> None:
    import sqlite3

    with sqlite3.connect(host.database) as db:
        db.execute(
            'CREATE TABLE "apps" ("pc_id" TEXT NOT NULL, "job_id" TEXT NOT NULL, "collected_at" TIMESTAMP, "a" TEXT)'
        )
        db.execute('CREATE TABLE "others" ("pc_id" TEXT NOT NULL, "a" TEXT)')
    db.close()
    for table, status in (("apps", 200), ("Apps", 200), ("others", 400), ("OTHERS", 400)):
        spec = {"field": "f", "table": table, "primary_key": ["a"], "columns": [{"field": "a"}]}
        answer = await host.post("/api/jobs", json=JOB | {"inventory": {"display": [], "explode": [spec]}})
        assert answer.status == status, answer.text


async def test_a_job_with_warnings_is_saved(host: Any) -> None:
    spec = {"field": "f", "table": "fine", "primary_key": ["a"], "columns": [{"field": "a", "odd": 1}]}
    body = JOB | {"inventory": {"display": [], "explode": [spec]}, "emit": {"type": "events"}}
    answer = (await host.post("/api/jobs", json=body)).json()
    assert answer["inventory"] is True
    assert answer["warnings"][0] == "inventory.explode[0].columns[0].odd: unknown key, ignored"
    assert answer["warnings"][1].startswith("emit with inventory")


async def test_a_job_that_is_revoked_says_so_when_it_is_saved_and_fired(host: Any) -> None:
    """Deleting revokes, and saving again does not undo it: every PC would skip it, and nobody know why."""
    await host.post("/api/jobs", json=JOB)
    assert (await host.delete("/api/jobs/json-job")).status == 204
    saved = (await host.post("/api/jobs", json=JOB)).json()
    assert {key: saved[key] for key in ("id", "version", "description", "inventory")} == {
        "id": "json-job",
        "version": "0.1.0",
        "description": None,
        "inventory": False,
    }
    [warning] = saved["warnings"]
    assert warning.startswith("'json-job' is revoked, so agents skip every command of it")
    assert "`POST /api/scripts/json-job/unrevoke` does, or `kanade unrevoke json-job`" in warning
    plan = {"target": {"pcs": ["pc-1"]}}
    assert (await host.post("/api/exec/json-job/preview", json=plan)).json()["warnings"] == [warning]
    assert (await host.post("/api/exec/json-job", json=plan)).json()["warnings"] == [warning]
    assert await value(host, "script_status", "json-job") == "REVOKED"
    await host.post("/api/scripts/json-job/unrevoke")
    assert "warnings" not in (await host.post("/api/jobs", json=JOB)).json()
    assert "warnings" not in (await host.post("/api/exec/json-job", json=plan)).json()


async def test_sources_that_are_not_there(host: Any) -> None:
    for path, status, text in [
        ("/api/jobs/none/yaml", 404, "job 'none' not found"),
        ("/api/jobs/a%20b/yaml", 400, "KV get: key cannot be empty or start/end with `.`"),
        ("/api/jobs/%FF/yaml", 400, "Invalid URL: Invalid UTF-8 in `id`"),
    ]:
        answer = await host.get(path)
        assert (answer.status, answer.text) == (status, text)


async def test_deleting_revokes_and_leaves_the_mirror(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    assert (await host.delete("/api/jobs/json-job")).status == 204
    assert (await host.get("/api/jobs")).json() == []
    assert (await host.get("/api/jobs/json-job/yaml")).status == 404
    assert await value(host, "script_status", "json-job") == "REVOKED"
    assert await value(host, "jobs_yaml", "json-job") == DUMP
    assert (await host.delete("/api/jobs/json-job")).status == 204
    assert [record["payload"]["cascade_revoke"] for record in await audits(host, "job_delete")] == [
        True,
        True,
    ]
    await host.post("/api/jobs", json=JOB)
    assert await value(host, "script_status", "json-job") == "REVOKED"


async def test_deleting_what_never_was_revokes_nothing(host: Any) -> None:
    assert (await host.delete("/api/jobs/ghost")).status == 204
    assert await value(host, "script_status", "ghost") is None
    [record] = await audits(host, "job_delete")
    assert record["payload"]["cascade_revoke"] is False


async def test_deleting_an_id_that_is_no_key(host: Any) -> None:
    answer = await host.delete("/api/jobs/a%20b")
    assert (answer.status, answer.text) == (
        400,
        "script_status put: key cannot be empty or start/end with `.`",
    )


async def test_a_job_with_a_schedule_stays(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    schedules = await host.kv("schedules")
    await schedules.put("broken", b"{")
    await schedules.put("other", b'{"job_id":"another"}')
    await schedules.put("later", b'{"id":"later","cron":"x","job_id":"json-job","enabled":false}')
    await schedules.put("sooner", b'{"id":"sooner","cron":"x","job_id":"json-job"}')
    await schedules.put("later", b'{"id":"later","cron":"x","job_id":"json-job","enabled":true}')
    answer = await host.delete("/api/jobs/json-job")
    assert (answer.status, answer.text) == (
        409,
        "job 'json-job' is referenced by schedule 'sooner'; remove the schedule first",
    )
    assert await value(host, "script_status", "json-job") is None
    await schedules.delete("sooner")
    await schedules.delete("later")
    assert (await host.delete("/api/jobs/json-job")).status == 204


@pytest.mark.parametrize(
    "bucket, status, text",
    [
        ("KV_script_status", 503, "script_status bucket missing: "),
        ("KV_jobs", 404, "jobs bucket missing"),
    ],
)
async def test_deleting_without_a_bucket(host: Any, bucket: str, status: int, text: str) -> None:
    nc = await host.broker.client()
    await nc.jetstream().delete_stream(bucket)
    answer = await host.delete("/api/jobs/json-job")
    assert answer.status == status
    assert answer.text.startswith(text)


PINNING = {"settings": {"jobs": {"pin_on_save": True}}}


@pytest.mark.parametrize(
    "schedule, pinned",
    [
        ({"job_id": "json-job", "runs_on": "agent"}, "2"),
        ({"job_id": "json-job", "runs_on": "agent", "enabled": False}, "1"),
        ({"job_id": "json-job"}, "1"),
        ({"job_id": "another", "runs_on": "agent"}, "1"),
    ],
)
@pytest.mark.kanade(**PINNING)
async def test_a_new_version_is_pinned_where_agents_fire_it(
    host: Any, schedule: dict[str, Any], pinned: str
) -> None:
    await (await host.kv("schedules")).put("broken", b"?")
    await (await host.kv("schedules")).put("s", json.dumps(schedule).encode())
    await (await host.kv("script_current")).put("json-job", b"1")
    assert (await host.post("/api/jobs", json={**JOB, "version": "2"})).status == 200
    assert await value(host, "script_current", "json-job") == pinned


@pytest.mark.parametrize("on", [False, True])
async def test_what_was_never_pinned_or_is_not_asked_for_stays_so(host: Any, on: bool) -> None:
    host.running.app.running["jobs"].ctx.settings = JobsSettings(pin_on_save=on)
    await (await host.kv("schedules")).put("s", b'{"job_id":"json-job","runs_on":"agent"}')
    if not on:
        await (await host.kv("script_current")).put("json-job", b"1")
    assert (await host.post("/api/jobs", json={**JOB, "version": "2"})).status == 200
    assert await value(host, "script_current", "json-job") == (None if on else "1")


async def test_a_job_that_is_revoked_and_cannot_be_deleted(host: Any) -> None:
    """The store is full: who looks for the reason why nothing runs any more finds it."""
    assert (await host.post("/api/jobs", json=JOB)).status == 200
    js = (await host.broker.client()).jetstream()
    stored = await js.stream_info("KV_jobs")
    stored.config.max_bytes = stored.state.bytes + 10
    await js.update_stream(stored.config)
    answer = await host.delete(f"/api/jobs/{JOB['id']}")
    assert answer.status == 500, answer.text
    await host.settle()
    records = decoded(await host.stream_messages("AUDIT"))
    [record] = [one for _, one in records if one["action"] == "job_delete_failed_post_revoke"]
    assert (record["target"], record["payload"]["cascade_revoke"]) == (JOB["id"], True)
    assert record["payload"]["error"]


async def test_viewers_may_look_only(host: Any) -> None:
    for method, path in [
        ("POST", "/api/jobs"),
        ("DELETE", "/api/jobs/a"),
        ("POST", "/api/jobs/a/kill"),
        ("POST", "/api/exec/a"),
        ("POST", "/api/run"),
        ("POST", "/api/scripts/a/revoke"),
        ("POST", "/api/scripts/a/unrevoke"),
    ]:
        answer = await host.request(method, path, role="viewer")
        assert (answer.status, answer.text) == (403, "operator role required (caller is viewer)"), path
        assert (await host.request(method, path, role=None)).status == 401


async def test_while_the_broker_is_away(host: Any) -> None:
    await host.post("/api/jobs", json=JOB)
    await host.get("/api/jobs")
    await host.get("/api/scripts/status")
    await host.broker.stop()

    async def away() -> bool:
        return (await host.get("/api/jobs")).status == 503

    await host.until(away)
    for method, path, options in [
        ("GET", "/api/jobs/json-job/yaml", {}),
        ("POST", "/api/jobs", {"json": JOB}),
        ("DELETE", "/api/jobs/json-job", {}),
        ("POST", "/api/exec/json-job", {"json": {"target": {"pcs": ["a"]}}}),
        ("POST", "/api/run", {"json": {"pc_id": "a", "script": "x"}}),
        ("GET", "/api/scripts/status", {}),
        ("POST", "/api/scripts/a/revoke", {}),
        ("POST", "/api/scripts/a/unrevoke", {}),
    ]:
        answer = await host.request(method, path, **options)
        assert answer.status == 503, (method, path, answer.text)
        assert "unavailable" in answer.text
    assert (await host.post("/api/jobs/json-job/kill")).status == 204  # nothing to kill
    await host.broker.start()

    async def back() -> bool:
        return (await host.get("/api/jobs")).status == 200

    await host.until(back)
