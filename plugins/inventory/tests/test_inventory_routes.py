"""HTTP (`contract/http-jobs.md` 9): answers, filters, orders, texts; each hot query and its index."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from kanade_host_inventory import history, queries, search
from kanade_host_inventory.derived import ensure
from kanade_host_inventory.manifest import ExplodeColumn, ExplodeSpec

from kanade_host.plugin import encode
from kanade_host.plugin.retention import deletion

pytestmark = pytest.mark.kanade(plugins=["inventory"])


async def register(host: Any, body: dict[str, Any]) -> None:
    await (await host.kv("jobs")).put(body["id"], encode(body))


async def scan(host: Any, result: Any, pc: str, facts: Any, number: int = 0, **changes: Any) -> None:
    one = result(facts, pc_id=pc, result_id=f"{pc}-{number}", finished_at=f"2026-11-23T10:00:{number:02}Z")
    await host.publish("results.q", one | changes)


CHROME = {"name": "Chrome", "source": "msi", "version": "120", "size": 5, "score": 1.5}
APPS = [
    CHROME,
    {"name": "100%_a\\b", "source": "x", "version": "9", "size": "abc", "score": 2},
    {"name": None, "source": "x", "version": None, "size": 10},
]
BASE = "/api/inventory/inv-sw/search/apps"


@pytest.fixture
async def filled(host: Any, manifest: Any, result: Any) -> Any:
    """Two PCs; the second has Chrome 121 only."""
    await register(host, manifest())
    await scan(host, result, "pc1", {"os": "1", "apps": APPS})
    await scan(host, result, "pc2", {"apps": [CHROME | {"version": "121"}]})
    await host.settle()
    return host


async def test_search_answers_rows_in_the_order_of_the_key(filled: Any) -> None:
    answer = await filled.get(BASE)
    rows = answer.json()
    assert [(row["pc_id"], row["name"]) for row in rows] == [
        ("pc1", None), ("pc1", "100%_a\\b"), ("pc1", "Chrome"), ("pc2", "Chrome"),
    ]  # fmt: skip
    assert answer.body.startswith(
        b'[{"collected_at":"2026-11-23T10:00:00+00:00","name":null,"pc_id":"pc1","score"'
    )
    assert rows[1]["size"] is None
    assert rows[1]["score"] == 2.0


FILTERS: dict[str, list[str | None]] = {
    "name=Chrome": ["Chrome", "Chrome"],
    "name__eq=Chrome&version=121": ["Chrome"],
    "name__ne=Chrome": ["100%_a\\b"],
    "name=": [],
    "version__lt=121": ["Chrome"],
    "version__ge=120": ["100%_a\\b", "Chrome", "Chrome"],
    "version__le=120": ["Chrome"],
    "version__gt=121": ["100%_a\\b"],
    "size__gt=7": [None, "100%_a\\b"],
    "size=5": ["Chrome", "Chrome"],
    "size__lt=zzz": [None, "100%_a\\b", "Chrome", "Chrome"],
    "score__le=1.50": ["Chrome", "Chrome"],
    "name__contains=HRO": ["Chrome", "Chrome"],
    "name__prefix=ch": ["Chrome", "Chrome"],
    "name__suffix=ME": ["Chrome", "Chrome"],
    "name__contains=%25_": ["100%_a\\b"],
    "name__contains=_": ["100%_a\\b"],
    "name__suffix=\\b": ["100%_a\\b"],
    "name__contains=%25c": [],
    "name__contains=%00": [],
    "version=120&version=121": [],
    "version__ge=120&version__ge=121&name=Chrome": ["Chrome"],
    "limit=1": [None],
    "limit=1&offset=2": ["Chrome"],
    "limit=1&limit=2": [None, "100%_a\\b"],
    "limit=0": [],
    "limit=-1&offset=x": [None, "100%_a\\b", "Chrome", "Chrome"],
    "limit=99999999999999999999": [None, "100%_a\\b", "Chrome", "Chrome"],
}


async def test_search_filters(filled: Any) -> None:
    found = {}
    for query in FILTERS:
        answer = await filled.get(f"{BASE}?{query}")
        found[query] = [row["name"] for row in answer.json()]
    assert found == FILTERS


REFUSED = {
    f"{BASE}?colour=red": (400, 'unknown column for filter: "colour"'),
    f"{BASE}?pc_id=pc1": (400, 'unknown column for filter: "pc_id"'),
    f"{BASE}?name__like=x": (400, 'unknown filter operator "like"'),
    f"{BASE}?name__=x": (400, 'unknown filter operator ""'),
    f"{BASE}?name__a__b=x": (400, 'unknown filter operator "a__b"'),
    "/api/inventory/inv-sw/search/nothing": (404, 'manifest "inv-sw" has no explode field "nothing"'),
    "/api/inventory/plain/search/x": (404, 'manifest "plain" has no inventory hint'),
    "/api/inventory/flat/search/x": (404, 'manifest "flat" has no explode specs'),
    "/api/inventory/absent/search/x": (404, 'manifest "absent" not registered'),
    "/api/inventory/bad%20key/search/x": (400, "key cannot be empty or start/end with `.`"),
    "/api/inventory/broken/search/x": (500, "parse manifest: missing field `id` at line 1 column 2"),
    "/api/inventory/inv-sw/history/search?kind=foo": (
        400, 'kind must be one of added / removed / changed (got "foo")',
    ),
    "/api/inventory/inv-sw/history/search?since=2026-05-20": (400, "since: premature end of input"),
    "/api/inventory/inv-sw/history/search?until=x": (400, "until: input contains invalid characters"),
    "/api/inventory/inv-sw/history/search?identity.a-b=x": (
        400, "identity.a-b: identifier \"a-b\" contains invalid character '-'",
    ),
    "/api/inventory/inv-sw/history/search?identity.=x": (
        400, 'identity.: identifier "" must be 1..=64 chars',
    ),
    "/api/inventory/inv-sw/history/first_seen?identity.9=x": (
        400, 'identity.9: identifier "9" must start with a letter or underscore',
    ),
    "/api/inventory/inv-sw/history/pc/pc1?limit=x": (
        400, "Failed to deserialize query string: limit: invalid digit found in string",
    ),
    "/api/inventory/inv-sw/history/pc/pc1?since=": (
        400, "Failed to deserialize query string: since: premature end of input",
    ),
    "/api/inventory/%FF": (400, "Invalid URL: Invalid UTF-8 in `pc_id`"),
    "/api/inventory/by-job/%FF": (400, "Invalid URL: Invalid UTF-8 in `manifest_id`"),
}  # fmt: skip


async def test_refusals(filled: Any, manifest: Any) -> None:
    await register(filled, manifest(id="plain") | {"inventory": None})
    await register(filled, manifest({"display": []}, id="flat"))
    await (await filled.kv("jobs")).put("broken", b"{}")
    found = {}
    for path in REFUSED:
        answer = await filled.get(path)
        found[path] = (answer.status, answer.text)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert found == REFUSED


async def test_a_broken_manifest_does_not_take_the_search_away(filled: Any, manifest: Any) -> None:
    await (await filled.kv("jobs")).put("inv-sw", b"{}")
    await register(filled, manifest(id="after"))

    async def listed() -> bool:
        return [job["manifest_id"] for job in (await filled.get("/api/inventory/jobs")).json()] == ["after"]

    await filled.until(listed)
    assert len((await filled.get(BASE)).json()) == 4


async def test_search_in_a_table_that_lacks_a_column(filled: Any, manifest: Any, apps_spec: Any) -> None:
    columns = [*apps_spec["columns"], {"field": "newc"}]
    await register(filled, manifest({"display": [], "explode": [apps_spec | {"columns": columns}]}))

    async def grown() -> bool:
        rows = (await filled.get(BASE)).json()
        return "newc" in rows[0] and rows[0]["newc"] is None

    await filled.until(grown)
    assert (await filled.get(f"{BASE}?newc=newc")).json() == []


async def test_jobs_that_share_a_table_are_apart(filled: Any, manifest: Any, result: Any) -> None:
    await register(filled, manifest(id="other"))
    await scan(filled, result, "pc3", {"apps": [CHROME]}, manifest_id="other")
    await filled.settle()
    assert [row["pc_id"] for row in (await filled.get(f"{BASE}?name=Chrome")).json()] == ["pc1", "pc2"]


async def test_facts_of_a_pc(filled: Any, result: Any, manifest: Any) -> None:
    await register(filled, manifest({"display": []}, id="hw"))
    await scan(filled, result, "pc1", "  [1]", manifest_id="hw", finished_at="2026-11-23T10:00:01.5Z")
    await filled.settle()
    hw, sw = (await filled.get("/api/inventory/pc1")).json()
    assert (hw["job_id"], hw["facts"], hw["display"], hw["summary"]) == ("hw", [1], [], None)
    assert hw["collected_at"] == "2026-11-23T10:00:01.500Z"
    assert sw["facts"] == {"os": "1", "apps": APPS}
    assert sw["display"][1]["columns"] == [{"field": "name", "label": "N"}]
    assert sw["summary"] == [{"field": "hostname", "label": "Host"}]
    assert list(sw) == ["job_id", "facts", "display", "summary", "collected_at", "recorded_at"]
    assert sw["recorded_at"].endswith("Z")
    assert (await filled.get("/api/inventory/nobody")).json() == []


def damaged(host: Any, *rows: tuple[Any, ...]) -> None:
    with closing(sqlite3.connect(host.database, isolation_level=None, timeout=10)) as db:
        db.executemany(
            "INSERT INTO inventory_facts (pc_id, job_id, facts_json, display_json, summary_json,"
            " collected_at) VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )


async def test_facts_of_a_job(host: Any) -> None:
    column = '[{"field":"a","label":"A"}]'
    damaged(
        host,
        *((f"pc-{i:03}", "hw", f'{{"n":{i}}}', None, None, None) for i in range(queries.PAGE * 2)),
        ("pc-900", "hw", "oops", column, "{}", "2026-11-23T10:00:00+00:00"),
        ("pc-901", "hw", "{}", "[]", column, None),
    )
    answer = (await host.get("/api/inventory/by-job/hw")).json()
    assert list(answer) == ["manifest_id", "display", "summary", "rows"]
    assert answer["display"] == answer["summary"] == json.loads(column)
    assert [row["pc_id"] for row in answer["rows"]] == sorted(row["pc_id"] for row in answer["rows"])
    assert len(answer["rows"]) == queries.PAGE * 2 + 2
    assert answer["rows"][-2] == {"pc_id": "pc-900", "facts": None, "collected_at": "2026-11-23T10:00:00Z"}
    assert (await host.get("/api/inventory/by-job/none")).json() == {
        "manifest_id": "none", "display": [], "summary": None, "rows": [],
    }  # fmt: skip
    assert (await host.get("/api/inventory/pc-900")).json()[0]["facts"] is None


async def test_jobs_that_bring_inventory(filled: Any, manifest: Any) -> None:
    await register(
        filled, manifest({"display": [{"field": "ram", "label": "RAM", "type": "bytes"}]}, id="Hw")
    )
    await register(filled, manifest(id="plain") | {"inventory": None})
    hw, sw = (await filled.get("/api/inventory/jobs")).json()
    assert hw == {
        "manifest_id": "Hw",
        "description": None,
        "display": [{"field": "ram", "label": "RAM", "type": "bytes"}],
        "summary": None,
        "explode": None,
    }
    spec = sw["explode"][0]
    assert list(spec) == ["field", "table", "primary_key", "columns", "track_history"]
    assert spec["columns"][:2] == [
        {"field": "source", "type": "text", "index": False}, {"field": "name", "index": True},
    ]  # fmt: skip


async def test_history(filled: Any, result: Any) -> None:
    await scan(filled, result, "pc1", {"os": "2", "apps": [CHROME]}, 1)
    await filled.settle()
    base = "/api/inventory/inv-sw/history"
    rows = (await filled.get(f"{base}/pc/pc1")).json()
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    assert {row["pc_id"] for row in rows} == {"pc1"}
    (changed,) = (await filled.get(f"{base}/pc/pc1?field=os&limit=1")).json()
    assert (changed["before_json"], changed["after_json"]) == ('{"value":"1"}', '{"value":"2"}')
    assert changed["identity_json"] is None
    assert len((await filled.get(f"{base}/pc/pc1?field=&limit=4294967295")).json()) == len(rows)
    assert (await filled.get(f"{base}/pc/pc1?since=2100-01-01T00:00:00Z")).json() == []

    async def kinds(query: str) -> list[tuple[str, str]]:
        return [(r["pc_id"], r["change_kind"]) for r in (await filled.get(f"{base}/search?{query}")).json()]

    assert await kinds("field=apps&identity.name=Chrome") == [("pc2", "added"), ("pc1", "added")]
    assert await kinds("kind=removed&identity.name=Chrome") == []
    assert len(await kinds("kind=removed&field=&since=")) == 2
    assert await kinds("kind=removed&limit=1&offset=1") == [("pc1", "removed")]
    assert await kinds("until=2020-01-01T00:00:00Z") == []
    assert len(await kinds("since=2020-01-01T00:00:00.5Z&until=2100-01-01T00:00:00Z")) == 8


async def test_bounds_are_compared_with_the_stored_form(host: Any) -> None:
    with closing(sqlite3.connect(host.database, isolation_level=None, timeout=10)) as db:
        db.executemany(
            "INSERT INTO inventory_history (pc_id, job_id, field_path, identity_json, change_kind,"
            " observed_at) VALUES (?, 'j', 'apps', ?, 'added', ?)",
            [
                ("pc1", '{"name":5}', "2026-11-23 10:00:00"),
                ("pc1", '{"name":"5"}', "2026-11-23 10:00:01"),
                ("pc2", '{"name":"6"}', "2026-11-22 10:00:00"),
                ("pc3", "oops", "2026-11-21 10:00:00"),
            ],
        )

    async def ids(query: str) -> list[int]:
        return [row["id"] for row in (await host.get(f"/api/inventory/j/history/search?{query}")).json()]

    assert await ids("since=2026-11-23T10:00:00Z") == [2, 1]
    assert await ids("since=2026-11-23T10:00:00.2Z") == [2]
    assert await ids("until=2026-11-23T10:00:01Z") == [1, 3, 4]
    assert await ids("until=2026-11-23T10:00:00.2Z") == [1, 3, 4]
    assert await ids("identity.name=5") == [2, 1]
    assert await ids("identity.name=5&identity.name=6") == []
    seen = await host.get("/api/inventory/j/history/first_seen?field=apps&kind=foo&until=x")
    assert seen.json() == [
        {"pc_id": "pc3", "first_seen_at": "2026-11-21T10:00:00Z"},
        {"pc_id": "pc2", "first_seen_at": "2026-11-22T10:00:00Z"},
        {"pc_id": "pc1", "first_seen_at": "2026-11-23T10:00:00Z"},
    ]
    one = await host.get("/api/inventory/j/history/first_seen?identity.name=5&since=2026-11-23T10:00:00.5Z")
    assert one.json() == [{"pc_id": "pc1", "first_seen_at": "2026-11-23T10:00:01Z"}]


async def test_c6_history_is_kept_for_90_days(host: Any) -> None:
    now = host.clock.now()
    with closing(sqlite3.connect(host.database, isolation_level=None, timeout=10)) as db:
        db.executemany(
            "INSERT INTO inventory_history (pc_id, job_id, field_path, change_kind, observed_at)"
            " VALUES ('p', 'j', 'f', 'added', ?)",
            [((now - 90 * 86_400 + hour * 3_600).sql,) for hour in (1, -1)] * 3,
        )
    await host.restart()

    async def swept() -> bool:
        return len(await host.rows("SELECT 1 FROM inventory_history")) == 3

    await host.until(swept)


async def test_anybody_who_is_known_may_read(host: Any) -> None:
    paths = ["jobs", "by-job/x", "pc1", "x/history/search", "x/history/pc/y", "x/history/first_seen"]
    for path in paths:
        assert (await host.get(f"/api/inventory/{path}", role="viewer")).status == 200
        assert (await host.get(f"/api/inventory/{path}", role=None)).status == 401


SPEC = ExplodeSpec(
    "d", "t", ["k", "l"], [ExplodeColumn("k", index=True), ExplodeColumn("l"), ExplodeColumn("n", "integer")]
)
MINE = "SELECT 1 FROM t WHERE pc_id = ? AND job_id = ?"


def test_each_hot_query_has_its_index(file: Any) -> None:
    """None of them sorts, but the grouped one."""
    table = ensure(file, SPEC)
    asked = history.PcQuery(field="f")
    cases: dict[str, tuple[tuple[str, list[Any]], str]] = {
        "facts of a pc": ((queries.OF_PC, ["p"]), "sqlite_autoindex_inventory_facts_1"),
        "facts of a job": ((queries.OF_JOB, ["j", "", 1]), "inventory_facts_by_job"),
        "columns": ((queries.FIRST_COLUMNS, ["j", 1]), "inventory_facts_by_job"),
        "search": (search.statement("j", SPEC, table, {}), "sqlite_autoindex_t_1"),
        "history of a pc": (history.of_pc("j", "p", asked), "idx_inventory_history_pc"),
        "history": (history.of_fleet("j", {}), "inventory_history_by_job"),
        "history of a field": (history.of_fleet("j", {"field": ["f"]}), "idx_inventory_history_field"),
        "sweep": (
            (deletion("inventory_history", "observed_at"), ["x", 1]),
            "idx_inventory_history_observed_at",
        ),
        "prior rows": ((MINE, ["p", "j"]), "sqlite_autoindex_t_1"),
    }
    for name, ((sql, values), index) in cases.items():
        plan = " / ".join(row[3] for row in file.db.execute(f"EXPLAIN QUERY PLAN {sql}", values))
        assert index in plan, (name, plan)
        assert "TEMP B-TREE" not in plan, (name, plan)
    sql, values = search.statement("j", SPEC, table, {"k": ["x"]})
    plan = " / ".join(row[3] for row in file.db.execute(f"EXPLAIN QUERY PLAN {sql}", values))
    assert "idx_t_k" in plan
