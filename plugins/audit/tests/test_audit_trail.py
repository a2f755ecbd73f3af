"""The audit trail: examples A1 to A4 of `contract/projections.md` 13.3, and `http-fleet.md` 5.3."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.kanade(plugins=["audit"])

A1 = {
    "actor": "operator",
    "action": "exec",
    "target": "job1",
    "payload": {"z": 1, "a": [1.0], "source": "cli"},
    "occurred_at": "2026-11-23T10:00:00.000001Z",
}
BODY = b'{"actor":"operator","action":"exec","target":"t","payload":{},"occurred_at":"2026-11-23T10:00:00Z"}'


async def rows(host: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in await host.rows("SELECT * FROM audit_log ORDER BY id")]


async def test_a1_a2_a3(host: Any) -> None:
    await host.publish("audit.operator.exec.job1", A1)
    await host.publish("audit.operator.exec.job1", A1)
    await host.publish("audit.x", {key: A1[key] for key in A1 if key != "target"} | {"payload": None})
    await host.publish("audit.x", A1 | {"payload": "s"})
    await host.settle()
    found = await rows(host)
    assert found[0] == {
        "id": 1,
        "actor": "operator",
        "action": "exec",
        "target": "job1",
        "payload": '{"a":[1.0],"source":"cli","z":1}',
        "occurred_at": "2026-11-23T10:00:00.000001+00:00",
    }
    assert found[1] == found[0] | {"id": 2}
    assert (found[2]["target"], found[2]["payload"]) == (None, "null")
    assert found[3]["payload"] == '"s"'
    listed = (await host.get("/api/audit?limit=2")).json()
    assert [(row["id"], row["payload"], row["target"]) for row in listed] == [
        (4, "s", "job1"),
        (3, None, None),
    ]
    assert listed[0]["occurred_at"] == "2026-11-23T10:00:00.000001Z"


async def test_each_record_says_what_came_of_it(host: Any) -> None:
    """Beside the payload, which stays as it was sent; records of others have one too."""
    cases = [
        ("exec", {}, "done"),
        ("login_failed", {"remote": "x"}, "failed"),
        ("job_delete_failed_post_revoke", {"error": "x"}, "failed"),
        ("schedule_unusable", None, "failed"),
        ("account.failed", "text", "failed"),
        ("unfailed", [1], "done"),
        ("exec", {"outcome": "failed"}, "failed"),
        ("exec", {"outcome": "of a kind that we do not know"}, "done"),
        ("login_failed", {"outcome": "done"}, "done"),
    ]
    for action, payload, _ in cases:
        await host.publish("audit.x", A1 | {"action": action, "payload": payload})
    await host.settle()
    listed = (await host.get("/api/audit")).json()
    found = sorted((one["id"], one["action"], one["payload"], one["outcome"]) for one in listed)
    assert [one[1:] for one in found] == cases


def deep(levels: int) -> bytes:
    return BODY.replace(b"{}", b"[" * levels + b"]" * levels)


REFUSED = {
    "no payload": BODY.replace(b'"payload":{},', b""),
    "occurred yesterday": BODY.replace(b"2026-11-23T10:00:00Z", b"yesterday"),
    "no zone": BODY.replace(b"10:00:00Z", b"10:00:00"),
    "empty object": b"{}",
    "array": b"[]",
    "actor null": BODY.replace(b'"operator"', b"null"),
    "actor twice": BODY.replace(b"{", b'{"actor":"x",', 1),
    "too deep": deep(127),
    "much too deep": deep(100_000),
    "NaN": BODY.replace(b"{}", b"NaN"),
    "infinite": BODY.replace(b"{}", b"1e400"),
    "lone surrogate": BODY.replace(b"{}", b'"\\ud800"'),
    "not UTF-8": BODY.replace(b"{}", b'"\xff"'),
    "BOM": b"\xef\xbb\xbf" + BODY,
    "empty": b"",
}


async def test_a4_what_does_not_decode_is_set_aside_alone(host: Any) -> None:
    for body in REFUSED.values():
        await host.publish("audit.a.b", body)
        await host.publish("audit.a.b", BODY)
    await host.publish("audit.a.b", deep(126))
    await host.settle()
    assert len(await rows(host)) == len(REFUSED) + 1
    assert [bytes(letter["body"]) for letter in await host.dead_letters()] == list(REFUSED.values())


async def test_payloads_are_kept_in_canonical_form(host: Any) -> None:
    table = [
        (b'{"b":1,"a":{"d":[true,null,1.5],"c":"\xc3\xa9"}}', '{"a":{"c":"é","d":[true,null,1.5]},"b":1}'),
        (b'{"a":1,"a":2}', '{"a":2}'),
        (b"18446744073709551615", "18446744073709551615"),
        (b"[ 1 , 2 ]", "[1,2]"),
    ]
    for sent, _ in table:
        await host.publish("audit.a.b", BODY.replace(b"{}", sent))
    await host.settle()
    assert [row["payload"] for row in await rows(host)] == [kept for _, kept in table]


async def test_a_replay_makes_no_second_row(host: Any) -> None:
    for _ in range(3):
        await host.publish("audit.operator.exec.job1", A1)
    await host.settle()
    await host.stop()
    with closing(sqlite3.connect(host.database)) as db, db:
        db.execute("DELETE FROM host_positions")
    await host.start()
    await host.publish("audit.operator.exec.job1", A1)
    await host.settle()
    assert [row["id"] for row in await rows(host)] == [1, 2, 3, 4]


async def test_a_stream_made_anew_does_not_collide(host: Any) -> None:
    await host.publish("audit.operator.exec.job1", A1)
    await host.settle()
    await host.stop()
    await host.broker.api("STREAM.DELETE.AUDIT")
    await host.start()
    await host.publish("audit.operator.exec.job1", A1)
    await host.settle()
    assert len(await rows(host)) == 2


async def test_rows_of_kanade_backend_are_not_made_again(host: Any) -> None:
    """The file was taken back for a while: upstream projected two of these three, one of them twice alike."""
    await host.publish("audit.a.b", A1)
    await host.settle()
    await host.stop()
    nc = await host.broker.client()
    for body in (A1, A1, A1 | {"action": "kill"}):
        await nc.jetstream().publish("audit.a.b", json.dumps(body).encode())
    with closing(sqlite3.connect(host.database)) as db, db:
        db.execute(
            "INSERT INTO audit_log (actor, action, target, payload, occurred_at) SELECT actor, action,"
            " target, payload, occurred_at FROM audit_log"
        )
    await host.start()
    await host.settle()
    assert [row["action"] for row in await rows(host)] == ["exec", "exec", "exec", "kill"]


async def fill(host: Any, records: list[tuple[Any, ...]]) -> None:
    with closing(sqlite3.connect(host.database)) as db, db:
        db.executemany(
            "INSERT INTO audit_log (actor, action, target, payload, occurred_at) VALUES (?, ?, ?, ?, ?)",
            records,
        )


async def test_filters(host: Any) -> None:
    await fill(
        host,
        [
            ("operator", "exec", "job-1", '{"a":[1,2],"sub":"alice"}', "2026-11-23T10:00:00+00:00"),
            ("admin", "account.create", "bob.x", '{"role":"viewer"}', "2026-11-23T10:00:00.500+00:00"),
            ("operator", "kill", None, "null", "2026-11-23T10:00:00+00:00"),
            ("scheduler", "exec", "日本", "not json", "2026-11-23T10:00:05+00:00"),
            ("operator", "exec", "job-2", None, "2026-11-22T10:00:00+00:00"),
        ],
    )
    table = {
        "": [4, 2, 3, 1, 5],
        "limit=2": [4, 2],
        "limit=0": [],
        "limit=0&action=.": [],
        "actor=operator": [3, 1, 5],
        "actor=oper": [],
        "actor=": [4, 2, 3, 1, 5],
        "action=exec": [4, 1, 5],
        "action=account.c": [2],
        "action=^e.*c$": [4, 1, 5],
        "action=EXEC": [],
        "action=(%3Fi)EXEC": [4, 1, 5],
        "target=": [4, 2, 3, 1, 5],
        "target=^$": [3],
        "target=" + quote(r"^\w+$"): [4],
        "target=job": [1, 5],
        "payload=^null$": [4, 3, 5],
        "payload=" + quote('"a":[1,2]').replace("%5B", "%5C%5B"): [1],
        "payload=alice&actor=operator&action=exec": [1],
        "payload=alice&action=kill": [],
        "since=2026-11-23T10:00:00Z": [4, 2, 3, 1],
        "since=2026-11-23T10:00:00.1Z": [4, 2],
        "since=2026-11-23T19:00:05%2B09:00": [4],
        "since=2026-11-23T10:00:00Z&action=exec&limit=1": [4],
    }
    for query, expected in table.items():
        answer = await host.get(f"/api/audit?{query}")
        assert answer.status == 200, (query, answer.text)
        assert [row["id"] for row in answer.json()] == expected, query
    by_id = {row["id"]: row for row in (await host.get("/api/audit")).json()}
    assert by_id[4]["payload"] is None
    assert by_id[3]["target"] is None
    assert by_id[1]["payload"] == {"a": [1, 2], "sub": "alice"}


async def test_refusals(host: Any) -> None:
    prefix = "Failed to deserialize query string: "
    table = {
        "limit=": prefix + "limit: cannot parse integer from empty string",
        "limit=5.0": prefix + "limit: invalid digit found in string",
        "limit=4294967296": prefix + "limit: number too large to fit in target type",
        "limit=1&limit=1": prefix + "duplicate field `limit`",
        "since=": prefix + "since: premature end of input",
        "since=2026": prefix + "since: premature end of input",
        "since=2026-11-23T10:00:00": prefix + "since: premature end of input",
    }
    for query, text in table.items():
        answer = await host.get(f"/api/audit?{query}")
        assert (answer.status, answer.text) == (400, text), query
    for name in ("action", "target", "payload"):
        answer = await host.get(f"/api/audit?{name}=(")
        assert answer.status == 400
        assert answer.text.startswith("invalid regex `(`: ")
    assert (await host.get("/api/audit", role=None)).status == 401
    assert (await host.post("/api/audit")).status == 405


async def test_nothing_behind_ten_thousand_rows_is_missed(host: Any) -> None:
    await fill(host, [("operator", "needle", "t", "{}", "2026-01-01T00:00:00+00:00")])
    await fill(
        host,
        [("operator", "hay", f"t{n}", f'{{"n":{n}}}', "2026-11-23T10:00:00+00:00") for n in range(12_000)],
    )
    found = (await host.get("/api/audit?action=needle")).json()
    assert [row["id"] for row in found] == [1]
    found = (await host.get("/api/audit?payload=:%5Cd*7%7D&limit=2000")).json()
    assert [row["id"] for row in found] == [n + 2 for n in reversed(range(12_000)) if n % 10 == 7]


async def test_the_list_walks_an_index(host: Any) -> None:
    from kanade_host_audit.search import Filters, window

    from kanade_host.plugin import Instant

    since = Instant.parse("2026-11-23T10:00:00Z")
    for actor in (None, "operator"):
        for before in (None, (since.stored, 7)):
            sql, values = window(Filters(actor, since, {}), before, 50)
            plan = [row["detail"] for row in await host.rows(f"EXPLAIN QUERY PLAN {sql}", values)]
            assert "USING" in plan[0], plan
            assert "INDEX" in plan[0], plan
            assert len(plan) == 1, plan


async def test_pages_follow_one_another_without_a_gap(host: Any) -> None:
    for number in range(7):
        at = "2026-11-23T10:00:00Z" if number < 5 else "2026-11-22T10:00:00Z"
        await host.publish("audit.x", A1 | {"target": f"t{number}", "occurred_at": at})
    await host.settle()
    seen: list[str] = []
    before = ""
    while True:
        page = (await host.get(f"/api/audit?limit=2{before}")).json()
        if not page:
            break
        seen += [row["target"] for row in page]
        before = f"&before={page[-1]['id']}"
    assert seen == ["t4", "t3", "t2", "t1", "t0", "t6", "t5"]
    older = (await host.get("/api/audit?limit=1&target=%5Et1%24&before=99")).json()
    assert older == []
    assert (await host.get("/api/audit?limit=1&target=%5Et1%24&before=3")).json()[0]["target"] == "t1"


@pytest.mark.kanade(settings={"audit": {"keep_days": 30}})
async def test_old_records_go_where_that_is_switched_on(host: Any) -> None:
    now = host.clock.now()
    for days in (31, 29, 400):
        await host.publish("audit.a.b", A1 | {"target": f"{days}", "occurred_at": (now - days * 86_400).wire})
    await host.settle()
    await host.restart()

    async def swept() -> bool:
        return [row["target"] for row in await rows(host)] == ["29"]

    await host.until(swept, what="the old records to be deleted")
    assert len(await host.rows("SELECT 1 FROM audit_sources")) == 1
    await host.publish("audit.a.b", A1 | {"occurred_at": now.wire})
    await host.settle()
    assert [row["id"] for row in await rows(host)] == [2, 4]  # no id twice


async def test_exactly_what_is_filtered_is_exported(host: Any) -> None:
    for number, action in enumerate(("exec", "kill", "exec")):
        payload = {"number": number, "note": "=1+1"}
        await host.publish(f"audit.operator.{action}", A1 | {"action": action, "payload": payload})
    await host.settle()
    answer = await host.get("/api/audit/export?format=json&action=exec")
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.json"'
    assert "x-kanade-incomplete" not in answer.headers
    assert [(row["id"], row["payload"]["number"]) for row in answer.json()] == [(3, 2), (1, 0)]
    lines = (await host.get("/api/audit/export?action=kill")).text.splitlines()
    assert lines[0].endswith("id,occurred_at,actor,action,target,outcome,payload")
    assert lines[1:] == [
        '2,2026-11-23T10:00:00.000001Z,operator,kill,job1,done,"{""note"":""=1+1"",""number"":1}"'
    ]
    assert (await host.get("/api/audit/export?action=(")).status == 400
    assert (await host.get("/api/audit/export?format=xml")).status == 400


async def test_an_export_says_that_it_does_not_look_further_back(
    host: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kanade_host_audit.exporting.EXPORT_AT_MOST", 5)
    monkeypatch.setattr("kanade_host_audit.search._PAGE_ROWS", 2)
    for number in range(7):
        await host.publish("audit.operator.exec", A1 | {"payload": number})
    await host.settle()
    answer = await host.get("/api/audit/export?format=json")
    assert answer.headers["x-kanade-incomplete"] == "rows"
    assert [row["payload"] for row in answer.json()] == [6, 5, 4, 3, 2]


async def test_one_record_alone(host: Any) -> None:
    for number in range(3):
        await host.publish("audit.operator.exec", A1 | {"payload": number})
    await host.settle()
    assert [row["payload"] for row in (await host.get("/api/audit?id=2")).json()] == [1]
    assert (await host.get("/api/audit?id=99")).json() == []
